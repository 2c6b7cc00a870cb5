/**
 * A word of `schedule.ts` in the place of five fields: due in the very minutes in which cron would be, also where clocks change.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { runInNewContext } from 'node:vm'
import { occurrences } from '../../../../src/schedule/calendar/occurrences.ts'
import { cronWord } from '../../../../src/schedule/crontab/import/cron-words.ts'
import * as words from '../../../../src/schedule/language/when.ts'
import { LOOK_BACK_MINUTES, oracleDue, type WallClock, wallClock } from '../../calendar/oracle.ts'
import { Random, SEED } from '../../calendar/random-cron.ts'

const MINUTE_MS = 60_000
const RANDOM_LINES = 25

/** Spring and autumn in each zone, with all their changes: by an hour, by half an hour, at midnight. */
const CLOCKS = [
  ['Europe/Berlin', '2026-03-28', '2026-04-01'],
  ['Europe/Berlin', '2026-10-24', '2026-10-27'],
  ['America/New_York', '2026-03-07', '2026-03-10'],
  ['Australia/Lord_Howe', '2026-04-04', '2026-04-06'],
  ['Australia/Lord_Howe', '2026-10-03', '2026-10-05'],
  ['Africa/Cairo', '2026-04-23', '2026-04-26'],
] as const
const SPANS = CLOCKS.map(([zone, from, to]) => ({ zone, clock: wallClock(zone, Date.parse(from), Date.parse(to)) }))

const SAID: readonly (readonly [line: string, call: string])[] = [
  ['* * * * *', "every('1m')"],
  ['*/1 * * * *', "every('1m')"],
  ...[2, 3, 4, 5, 6, 10, 12, 15, 20, 30].map((n) => [`*/${n} * * * *`, `every('${n}m')`] as const),
  ['*/7 * * * *', "cron('*/7 * * * *')"],
  ['*/5 8-18 * * *', "cron('*/5 8-18 * * *')"],
  ['5 * * * *', 'hourly(5)'],
  ['09,39 * * * *', 'hourly([9, 39])'],
  ['30 2 * * *', "daily('02:30')"],
  ['0 1,13 * * *', "daily(['01:00', '13:00'])"],
  ['0,30 2 * * *', "cron('0,30 2 * * *')"],
  ['30 2 * * 1-5', "weekdays('02:30')"],
  ['30 2 * * MON-fri', "weekdays('02:30')"],
  ['30 2 * * 1-6', "cron('30 2 * * 1-6')"],
  ['0 7 * * 0', "weekly('sun', '07:00')"],
  ['0 7,19 * * tue,7', "weekly(['tue', 'sun'], ['07:00', '19:00'])"],
  ['0 18 15 * *', "monthly(15, '18:00')"],
  ['0 18 1,15 * *', "monthly([1, 15], '18:00')"],
  ['0 18 1 jan *', "cron('0 18 1 jan *')"],
  ['0 6 1-7 * mon', "cron('0 6 1-7 * mon')"],
  ['@hourly', 'hourly(0)'],
  ['@daily', "daily('00:00')"],
  ['@midnight', "daily('00:00')"],
  ['@weekly', "weekly('sun', '00:00')"],
  ['@monthly', "monthly(1, '00:00')"],
  ['@yearly', "cron('@yearly')"],
]

test('fields become the nicer word, and that is due in the same minutes', () => {
  for (const [line, call] of SAID) {
    const word = cronWord(line, '')

    assert.deepEqual([line, word.kind === 'word' && word.call], [line, call])
    for (const { zone, clock } of SPANS) assertSameMinutes(line, zone, clock)
  }
})

test(`whatever fields become is due in the same minutes (SEED=${SEED})`, () => {
  const random = new Random(SEED)
  for (let k = 0; k < RANDOM_LINES; k++) {
    const line = randomLine(random)
    for (const { zone, clock } of SPANS) assertSameMinutes(line, zone, clock)
  }
})

test('of a random range one time is chosen, always the same', () => {
  const word = cronWord('0~30 2 * * *', 'a')

  assert.deepEqual(word, cronWord('0~30 2 * * *', 'a'))
  assert.ok(word.kind === 'word')
  const [minute = ''] = word.cron.split(' ')
  assert.ok(/^\d+$/.test(minute) && Number(minute) <= 30, word.cron)
  assert.match(word.remark ?? '', /^Chosen here, once and for all, for 0~30 \(cronie chose anew each time/)
  assert.ok(
    new Set(Array.from({ length: 50 }, (_, k) => (cronWord('~ 2 * * *', `${k}`) as { cron: string }).cron)).size > 9,
  )
})

test('what crons do not read alike is refused, with the field', () => {
  const refused: readonly (readonly [line: string, why: RegExp])[] = [
    ['0 22-2 * * *', /^Its hour field is "22-2", a range that ends before it begins: cron never runs it, /],
    ['0 2 * * sat-sun', /^Its day-of-week field is "sat-sun", a range that ends/],
    ['5/10 * * * *', /^Its minute field is "5\/10"\. Crons agree on /],
    ['0 0 * * 5#2', /^Its day-of-week field is "5#2"\./],
    ['0 0 L * *', /^Its day-of-month field is "L"\./],
    ['0 0 * january *', /^Its month field is "january"\./],
    ['60 0 * * *', /^Its minute field is "60"\./],
    ['*/0 * * * *', /^Its minute field is "\*\/0"\./],
    ['1,,2 * * * *', /^Its minute field is "1,,2"\./],
    ['*/61 * * * *', /^The cron expression "\*\/61 .*a step past its end/],
    ['0 0 31 2 *', /^The cron expression "0 0 31 2 \*" never comes/],
    ['@reboot', /^@reboot has no minute at which it is due\. Leave the line in the crontab/],
    ['@every_minute', /^@every_minute is no nickname of cron\. Use one of @hourly, /],
  ]
  for (const [line, why] of refused) {
    const word = cronWord(line, '')

    assert.match(word.kind === 'none' ? word.why : line, why)
  }
})

function assertSameMinutes(line: string, zone: string, clock: WallClock): void {
  const word = cronWord(line, '')
  assert.ok(word.kind === 'word', line)
  const fields = word.cron.startsWith('@') ? '0 0 1 1 *' : word.cron
  const expected = oracleDue(fields, clock).map((i) => clock.from + i * MINUTE_MS)
  const when = [runInNewContext(word.call, { ...words })]
  const from = clock.from + (LOOK_BACK_MINUTES - 1) * MINUTE_MS
  const found = [
    ...occurrences({ when, except: [], timezone: zone }, from, clock.from + (clock.walls.length - 1) * MINUTE_MS),
  ]
  assert.deepEqual(found.map(iso), expected.map(iso), `${line} in ${zone}: ${word.call}`)
}

function iso(at: number): string {
  return new Date(at).toISOString()
}

/** A line as people write them. */
function randomLine(random: Random): string {
  const minute = random.pick(['*', '*/5', '*/20', '*/45', '0', '30', '5,35', '10-20', '*/30', '15,45', '0-59/4'])
  const hour = random.pick(['*', '*/2', '2', '1,2,3', '0', '3', '2-4', '0,12', '1-23/2', '22'])
  const day = random.pick(['*', '*', '*', '1', '*/2', '1,15', '28-31', '26'])
  const weekday = random.pick(['*', '*', '*', '1-5', '1-6', 'sun', '7', '0,6', 'mon,WED', '*/2', '5-7'])
  return `${minute} ${hour} ${day} ${random.pick(['*', '*', '*', '3-10', 'mar,oct'])} ${weekday}`
}

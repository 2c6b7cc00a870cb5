/**
 * Random cron expressions in windows where clocks change, against two judges: the brute-force oracle, which must agree in
 * every minute, and croner, where it reads an expression as crontab(5) does.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Cron } from 'croner'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt, nextDue } from '../../../src/schedule/calendar/due.ts'
import { oracleDue, wallMinutes } from './oracle.ts'
import { EFFORT, type Nearby, Random, randomCron, randomPlainCron, SEED } from './random-cron.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Each jumps in its own way: by half an hour, two hours, at midnight, twice around Ramadan, or never. */
const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Havana',
  'Africa/Cairo',
  'America/Santiago',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Atlantic/Azores',
  'Pacific/Chatham',
  'Asia/Kolkata',
]

for (const [index, zone] of ZONES.entries()) {
  test(`random expressions in ${zone} are due when the oracle says (SEED=${SEED})`, () => {
    const random = new Random(SEED + index)
    for (let round = 0; round < 4 * EFFORT; round++) {
      const window = wallMinutes(zone, ...randomWindow(random, zone))
      const [first, last] = edgesOf(window)

      for (let count = 0; count < 25; count++) {
        const text = randomCron(random, nearby(window))
        const expected = readable(oracleDue(text, window))
        const cron = tryCompile(text)
        if (cron === undefined) {
          assert.deepEqual(expected, [], `${text} was refused as never due`)
          continue
        }
        const judged = window.filter(({ at }) => at >= first && dueAt(cron, zone, at) !== undefined)

        assert.deepEqual(readable(judged.map(({ at }) => at)), expected, `dueAt of ${text} in ${zone}`)
        assert.deepEqual(
          readable(walk(first, last, (from) => nextDue(cron, zone, from))),
          expected,
          `nextDue of ${text}`,
        )
      }
    }
  })
}

test(`plain random expressions are due when croner says (SEED=${SEED})`, () => {
  const random = new Random(SEED)
  for (let round = 0; round < 15 * EFFORT; round++) {
    const zone = random.pick(ZONES)
    const window = wallMinutes(zone, ...randomWindow(random, zone))
    const [first, last] = edgesOf(window)

    for (let count = 0; count < 5; count++) {
      const text = randomPlainCron(random, nearby(window))
      const cron = tryCompile(text)
      if (cron === undefined) continue
      const options = { timezone: zone, domAndDow: false, fixedTimeRule: 'no-wildcard', paused: true } as const
      const second = new Cron(text, options)

      const ours = walk(first, last, (from) => nextDue(cron, zone, from))

      const theirs = walk(first, last, (from) => second.nextRun(new Date(from))?.getTime())
      assert.deepEqual(readable(ours), readable(theirs), `${text} in ${zone}`)
    }
  }
})

/** Two days or so around a moment at which the clocks of `zone` change; around a month's end where they never do. */
function randomWindow(random: Random, zone: string): [from: number, to: number] {
  const year = random.between(2020, 2030)
  const jumps = [...daysOf(year)].filter((day) => wallOf(zone, day) - wallOf(zone, day + DAY_MS) !== -DAY_MS)
  const middle =
    jumps.length > 0 && random.between(0, 5) > 0 ? random.pick(jumps) : Date.UTC(year, random.between(1, 12), 0)
  return [middle - DAY_MS, middle + 2 * DAY_MS]
}

function* daysOf(year: number): Iterable<number> {
  for (let day = Date.UTC(year, 0, 1); day < Date.UTC(year + 1, 0, 1); day += DAY_MS) yield day
}

function wallOf(zone: string, at: number): number {
  const [minute] = wallMinutes(zone, at, at)
  return (minute?.wall ?? 0) * MINUTE_MS
}

/** The oracle needs three hours to look back on before it can judge. */
function edgesOf(window: ReturnType<typeof wallMinutes>): [first: number, last: number] {
  return [(window[0]?.at ?? 0) + 3 * HOUR_MS, window.at(-1)?.at ?? 0]
}

/** The hours, dates and months next to where the window's clock jumps. */
function nearby(window: ReturnType<typeof wallMinutes>): Nearby {
  const jump = window.find(({ wall }, i) => i > 0 && wall !== (window[i - 1]?.wall ?? 0) + 1) ?? window[1_440]
  const dates = [-120, -60, 0, 60].map((minutes) => new Date(((jump?.wall ?? 0) + minutes) * MINUTE_MS))
  return {
    hours: dates.map((date) => date.getUTCHours()),
    days: dates.map((date) => date.getUTCDate()),
    months: dates.map((date) => date.getUTCMonth() + 1),
  }
}

function tryCompile(text: string) {
  try {
    return compileCron(text)
  } catch (error) {
    assert.match(String(error), /never comes/)
    return undefined
  }
}

/** Every result of `next` in `first` .. `last`. */
function walk(first: number, last: number, next: (from: number) => number | undefined): number[] {
  const found: number[] = []
  let at = next(first - MINUTE_MS)
  while (at !== undefined && at <= last) {
    found.push(at)
    at = next(at)
  }
  return found
}

function readable(minutes: readonly number[]): string[] {
  return minutes.map((at) => new Date(at).toISOString())
}

import assert from 'node:assert/strict'
import test from 'node:test'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt, nextDue } from '../../../src/schedule/calendar/due.ts'
import { localTime } from '../../../src/time/zone.ts'

const MINUTE_MS = 60_000

/** All times at which an expression is due after `from` and before `to`, as the clock of the zone shows them. */
interface Case {
  readonly text: string
  readonly zone: string
  readonly from: string
  readonly to: string
  readonly due: readonly string[]
}

const GAPS_AND_FOLDS: Record<string, Case> = {
  'a time that the spring gap skipped runs at its end': {
    text: '30 2 * * *',
    zone: 'America/New_York',
    from: '2026-03-07T12:00Z',
    to: '2026-03-10T00:00Z',
    due: ['2026-03-08T03:00-04:00', '2026-03-09T02:30-04:00'],
  },
  'a yearly time in the spring gap does not wait for the next year': {
    text: '30 2 8 3 *',
    zone: 'America/New_York',
    from: '2026-01-01T00:00Z',
    to: '2027-12-31T00:00Z',
    due: ['2026-03-08T03:00-04:00', '2027-03-08T02:30-05:00'],
  },
  'several times in one gap run once': {
    text: '15,45 2 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T05:00Z',
    to: '2026-03-08T12:00Z',
    due: ['2026-03-08T03:00-04:00'],
  },
  'a time at the end of the gap and times inside it run once together': {
    text: '0,30 2,3 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T05:00Z',
    to: '2026-03-08T12:00Z',
    due: ['2026-03-08T03:00-04:00', '2026-03-08T03:30-04:00'],
  },
  'every second hour goes on after the gap without a run of its own': {
    text: '0 */2 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T04:30Z',
    to: '2026-03-08T09:00Z',
    due: ['2026-03-08T00:00-05:00', '2026-03-08T04:00-04:00'],
  },
  'an hourly job runs in both passes of a repeated hour': {
    text: '0 * * * *',
    zone: 'America/New_York',
    from: '2026-11-01T03:30Z',
    to: '2026-11-01T08:00Z',
    due: ['2026-11-01T00:00-04:00', '2026-11-01T01:00-04:00', '2026-11-01T01:00-05:00', '2026-11-01T02:00-05:00'],
  },
  'every half hour stays even in a repeated hour': {
    text: '*/30 * * * *',
    zone: 'Europe/Berlin',
    from: '2026-10-24T23:30Z',
    to: '2026-10-25T02:01Z',
    due: [
      '2026-10-25T02:00+02:00',
      '2026-10-25T02:30+02:00',
      '2026-10-25T02:00+01:00',
      '2026-10-25T02:30+01:00',
      '2026-10-25T03:00+01:00',
    ],
  },
  'a fixed time in a repeated hour runs in the first pass only': {
    text: '30 2 * * *',
    zone: 'Europe/Berlin',
    from: '2026-10-24T12:00Z',
    to: '2026-10-26T00:00Z',
    due: ['2026-10-25T02:30+02:00'],
  },
  'a day that begins in a gap has its midnight job when the clocks are there': {
    text: '@daily',
    zone: 'America/Havana',
    from: '2026-03-07T12:00Z',
    to: '2026-03-09T12:00Z',
    due: ['2026-03-08T01:00-04:00', '2026-03-09T00:00-04:00'],
  },
  'a midnight that comes twice has its job once': {
    text: '@daily',
    zone: 'America/Havana',
    from: '2026-10-31T12:00Z',
    to: '2026-11-02T12:00Z',
    due: ['2026-11-01T00:00-04:00', '2026-11-02T00:00-05:00'],
  },
  'a fold of half an hour repeats the minutes of half an hour': {
    text: '22,24 * * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-04T13:50Z',
    to: '2026-04-04T16:00Z',
    due: ['2026-04-05T01:22+11:00', '2026-04-05T01:24+11:00', '2026-04-05T02:22+10:30', '2026-04-05T02:24+10:30'],
  },
  'a fixed time in a fold of half an hour runs once': {
    text: '45 1 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-04T12:00Z',
    to: '2026-04-05T12:00Z',
    due: ['2026-04-05T01:45+11:00'],
  },
  'a time in a gap of half an hour runs at its end': {
    text: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-10-03T12:00Z',
    to: '2026-10-04T12:00Z',
    due: ['2026-10-04T02:30+11:00'],
  },
  'a gap of two hours is made up too': {
    text: '10 1,2 * * *',
    zone: 'Antarctica/Troll',
    from: '2026-03-28T12:00Z',
    to: '2026-03-29T12:00Z',
    due: ['2026-03-29T03:00+02:00'],
  },
  'the first and the last minute of a gap are made up': {
    text: '0,59 2 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    to: '2027-03-29T12:00Z',
    due: ['2027-03-28T03:00+02:00', '2027-03-29T02:00+02:00', '2027-03-29T02:59+02:00'],
  },
  'the last minute of a gap is made up by itself too': {
    text: '59 2 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    to: '2027-03-28T12:00Z',
    due: ['2027-03-28T03:00+02:00'],
  },
  'midnight of a far day is found though the clocks go forward before it': {
    text: '0 0 1 5 *',
    zone: 'Europe/Berlin',
    from: '2027-01-01T00:00Z',
    to: '2027-12-31T00:00Z',
    due: ['2027-05-01T00:00+02:00'],
  },
  'the clock of a country that went back by seven hours is taken as it is': {
    text: '30 17 * * *',
    zone: 'Antarctica/Vostok',
    from: '1994-01-31T00:00Z',
    to: '1994-02-01T12:00Z',
    due: ['1994-01-31T17:30+07:00', '1994-01-31T17:30Z'],
  },
  'a whole day that a country left out is not made up': {
    text: '0 12 * * *',
    zone: 'Pacific/Apia',
    from: '2011-12-29T00:00Z',
    to: '2011-12-31T12:00Z',
    due: ['2011-12-29T12:00-10:00', '2011-12-31T12:00+14:00'],
  },
}

for (const [name, { text, zone, from, to, due }] of Object.entries(GAPS_AND_FOLDS)) {
  test(`${name}: ${text} in ${zone}`, () => {
    const found = walk(text, zone, Date.parse(from), Date.parse(to))

    assert.deepEqual(
      found.map((at) => clock(zone, at)),
      due,
    )
  })
}

test('a run that makes up for a gap is told from a match', () => {
  const zone = 'America/New_York'
  const gapEnd = Date.parse('2026-03-08T07:00Z')

  assert.equal(dueAt(compileCron('30 2 * * *'), zone, gapEnd), 'dst-gap')
  assert.equal(dueAt(compileCron('30 2,3 * * *'), zone, gapEnd), 'dst-gap')
  assert.equal(dueAt(compileCron('0 2,3 * * *'), zone, gapEnd), 'match')
  assert.equal(dueAt(compileCron('*/30 2 * * *'), zone, gapEnd), undefined)
  assert.equal(dueAt(compileCron('30 2 * * *'), zone, gapEnd + MINUTE_MS), undefined)
})

const WHOLE_YEARS: [text: string, zone: string, years: [first: number, last: number], runs: number][] = [
  ['30 2 * * *', 'Europe/Berlin', [2026, 2026], 365],
  ['30 1 * * *', 'America/New_York', [2026, 2026], 365],
  ['30 0 * * *', 'Africa/Cairo', [2026, 2026], 365],
  ['30 0 * * *', 'America/Santiago', [2026, 2026], 365],
  ['0 * * * *', 'Europe/Berlin', [2026, 2026], 8_760],
  ['0 * * * *', 'Australia/Lord_Howe', [2026, 2026], 8_759],
  ['0 0 1,15 * 1', 'UTC', [2026, 2028], 218],
  ['0 0 */2 * 1', 'UTC', [2026, 2028], 80],
  ['0 0 1-7 * */7', 'UTC', [2026, 2028], 36],
]

for (const [text, zone, [first, last], runs] of WHOLE_YEARS) {
  test(`${text} in ${zone} is due ${runs} times in ${first} to ${last}`, () => {
    const from = Date.parse(`${first}-01-01T00:00:00Z`) - offsetOf(zone, first)
    const to = Date.parse(`${last + 1}-01-01T00:00:00Z`) - offsetOf(zone, last + 1)

    assert.equal(walk(text, zone, from - MINUTE_MS, to).length, runs)
  })
}

test('the next 29 February is found over a century without one, and a Sunday one too far off is not', () => {
  const from = Date.parse('2096-02-29T00:00Z')

  assert.equal(nextDue(compileCron('0 0 29 2 *'), 'UTC', from), Date.parse('2104-02-29T00:00Z'))
  assert.equal(nextDue(compileCron('0 0 29 2 */7'), 'UTC', Date.parse('2033-01-01T00:00Z')), undefined)
})

test('the next minute is strictly later and whole, also from the middle of a minute', () => {
  const everyMinute = compileCron('* * * * *')
  const minute = Date.parse('2026-11-20T18:04Z')

  assert.equal(nextDue(everyMinute, 'Europe/Berlin', minute), minute + MINUTE_MS)
  assert.equal(nextDue(everyMinute, 'Europe/Berlin', minute - 1), minute)
  assert.equal(nextDue(everyMinute, 'Europe/Berlin', minute + 1), minute + MINUTE_MS)
})

for (const zone of ['America/Havana', 'Europe/Berlin']) {
  test(`going from one due minute to the next finds the same as asking every minute of ten weeks (${zone})`, () => {
    const expressions = ['0 0 * * *', '30 2 * 3,4 *', '7 */9 8-12 * sun', '45 23 L * *', '59 23 * * sat#2'].map(
      compileCron,
    )
    const from = Date.parse('2027-02-20T00:00Z')
    const to = from + 70 * 1_440 * MINUTE_MS

    for (const cron of expressions) {
      const asked: number[] = []
      for (let at = from + MINUTE_MS; at < to; at += MINUTE_MS) if (dueAt(cron, zone, at) !== undefined) asked.push(at)

      assert.deepEqual(walk(cron.text, zone, from, to), asked, cron.text)
    }
  })
}

/** Every due minute after `from` and before `to`. */
function walk(text: string, zone: string, from: number, to: number): number[] {
  const cron = compileCron(text)
  const found: number[] = []
  let at = nextDue(cron, zone, from)
  while (at !== undefined && at < to) {
    found.push(at)
    at = nextDue(cron, zone, at)
  }
  return found
}

/** `2026-03-08T03:00-04:00`: what the clock of the zone shows, without seconds. */
function clock(zone: string, at: number): string {
  return localTime(zone, at).replace(':00.000', '')
}

function offsetOf(zone: string, year: number): number {
  return Date.parse(`${localTime(zone, Date.UTC(year, 0, 1)).slice(0, 23)}Z`) - Date.UTC(year, 0, 1)
}

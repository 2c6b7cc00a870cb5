import assert from 'node:assert/strict'
import test from 'node:test'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { dueAt, nextDue } from '../../../src/schedule/calendar/due.ts'
import { localTime } from '../../../src/time/zone.ts'
import { clock, dueMinutes } from './due-minutes.ts'

const MINUTE_MS = 60_000

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

    assert.equal(dueMinutes(text, zone, from - MINUTE_MS, to).length, runs)
  })
}

const CALENDAR: Record<string, { text: string; zone: string; from: string; due: readonly string[] }> = {
  'months without a 31st are left out': {
    text: '59 23 31 * *',
    zone: 'Europe/Berlin',
    from: '2027-01-31T23:00Z',
    due: ['2027-03-31T23:59+02:00', '2027-05-31T23:59+02:00', '2027-07-31T23:59+02:00', '2027-08-31T23:59+02:00'],
  },
  'the last day of each month is found, leap days included': {
    text: '0 18 L * *',
    zone: 'America/New_York',
    from: '2028-01-15T00:00Z',
    due: ['2028-01-31T18:00-05:00', '2028-02-29T18:00-05:00', '2028-03-31T18:00-04:00', '2028-04-30T18:00-04:00'],
  },
  'a leap day is waited for': {
    text: '0 0 29 2 *',
    zone: 'Europe/Berlin',
    from: '2026-11-20T00:00Z',
    due: ['2028-02-29T00:00+01:00', '2032-02-29T00:00+01:00'],
  },
  'hours that wrap around midnight belong to the day they are on': {
    text: '0 22-2 * * sat-sun',
    zone: 'UTC',
    from: '2026-11-20T23:00Z',
    due: ['21T00', '21T01', '21T02', '21T22', '21T23', '22T00', '22T01', '22T02', '22T22', '22T23', '28T00'].map(
      (hour) => `2026-11-${hour}:00Z`,
    ),
  },
  'each job goes by the clock of its own zone (Tokyo)': {
    text: '0 9 * * *',
    zone: 'Asia/Tokyo',
    from: '2026-11-20T00:00Z',
    due: ['2026-11-21T09:00+09:00'],
  },
  'each job goes by the clock of its own zone (Kolkata)': {
    text: '0 9 * * *',
    zone: 'Asia/Kolkata',
    from: '2026-11-20T00:00Z',
    due: ['2026-11-20T09:00+05:30'],
  },
  'each job goes by the clock of its own zone (New York)': {
    text: '0 9 * * *',
    zone: 'America/New_York',
    from: '2026-11-20T00:00Z',
    due: ['2026-11-20T09:00-05:00'],
  },
}

for (const [name, { text, zone, from, due }] of Object.entries(CALENDAR)) {
  test(`${name}: ${text}`, () => {
    const cron = compileCron(text)
    let at = Date.parse(from)

    const found = due.map(() => {
      at = nextDue(cron, zone, at) ?? Number.NaN
      return clock(zone, at)
    })

    assert.deepEqual(found, due)
  })
}

test('the next 29 February is found over a century without one, a Sunday one too', () => {
  const from = Date.parse('2096-02-29T00:00Z')

  assert.equal(nextDue(compileCron('0 0 29 2 *'), 'UTC', from), Date.parse('2104-02-29T00:00Z'))
  const sunday = compileCron('0 0 29 2 */7')
  assert.equal(nextDue(sunday, 'UTC', Date.parse('2033-01-01T00:00Z')), Date.parse('2060-02-29T00:00Z'))
  assert.equal(nextDue(sunday, 'UTC', Date.parse('2088-02-29T00:00Z')), Date.parse('2128-02-29T00:00Z'))
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
      (text) => compileCron(text),
    )
    const from = Date.parse('2027-02-20T00:00Z')
    const to = from + 70 * 1_440 * MINUTE_MS

    for (const cron of expressions) {
      const asked: number[] = []
      for (let at = from + MINUTE_MS; at < to; at += MINUTE_MS) if (dueAt(cron, zone, at) !== undefined) asked.push(at)

      assert.deepEqual(dueMinutes(cron.text, zone, from, to), asked, cron.text)
    }
  })
}

function offsetOf(zone: string, year: number): number {
  return Date.parse(`${localTime(zone, Date.UTC(year, 0, 1)).slice(0, 23)}Z`) - Date.UTC(year, 0, 1)
}

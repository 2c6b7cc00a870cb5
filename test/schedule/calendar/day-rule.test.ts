import assert from 'node:assert/strict'
import test from 'node:test'
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { type DayRule, nextMatchingDay } from '../../../src/schedule/calendar/day-rule.ts'

const DAY_MS = 86_400_000

const DAYS_OF_2027: [text: string, dates: string[]][] = [
  ['0 0 L 1-4 *', ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30']],
  ['0 0 L-3 2,4 *', ['2027-02-25', '2027-04-27']],
  ['0 0 L-30 1-4 *', ['2027-01-01', '2027-03-01']],
  ['0 0 LW 1-5 *', ['2027-01-29', '2027-02-26', '2027-03-31', '2027-04-30', '2027-05-31']],
  ['0 0 15W 5,8 *', ['2027-05-14', '2027-08-16']],
  ['0 0 1W 5,8 *', ['2027-05-03', '2027-08-02']],
  ['0 0 31W 1,2,10 *', ['2027-01-29', '2027-10-29']],
  ['0 0 31W 3,4 *', ['2027-03-31']],
  ['0 0 * 1,2 7L', ['2027-01-31', '2027-02-28']],
  ['0 0 * 1,2 5L', ['2027-01-29', '2027-02-26']],
  ['0 0 * 1,2 fri#2', ['2027-01-08', '2027-02-12']],
  ['0 0 * 1-3 7#5', ['2027-01-31']],
  ['0 0 10 1 fri#2', ['2027-01-08', '2027-01-10']],
]

for (const [text, dates] of DAYS_OF_2027) {
  test(`${text} falls on ${dates.join(', ')} in 2027`, () => {
    assert.deepEqual(datesOf(compileCron(text).days, 2027), dates)
  })
}

function datesOf(rule: DayRule, year: number): string[] {
  const end = Date.UTC(year + 1, 0, 1) / DAY_MS
  const dates: string[] = []
  let from = Date.UTC(year, 0, 1) / DAY_MS
  while (from < end) {
    const day = nextMatchingDay(rule, from, end - from)
    if (day === undefined) break
    dates.push(new Date(day * DAY_MS).toISOString().slice(0, 10))
    from = day + 1
  }
  return dates
}

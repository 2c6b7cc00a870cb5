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
  ['0 0 * 1-3 2#5', ['2027-03-30']],
  ['0 0 10 1 fri#2', ['2027-01-08', '2027-01-10']],
  ['0 0 31 * *', ['01', '03', '05', '07', '08', '10', '12'].map((month) => `2027-${month}-31`)],
  [
    '0 0 13 1,8 fri',
    ['01-01', '01-08', '01-13', '01-15', '01-22', '01-29', '08-06', '08-13', '08-20', '08-27'].map(in2027),
  ],
  ['0 0 13 * */5', ['06-13', '08-13'].map(in2027)],
  ['0 0 1-7 1-3 */7', ['01-03', '02-07', '03-07'].map(in2027)],
  ['0 0 ? 1 mon', ['01-04', '01-11', '01-18', '01-25'].map(in2027)],
]

const DAYS_OF_A_LEAP_YEAR: [text: string, dates: string[]][] = [
  ['0 0 29 2 *', ['2028-02-29']],
  ['0 0 L 2 *', ['2028-02-29']],
  ['0 0 L-3 2 *', ['2028-02-26']],
  ['0 0 29W feb *', ['2028-02-29']],
  ['0 0 * 2 2L', ['2028-02-29']],
  ['0 0 * feb tue#5', ['2028-02-29']],
]

for (const [text, dates] of DAYS_OF_2027) {
  test(`${text} falls on ${dates.join(', ')} in 2027`, () => {
    assert.deepEqual(datesOf(compileCron(text).days, 2027), dates)
  })
}

for (const [text, dates] of DAYS_OF_A_LEAP_YEAR) {
  test(`${text} falls on ${dates.join(', ')} in 2028`, () => {
    assert.deepEqual(datesOf(compileCron(text).days, 2028), dates)
  })
}

function in2027(monthAndDay: string): string {
  return `2027-${monthAndDay}`
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

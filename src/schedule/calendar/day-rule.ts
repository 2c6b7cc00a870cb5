/**
 * Which days of the calendar a cron expression means: its month, day-of-month and day-of-week fields together.
 *
 * Pure calendar, no time zones. A day is its number since 1970-01-01. As in crontab(5), a job that names days in both
 * fields is due on the days of either; only when one of them begins with `*` must a day suit both.
 */
import { DAY_MS } from '../../time/units.ts'

export interface DayRule {
  /** By month, 1..12. */
  readonly months: readonly boolean[]
  /** By day of the month, 1..31. */
  readonly daysOfMonth: readonly boolean[]
  /** By day of the week, 0 (Sunday) .. 6. */
  readonly daysOfWeek: readonly boolean[]
  readonly specialDaysOfMonth: readonly SpecialDay[]
  readonly specialDaysOfWeek: readonly SpecialDay[]
  /** True: a day must suit both day fields. False: one of them is enough. */
  readonly both: boolean
}

/** A day that falls on another date from month to month. */
export type SpecialDay =
  | { readonly kind: 'before-last'; readonly days: number }
  | { readonly kind: 'workday-nearest'; readonly day: number | 'last' }
  | { readonly kind: 'nth-weekday'; readonly weekday: number; readonly nth: number }
  | { readonly kind: 'last-weekday'; readonly weekday: number }

const SUNDAY = 0
const SATURDAY = 6

/** The calendar repeats its pairing of dates and weekdays in this span, 29 February included. */
const CYCLE = {
  firstDay: Date.UTC(2001, 0, 1) / DAY_MS,
  days: Date.UTC(2029, 0, 1) / DAY_MS - Date.UTC(2001, 0, 1) / DAY_MS,
}

/** @param dayNumber  whole days since 1970-01-01 */
export function matchesDay(rule: DayRule, dayNumber: number): boolean {
  const date = new Date(dayNumber * DAY_MS)
  const month = date.getUTCMonth() + 1
  if (rule.months[month] !== true) return false
  const year = date.getUTCFullYear()
  const day = date.getUTCDate()
  const isSpecial = (special: SpecialDay) => dateOf(special, year, month) === day
  const suitsMonth = rule.daysOfMonth[day] === true || rule.specialDaysOfMonth.some(isSpecial)
  if (suitsMonth && !rule.both) return true
  if (!suitsMonth && rule.both) return false
  return rule.daysOfWeek[date.getUTCDay()] === true || rule.specialDaysOfWeek.some(isSpecial)
}

/** The first matching day in `firstDay` .. `firstDay + days - 1`. */
export function nextMatchingDay(rule: DayRule, firstDay: number, days: number): number | undefined {
  for (let day = firstDay; day < firstDay + days; day++) if (matchesDay(rule, day)) return day
  return undefined
}

/** False for a rule such as 31 February, of which the calendar has no day at all. */
export function everMatches(rule: DayRule): boolean {
  return nextMatchingDay(rule, CYCLE.firstDay, CYCLE.days) !== undefined
}

/** `L`, `L-3`, `LW` or `15W`. */
export function specialDayOfMonth(token: string): SpecialDay {
  if (token.endsWith('W')) {
    const nearest = token.slice(0, -1)
    return { kind: 'workday-nearest', day: nearest === 'L' ? 'last' : Number(nearest) }
  }
  return { kind: 'before-last', days: Number(token.slice('L-'.length)) }
}

/** `5L` or `5#2`; Sunday is 0. */
export function specialDayOfWeek(token: string): SpecialDay {
  const weekday = Number(token[0])
  if (token.endsWith('L')) return { kind: 'last-weekday', weekday }
  return { kind: 'nth-weekday', weekday, nth: Number(token.slice('5#'.length)) }
}

/** The day of the month on which `special` falls; one that the month does not have when it falls on none. */
function dateOf(special: SpecialDay, year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
  switch (special.kind) {
    case 'before-last':
      return last - special.days
    case 'workday-nearest':
      return nearestWorkday(year, month, special.day === 'last' ? last : special.day, last)
    case 'nth-weekday': {
      const first = 1 + ((special.weekday - weekdayOf(year, month, 1) + 7) % 7)
      return first + (special.nth - 1) * 7
    }
    case 'last-weekday':
      return last - ((weekdayOf(year, month, last) - special.weekday + 7) % 7)
  }
}

/** The workday nearest to `day`, never leaving the month. */
function nearestWorkday(year: number, month: number, day: number, last: number): number {
  if (day > last) return day
  const weekday = weekdayOf(year, month, day)
  if (weekday === SATURDAY) return day === 1 ? 3 : day - 1
  if (weekday === SUNDAY) return day === last ? day - 2 : day + 1
  return day
}

function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay()
}

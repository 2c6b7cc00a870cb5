/**
 * The words of a schedule that say when: `cron('0 3 * * *')`, `every('5m')`, `daily('02:30')`, `monthly('last', '18:00')`.
 *
 * Each makes a frozen piece of data and decides nothing, so a schedule can be printed, compared and kept as JSON. What
 * the data means is in `when-parts.ts`, which also refuses what the compiler could not.
 */
import type {
  ClockTime,
  CronText,
  DateTime,
  DayOfMonth,
  Duration,
  Interval,
  MinuteOfHour,
  Weekday,
} from './literals.ts'

export interface Cron {
  readonly kind: 'cron'
  readonly text: string
  /** `and`: a day must suit both day fields. */
  readonly days?: 'and'
}

export interface Every {
  readonly kind: 'every'
  readonly interval: string
  /** When the count begins; there is none before. */
  readonly from?: string
}

export interface Hourly {
  readonly kind: 'hourly'
  readonly minutes: readonly number[]
}

export interface Daily {
  readonly kind: 'daily'
  readonly times: readonly string[]
}

export interface Weekdays {
  readonly kind: 'weekdays'
  readonly times: readonly string[]
}

export interface Weekly {
  readonly kind: 'weekly'
  readonly days: readonly string[]
  readonly times: readonly string[]
}

export interface Monthly {
  readonly kind: 'monthly'
  readonly days: readonly (number | string)[]
  readonly times: readonly string[]
}

export interface Once {
  readonly kind: 'once'
  readonly time: string
}

/** Due for the same slots as the job `job`, when it has ended well. */
export interface After<Id extends string = string> {
  readonly kind: 'after'
  readonly job: Id
  readonly within?: string
}

/** Workers, or a command, always at work. */
export interface Always {
  readonly kind: 'always'
}

/** A word that names minutes. */
export type When = Cron | Every | Hourly | Daily | Weekdays | Weekly | Monthly | Once

/** One of something, or a list of them that is not empty. */
type OneOrMore<T> = T | readonly [T, ...T[]]

/**
 * Due as a line of crontab(5) with this text would be.
 *
 * @param text     five fields, minute hour day month weekday, or a nickname such as `@daily`
 * @param options  `days: 'and'` for the days that suit both day fields; crontab takes those of either
 */
export function cron<const Text extends string>(text: CronText<Text>, options?: { readonly days: 'and' }): Cron {
  return Object.freeze({ kind: 'cron', text, ...options })
}

/**
 * Due at a true interval.
 *
 * One that divides the day (`5m`, `90m`, `6h`) counts from midnight of the job's time zone, as `*` with a step would:
 * where clocks change it goes by the clock as it stands. Any other (`7m`, `36h`) counts from 1970-01-01 00:00 UTC and
 * never bends. `1d` is `daily('00:00')`. With `from` every interval counts from there, never bends, and is not due before.
 *
 * @param interval  whole minutes, at least `1m`
 * @param options   `from`: `2026-01-01T00:00` on the clock of the job's zone, or with an offset
 */
export function every<const From extends string>(
  interval: Interval,
  options?: { readonly from: DateTime<From> },
): Every {
  return Object.freeze({ kind: 'every', interval, ...options })
}

/** Due in every hour at each of these minutes: `hourly(5)`, `hourly([5, 35])`. */
export function hourly(minutes: OneOrMore<MinuteOfHour>): Hourly {
  return Object.freeze({ kind: 'hourly', minutes: listOf(minutes) })
}

/**
 * Due once a day at each of these times, also on days when clocks change.
 *
 * @param times  `'02:30'`, or several: `['01:00', '13:00']`
 */
export function daily(times: OneOrMore<ClockTime>): Daily {
  return Object.freeze({ kind: 'daily', times: listOf(times) })
}

/** As `daily`, from Monday to Friday. */
export function weekdays(times: OneOrMore<ClockTime>): Weekdays {
  return Object.freeze({ kind: 'weekdays', times: listOf(times) })
}

/** As `daily`, on these days of the week: `weekly('mon', '07:00')`, `weekly(['tue', 'fri'], ['07:00', '19:00'])`. */
export function weekly(days: OneOrMore<Weekday>, times: OneOrMore<ClockTime>): Weekly {
  return Object.freeze({ kind: 'weekly', days: listOf(days), times: listOf(times) })
}

/**
 * As `daily`, on these days of each month. A month that has no such day is left out.
 *
 * @param days  1 to 31, `last`, `first-workday`, `last-workday` (Monday to Friday), `1st sun` to `5th fri`, `last fri`
 */
export function monthly(days: OneOrMore<DayOfMonth>, times: OneOrMore<ClockTime>): Monthly {
  return Object.freeze({ kind: 'monthly', days: listOf(days), times: listOf(times) })
}

/**
 * Due at one minute, and never again.
 *
 * @param time  `2026-12-31T23:30` on the clock of the job's zone, or with an offset: `2026-12-31T23:30+01:00`
 */
export function once<const Text extends string>(time: DateTime<Text>): Once {
  return Object.freeze({ kind: 'once', time })
}

/**
 * Due for the slots of another job, when that one has ended well.
 *
 * @param options  `within`: how long after the slot; a day unless told
 */
export function after<const Id extends string>(job: Id, options?: { readonly within: Duration }): After<Id> {
  return Object.freeze({ kind: 'after', job, ...options })
}

/**
 * Workers that are always at work, also while their queue is empty, or a command that never ends: the next tick puts back what is
 * missing.
 */
export function always(): Always {
  return Object.freeze({ kind: 'always' })
}

function listOf<T>(given: T | readonly T[]): readonly T[] {
  return Object.freeze(isList(given) ? [...given] : [given])
}

function isList<T>(given: T | readonly T[]): given is readonly T[] {
  return Array.isArray(given)
}

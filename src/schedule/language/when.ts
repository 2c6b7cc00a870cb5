/**
 * The words of a schedule that say when: `cron('0 3 * * *')`, `every('5m')`, `daily('02:30')`.
 *
 * Each makes a frozen piece of data and decides nothing, so a schedule can be printed, compared and kept as JSON. What
 * the data means is in `when-due.ts`, which also refuses what the compiler could not.
 */
import type { ClockTime, CronText, Interval } from './literals.ts'

export interface Cron {
  readonly kind: 'cron'
  readonly text: string
}

export interface Every {
  readonly kind: 'every'
  readonly interval: string
}

export interface Daily {
  readonly kind: 'daily'
  readonly times: readonly string[]
}

export type When = Cron | Every | Daily

/**
 * Due as a line of crontab(5) with this text would be.
 *
 * @param text  five fields, minute hour day month weekday, or a nickname such as `@daily`
 */
export function cron<const Text extends string>(text: CronText<Text>): Cron {
  return Object.freeze({ kind: 'cron', text })
}

/**
 * Due at a true interval.
 *
 * One that divides the day (`5m`, `90m`, `6h`) counts from midnight of the job's time zone, as `*` with a step would:
 * where clocks change it goes by the clock as it stands. Any other (`7m`, `36h`) counts from 1970-01-01 00:00 UTC and
 * never bends. `1d` is `daily('00:00')`.
 *
 * @param interval  whole minutes, at least `1m`
 */
export function every(interval: Interval): Every {
  return Object.freeze({ kind: 'every', interval })
}

/**
 * Due once a day at each of these times, also on days when clocks change.
 *
 * @param times  `'02:30'`, or several: `['01:00', '13:00']`
 */
export function daily(times: ClockTime | readonly [ClockTime, ...ClockTime[]]): Daily {
  return Object.freeze({ kind: 'daily', times: Object.freeze(typeof times === 'string' ? [times] : [...times]) })
}

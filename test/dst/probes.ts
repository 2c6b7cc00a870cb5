/**
 * The nights in which clocks change, and the cron lines that are watched through them.
 *
 * A line says how often Debian's cron runs it at the end of the spring gap, where that is not what we do: cron makes up for
 * each time that the gap skipped, one after the other; a job of ours makes up for all of them at once.
 */

export interface Night {
  readonly name: string
  readonly zone: string
  /** UTC milliseconds of the first minute by the new clock. */
  readonly change: number
}

export interface Probe {
  readonly text: string
  /** Runs at the end of the gap by cron; ours is one. */
  readonly cronAtGapEnd?: number
  /** As a job it runs a command, which is watched like cron's; the others are jobs of a queue that is empty. */
  readonly runs?: true
}

/** Of each night: half before the clocks change, half after. */
export const MINUTES = 180

export const NIGHTS: readonly Night[] = [
  { name: 'New York, spring', zone: 'America/New_York', change: Date.parse('2026-03-08T07:00Z') },
  { name: 'New York, autumn', zone: 'America/New_York', change: Date.parse('2026-11-01T06:00Z') },
  { name: 'Berlin, spring', zone: 'Europe/Berlin', change: Date.parse('2026-03-29T01:00Z') },
  { name: 'Berlin, autumn', zone: 'Europe/Berlin', change: Date.parse('2026-10-25T01:00Z') },
]

/** In each night the clock shows half past zero at the earliest and half past four at the latest. */
export const PROBES: readonly Probe[] = [
  // Once a night.
  { text: '45 0 * * *', runs: true },
  { text: '0 1 * * *', runs: true },
  { text: '30 1 * * *', runs: true },
  { text: '59 1 * * *', runs: true },
  { text: '0 2 * * *', runs: true },
  { text: '30 2 * * *', runs: true },
  { text: '59 2 * * *', runs: true },
  { text: '0 3 * * *', runs: true },
  { text: '1 3 * * *' },
  { text: '30 3 * * *', runs: true },
  // Several times: lists, ranges, and steps that do not begin with a star.
  { text: '15,45 1 * * *' },
  { text: '15,45 2 * * *', cronAtGapEnd: 2, runs: true },
  { text: '0 2,3 * * *', cronAtGapEnd: 2 },
  { text: '30 1,2,3 * * *' },
  { text: '0,30 1-3 * * *', cronAtGapEnd: 3 },
  { text: '10-12 1 * * *' },
  { text: '10-12 2 * * *', cronAtGapEnd: 3 },
  { text: '0-59/20 1 * * *' },
  { text: '0-59/20 2 * * *', cronAtGapEnd: 3 },
  { text: '30 1-3/2 * * *' },
  { text: '30 0-4/2 * * *' },
  { text: '5,*/20 1 * * *' },
  { text: '5,*/20 2 * * *', cronAtGapEnd: 4 },
  // A star in front: these follow real time.
  { text: '*/15 * * * *' },
  { text: '*/7 * * * *' },
  { text: '*/20 1 * * *' },
  { text: '*/20 2 * * *' },
  { text: '*/20,5 2 * * *' },
  { text: '* 2 * * *' },
  { text: '0 * * * *' },
  { text: '30 * * * *' },
  { text: '22,24 * * * *' },
  { text: '@hourly' },
  { text: '0 */2 * * *' },
  { text: '30 */2 * * *', runs: true },
  { text: '30 */3 * * *' },
  // Days: the nights are Sundays, each of another date and month.
  { text: '30 2 8 3 *', runs: true },
  { text: '30 2 29 3 *' },
  { text: '30 2 25 10 *', runs: true },
  { text: '30 1 1 11 *', runs: true },
  { text: '30 2 * * sun' },
  { text: '30 1 * * 0' },
  { text: '30 2 * mar-oct 7' },
  { text: '30 2 * * 1-6' },
  { text: '30 2 13 * 0' },
  { text: '30 1 13 * sun' },
  { text: '30 2 13 * */7' },
  { text: '30 2 */2 * 1' },
  { text: '30 1 1-7 * */7' },
  { text: '30 2 8-31 * */7' },
]

/** UTC milliseconds of the minutes of a night. */
export function minutesOf({ change }: Night): number[] {
  return Array.from({ length: MINUTES }, (_, i) => change + (i - MINUTES / 2) * 60_000)
}

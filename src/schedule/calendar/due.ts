/**
 * When a cron expression is due, in any time zone. Pure: no clock is read here.
 *
 * Wall clocks jump. A job fixed to a time of the day runs once a day all the same: a time that a spring gap skipped is
 * made up at the end of the gap (all such times of one gap together, once), a time that an autumn fold repeats counts
 * only on its first pass. A job that follows real time just matches the clock as it stands, gap or fold.
 *
 * Jumps of more than three hours are no daylight saving but a country that moved (Samoa once skipped a day); both kinds
 * of job then simply go by the new clock.
 */
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { zoneOffset } from '../../time/zone.ts'
import type { CronExpression } from './cron-expression.ts'
import { matchesDay, nextMatchingDay } from './day-rule.ts'

/** `dst-gap`: the time itself did not exist, this is the first minute after the clocks went forward. */
export type Due = 'match' | 'dst-gap'

const LARGEST_JUMP_MS = 3 * 3_600_000

/** How far is looked: past the longest pause of any line, which has a 29th of February that is a Sunday over a century. */
const HORIZON_DAYS = 41 * 366
export const HORIZON_MS = HORIZON_DAYS * DAY_MS

/** @param minute  UTC milliseconds of a whole minute */
export function dueAt(cron: CronExpression, zone: string, minute: number): Due | undefined {
  const offset = zoneOffset(zone, minute)
  if (matchesWall(cron, minute + offset)) {
    return cron.followsRealTime || !isSecondPass(zone, minute, offset) ? 'match' : undefined
  }
  return !cron.followsRealTime && skippedMatch(cron, zone, minute, offset) ? 'dst-gap' : undefined
}

/** Whether the wall clock of the zone shows a time that `cron` names, in the first pass of it or the second. */
export function isShown(cron: CronExpression, zone: string, minute: number): boolean {
  return matchesWall(cron, minute + zoneOffset(zone, minute))
}

/**
 * The first minute after `from` at which `cron` is due.
 *
 * Goes from local midnight to local midnight. Where no clock changes in between, the answer is arithmetic; where one
 * does, every minute is asked with `dueAt`, so the two cannot disagree about the hard cases.
 *
 * @param from  UTC milliseconds; the result is strictly later
 * @returns     UTC milliseconds on a whole minute, or undefined when none exists within 41 years
 */
export function nextDue(cron: CronExpression, zone: string, from: number): number | undefined {
  let minute = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS
  const horizon = minute + HORIZON_MS
  while (minute < horizon) {
    const offset = zoneOffset(zone, minute)
    const day = Math.floor((minute + offset) / DAY_MS)
    const midnight = (day + 1) * DAY_MS - offset
    if (zoneOffset(zone, minute - LARGEST_JUMP_MS) !== offset || zoneOffset(zone, midnight) !== offset) {
      for (; minute < midnight; minute += MINUTE_MS) if (dueAt(cron, zone, minute) !== undefined) return minute
    } else if (matchesDay(cron.days, day)) {
      const time = nextTimeOfDay(cron, minute + offset - day * DAY_MS)
      if (time !== undefined) return day * DAY_MS + time - offset
      minute = midnight
    } else {
      const next = nextMatchingDay(cron.days, day + 1, HORIZON_DAYS)
      if (next === undefined) return undefined
      // Stops a day early: the offset there may be another, and no zone's differs by more than a day.
      minute = Math.max(midnight, (next - 1) * DAY_MS - offset)
    }
  }
  return undefined
}

/** @param wall  what the wall clock shows, as if it were UTC milliseconds */
function matchesWall(cron: CronExpression, wall: number): boolean {
  const day = Math.floor(wall / DAY_MS)
  const minuteOfDay = Math.floor((wall - day * DAY_MS) / MINUTE_MS)
  return (
    cron.minutes[minuteOfDay % 60] === true &&
    cron.hours[Math.floor(minuteOfDay / 60)] === true &&
    matchesDay(cron.days, day)
  )
}

/** Did the wall clock show the same minute already, before it was put back? */
function isSecondPass(zone: string, minute: number, offset: number): boolean {
  const before = zoneOffset(zone, minute - LARGEST_JUMP_MS)
  const fold = before - offset
  return fold > 0 && fold <= LARGEST_JUMP_MS && zoneOffset(zone, minute - fold) === before
}

/** Is this the first minute after a gap, and would the job have been due at any minute inside it? */
function skippedMatch(cron: CronExpression, zone: string, minute: number, offset: number): boolean {
  const gap = offset - zoneOffset(zone, minute - MINUTE_MS)
  if (gap <= 0 || gap > LARGEST_JUMP_MS) return false
  for (let wall = minute + offset - gap; wall < minute + offset; wall += MINUTE_MS) {
    if (matchesWall(cron, wall)) return true
  }
  return false
}

/** The first time of day from `from` on; both in milliseconds since midnight. */
function nextTimeOfDay(cron: CronExpression, from: number): number | undefined {
  const firstHour = Math.floor(from / 3_600_000)
  const firstMinute = Math.floor(from / MINUTE_MS) % 60
  for (let hour = firstHour; hour < 24; hour++) {
    if (cron.hours[hour] !== true) continue
    const minute = cron.minutes.indexOf(true, hour === firstHour ? firstMinute : 0)
    if (minute >= 0) return hour * 3_600_000 + minute * MINUTE_MS
  }
  return undefined
}

/**
 * When the clocks of a zone change, and what that does to a job: which times did not exist, which came twice.
 *
 * It tells what `due.ts` has decided, and decides nothing itself.
 */
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { zoneOffset } from '../../time/zone.ts'
import { dueAt } from './due.ts'
import type { Calendar } from './job-calendar.ts'
import { resolve, whenDue } from './when-due.ts'
import { partsOf } from './when-parts.ts'
import { zoneSpans } from './zone-spans.ts'

/** Times are UTC milliseconds. */
export interface ClockChange {
  /** The first moment by the new clock. */
  readonly at: number
  /** Offsets from UTC before and after it. */
  readonly before: number
  readonly after: number
}

/** What is particular about a minute at which a job is due. */
export type DueNote =
  /** The times of day, `02:30`, that it was due at and that did not exist. */
  | { readonly kind: 'gap'; readonly skipped: readonly string[] }
  /** Its time comes twice, and this is the first; the job is not due at the second. */
  | { readonly kind: 'first-pass' }
  /** Its time comes twice, and the job is due both times. */
  | { readonly kind: 'both-passes'; readonly pass: 1 | 2 }

const LONGEST_FOLD_MS = 3 * 3_600_000

/** The changes in (from, to], the earliest first. */
export function clockChanges(zone: string, from: number, to: number): ClockChange[] {
  const spans = [...zoneSpans(zone, from, to + 1)]
  return spans
    .slice(1)
    .map(({ start, offset }, i) => ({ at: start, before: spans[i]?.offset ?? offset, after: offset }))
}

/** @param minute  one at which the job is due */
export function dueNote(job: Calendar, minute: number): DueNote | undefined {
  const { timezone: zone } = job
  const skipped = skippedTimes(job, minute)
  if (skipped.length > 0) return { kind: 'gap', skipped }
  const [near] = clockChanges(zone, minute - LONGEST_FOLD_MS, minute + LONGEST_FOLD_MS)
  if (near === undefined || near.before <= near.after) return undefined
  const fold = near.before - near.after
  const isFirst = minute < near.at && minute >= near.at - fold
  const isSecond = minute >= near.at && minute < near.at + fold
  if (!isFirst && !isSecond) return undefined
  const isDueAgain = isDue(job, isFirst ? minute + fold : minute - fold)
  if (isFirst && !isDueAgain) return { kind: 'first-pass' }
  return isDueAgain ? { kind: 'both-passes', pass: isFirst ? 1 : 2 } : undefined
}

/**
 * The minutes at which the wall clock of a zone shows a time: one, or two when the clocks are put back, or none when
 * they skip it.
 *
 * @param wall  what the clock shows, as if it were UTC milliseconds
 */
export function minutesOfWall(zone: string, wall: number): number[] {
  const offsets = new Set([zoneOffset(zone, wall - DAY_MS), zoneOffset(zone, wall), zoneOffset(zone, wall + DAY_MS)])
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((minute) => minute + zoneOffset(zone, minute) === wall)
    .toSorted((a, b) => a - b)
}

/** The change within which the clock skipped a time. */
export function gapAround(zone: string, wall: number): ClockChange | undefined {
  return clockChanges(zone, wall - DAY_MS, wall + DAY_MS).find(
    ({ at, before, after }) => at + before <= wall && wall < at + after,
  )
}

export function isDue({ when, except, timezone }: Calendar, minute: number): boolean {
  return whenDue(when, timezone, minute, except) !== undefined
}

/** `02:30`: what the clock of a zone shows. */
export function timeOfDay(wall: number): string {
  return new Date(wall).toISOString().slice(11, 16)
}

/** The times inside a gap that each word of the job is made up for at its end. */
function skippedTimes({ when, timezone: zone }: Calendar, minute: number): string[] {
  const after = zoneOffset(zone, minute)
  const before = zoneOffset(zone, minute - MINUTE_MS)
  if (after <= before) return []
  const skipped = new Set<string>()
  for (const part of partsOf(when)) {
    if (part.kind === 'moment' && 'wall' in part.moment) {
      const { at, as } = resolve(part.moment, zone)
      if (at === minute && as === 'dst-gap') skipped.add(timeOfDay(part.moment.wall))
    }
    if (part.kind !== 'cron' || dueAt(part.cron, zone, minute) !== 'dst-gap') continue
    // On a clock that never changes the skipped times exist.
    for (let wall = minute + before; wall < minute + after; wall += MINUTE_MS) {
      if (dueAt(part.cron, 'UTC', wall) !== undefined) skipped.add(timeOfDay(wall))
    }
  }
  return [...skipped].toSorted()
}

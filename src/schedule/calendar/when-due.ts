/**
 * What the words of `when.ts` mean: one evaluator for all of them, and for a list, which is their union.
 *
 * `except` goes by what the clock shows: it also removes the second pass of a time that an autumn fold repeats. A time
 * that is made up for after a spring gap is removed when the exception fell into that gap, too.
 */
import { MINUTE_MS } from '../../time/units.ts'
import { zoneOffset } from '../../time/zone.ts'
import type { When } from '../language/when.ts'
import { type Due, dueAt, HORIZON_MS, isShown, nextDue } from './due.ts'
import { type IntervalPart, type Moment, type MomentPart, type Part, partsOf } from './when-parts.ts'
import { type Shown, whenShown } from './zone-spans.ts'

type Words = When | readonly When[]

const NONE: readonly When[] = []

/** `except` is believed to remove all that it removes as far as `nextDue` looks, and so many minutes in a row. */
const MOST_REMOVED = 1_000_000

/**
 * Whether, and how, any part of `when` is due in `zone`.
 *
 * @param minute  UTC milliseconds of a whole minute
 * @throws        Complaint when `when` did not come from a plan and is wrong; so does `nextWhen`
 */
export function whenDue(when: Words, zone: string, minute: number, except: Words = NONE): Due | undefined {
  let due: Due | undefined
  for (const part of partsOf(when)) {
    const partDue = part.kind === 'cron' ? dueAt(part.cron, zone, minute) : plainDue(part, zone, minute)
    due = partDue ?? due
    if (due === 'match') break
  }
  return due === undefined || isExcepted(except, zone, minute, due) ? undefined : due
}

/**
 * The first minute after `from` at which any part of `when` is due.
 *
 * @param from  UTC milliseconds; the result is strictly later
 * @returns     UTC milliseconds on a whole minute, or undefined when none exists within 41 years
 */
export function nextWhen(when: Words, zone: string, from: number, except: Words = NONE): number | undefined {
  let next = firstAfter(partsOf(when), zone, from)
  if (partsOf(except).length === 0) return next
  for (let removed = 0; next !== undefined && next < from + HORIZON_MS && removed < MOST_REMOVED; removed++) {
    if (whenDue(when, zone, next, except) !== undefined) return next
    next = firstAfter(partsOf(when), zone, next)
  }
  return undefined
}

/** When a moment is in this zone; one that a spring gap skipped is made up for after it. */
export function resolve(moment: Moment, zone: string): Shown {
  return 'utc' in moment ? { at: moment.utc, as: 'match' } : whenShown(zone, moment.wall)
}

/** Where an interval that does not go by the wall clock begins to count, and from when on it is due. */
export function epochOf({ anchor }: IntervalPart, zone: string): { readonly at: number; readonly dueFrom: number } {
  if (typeof anchor === 'string') return { at: 0, dueFrom: Number.NEGATIVE_INFINITY }
  const { at } = resolve(anchor, zone)
  return { at, dueFrom: at }
}

/** Whether `except` removes a minute that would be `due`. */
function isExcepted(except: Words, zone: string, minute: number, due: Due): boolean {
  return partsOf(except).some((part) => {
    if (part.kind !== 'cron') return plainDue(part, zone, minute) !== undefined
    return isShown(part.cron, zone, minute) || (due === 'dst-gap' && dueAt(part.cron, zone, minute) === 'dst-gap')
  })
}

function firstAfter(parts: readonly Part[], zone: string, from: number): number | undefined {
  let first: number | undefined
  for (const part of parts) {
    const next = part.kind === 'cron' ? nextDue(part.cron, zone, from) : nextPlain(part, zone, from)
    if (next !== undefined && (first === undefined || next < first)) first = next
  }
  return first
}

function plainDue(part: IntervalPart | MomentPart, zone: string, minute: number): Due | undefined {
  if (part.kind === 'moment') {
    const { at, as } = resolve(part.moment, zone)
    return at === minute ? as : undefined
  }
  // On the wall clock, too, midnights are whole multiples of a day, so finding them needs no calendar.
  if (part.anchor === 'midnight') return (minute + zoneOffset(zone, minute)) % part.stepMs === 0 ? 'match' : undefined
  const { at, dueFrom } = epochOf(part, zone)
  return minute >= dueFrom && (minute - at) % part.stepMs === 0 ? 'match' : undefined
}

function nextPlain(part: IntervalPart | MomentPart, zone: string, from: number): number | undefined {
  if (part.kind === 'moment') {
    const { at } = resolve(part.moment, zone)
    return at > from ? at : undefined
  }
  const minute = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS
  if (part.anchor !== 'midnight') {
    const { at, dueFrom } = epochOf(part, zone)
    return Math.max(dueFrom, at + Math.ceil((minute - at) / part.stepMs) * part.stepMs)
  }
  const offset = zoneOffset(zone, minute)
  const next = Math.ceil((minute + offset) / part.stepMs) * part.stepMs - offset
  if (zoneOffset(zone, next) === offset) return next
  // A clock changes before then: ask every minute.
  let walked = minute
  while (plainDue(part, zone, walked) === undefined) walked += MINUTE_MS
  return walked
}

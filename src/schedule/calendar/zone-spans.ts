/**
 * How the wall clock of a zone runs through time: spans without a change, and the moment at which it shows a given time.
 *
 * No two changes of any zone since 1970 lie closer together than six days (the time zone database has 6.9 days as the
 * least, also for the years to come). So where the offset is the same at both ends of six days, it was the same between.
 */
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { zoneOffset } from '../../time/zone.ts'

export interface ZoneSpan {
  /** UTC milliseconds; the offset holds from here … */
  readonly start: number
  /** … until before here. */
  readonly end: number
  readonly offset: number
  /** Whether a clock was changed at `start`; otherwise it is only where the caller's time begins. */
  readonly afterChange: boolean
}

const STEP_MS = 6 * DAY_MS

/** @param end  exclusive */
export function* zoneSpans(zone: string, start: number, end: number): Generator<ZoneSpan> {
  let since = start
  let afterChange = false
  for (let at = start; at < end; ) {
    const next = Math.min(at + STEP_MS, end)
    const offset = zoneOffset(zone, at)
    if (zoneOffset(zone, next) === offset) {
      at = next
      continue
    }
    const change = changeBetween(zone, at, next)
    if (change >= end) break
    yield { start: since, end: change, offset, afterChange }
    since = change
    at = change
    afterChange = true
  }
  if (since < end) yield { start: since, end, offset: zoneOffset(zone, since), afterChange }
}

/** The first minute at which the offset is not that at `low` any more. */
function changeBetween(zone: string, low: number, high: number): number {
  const offset = zoneOffset(zone, low)
  let before = Math.floor(low / MINUTE_MS)
  let after = Math.ceil(high / MINUTE_MS)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (zoneOffset(zone, middle * MINUTE_MS) === offset) before = middle
    else after = middle
  }
  return after * MINUTE_MS
}

export interface Shown {
  /** UTC milliseconds. */
  readonly at: number
  /** `dst-gap`: the clock never showed that time, and this is the first minute after it was put forward. */
  readonly as: 'match' | 'dst-gap'
}

/** When the wall clock shows `wall` for the first time. @param wall  what it shows, as if that were UTC milliseconds */
export function whenShown(zone: string, wall: number): Shown {
  const early = zoneOffset(zone, wall - DAY_MS)
  const late = zoneOffset(zone, wall + DAY_MS)
  const candidates = [wall - Math.max(early, late), wall - Math.min(early, late)]
  const at = candidates.find((candidate) => candidate + zoneOffset(zone, candidate) === wall)
  if (at !== undefined) return { at, as: 'match' }
  return { at: changeBetween(zone, wall - DAY_MS, wall + DAY_MS), as: 'dst-gap' }
}

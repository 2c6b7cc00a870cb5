/** Times for a person: the wall clock of a zone, and how long ago or how soon that is. */

import { formatDuration } from './duration.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './units.ts'
import { localTime } from './zone.ts'

/** `2026-11-20 18:04:05` in `zone`. */
export function clockTime(zone: string, at: number): string {
  return localTime(zone, at).slice(0, 19).replace('T', ' ')
}

/** `2026-11-20 18:04` in `zone`. */
export function minuteText(zone: string, at: number): string {
  return clockTime(zone, at).slice(0, 16)
}

/** `4m5s ago`, `in 2h3m`, `now`: as exact as matters at that distance. */
export function distance(at: number, now: number): string {
  const ms = Math.abs(at - now)
  const unit = ms < HOUR_MS ? SECOND_MS : ms < DAY_MS ? MINUTE_MS : HOUR_MS
  const rounded = Math.round(ms / unit) * unit
  if (rounded === 0) return 'now'
  return at < now ? `${formatDuration(rounded)} ago` : `in ${formatDuration(rounded)}`
}

/** ISO 8601 in UTC, as JSON has it; null for what there is not. */
export function isoTime(at: number): string
export function isoTime(at: number | null | undefined): string | null
export function isoTime(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at).toISOString()
}

/** In whole minutes, and of what lasts for days, in whole hours: `3h5m`. */
export function roughly(ms: number): string {
  const unit = ms < 2 * DAY_MS ? MINUTE_MS : HOUR_MS
  return formatDuration(Math.floor(ms / unit) * unit)
}

/** `2026-11-20 18:04:05 (4m5s ago)` */
export function timeText(zone: string, at: number, now: number): string {
  return `${clockTime(zone, at)} (${distance(at, now)})`
}

/**
 * Wall clocks of time zones, by `Intl` alone.
 *
 * A zone is known by its offset at a moment. It is asked where a day begins and ends, and only where the two differ is the
 * change between them searched for: no zone has changed its clocks twice within a day since 1970. What was found is
 * remembered, so a conversion is an addition.
 */
import { DAY_MS, SECOND_MS } from './units.ts'

/** The zone this machine is set to, without asking for its name: that takes longer than all else a start does. */
export const SYSTEM_ZONE = 'system'

/** The offsets of a zone in one day of UTC, in milliseconds. */
interface OffsetsOfDay {
  readonly before: number
  readonly after: number
  /** UTC milliseconds of the first moment with the second offset; never, when both are the same. */
  readonly changeAt: number
}

/** Eleven years of days. */
const CACHE_LIMIT = 4_096

const formats = new Map<string, Intl.DateTimeFormat>()
const daysOfZones = new Map<string, Map<number, OffsetsOfDay>>()

/** The name of the zone this machine is set to, for instance `Europe/Berlin`. */
export function systemZone(): string {
  return new Intl.DateTimeFormat('en-US').resolvedOptions().timeZone
}

export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
    return name !== ''
  } catch {
    return false
  }
}

/**
 * How far the wall clock of `zone` is ahead of UTC at the moment `at`.
 *
 * @param at  UTC milliseconds
 * @returns milliseconds, negative west of Greenwich
 */
export function zoneOffset(zone: string, at: number): number {
  if (zone === 'UTC') return 0
  if (zone === SYSTEM_ZONE) return 0 - new Date(at).getTimezoneOffset() * 60_000
  const day = Math.floor(at / DAY_MS)
  const { before, after, changeAt } = daysOfZones.get(zone)?.get(day) ?? askDay(zone, day)
  return at < changeAt ? before : after
}

function askDay(zone: string, day: number): OffsetsOfDay {
  const known = daysOfZones.get(zone) ?? new Map<number, OffsetsOfDay>()
  daysOfZones.set(zone, known)
  if (known.size >= CACHE_LIMIT) known.clear()
  const start = day * DAY_MS
  const before = known.get(day - 1)?.after ?? askOffset(zone, start)
  const after = known.get(day + 1)?.before ?? askOffset(zone, start + DAY_MS)
  const changeAt = before === after ? Number.POSITIVE_INFINITY : changeBetween(zone, start, start + DAY_MS)
  const offsets = { before, after, changeAt }
  known.set(day, offsets)
  return offsets
}

/** By halves, to the second. */
function changeBetween(zone: string, from: number, to: number): number {
  const before = askOffset(zone, from)
  let last = from
  let first = to
  while (first - last > SECOND_MS) {
    const middle = last + Math.floor((first - last) / (2 * SECOND_MS)) * SECOND_MS
    if (askOffset(zone, middle) === before) last = middle
    else first = middle
  }
  return first
}

/** @param at  UTC milliseconds of a whole second */
function askOffset(zone: string, at: number): number {
  return wallClock(zone, at) - at
}

function wallClock(zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  const field: Record<string, number> = {}
  for (const part of format.formatToParts(at)) field[part.type] = Number(part.value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** `2026-11-20` in `zone`. */
export function localDay(zone: string, at: number): string {
  return new Date(at + zoneOffset(zone, at)).toISOString().slice(0, 10)
}

/** What `localTime` said last: many lines are of one moment. */
const last = { at: Number.NaN, offset: 0, text: '' }

/** `2026-11-20T18:04:05.123+01:00`: the wall clock of `zone` and how far it is from UTC. */
export function localTime(zone: string, at: number): string {
  const offset = zoneOffset(zone, at)
  if (last.at !== at || last.offset !== offset) Object.assign(last, { at, offset, text: withOffset(at, offset) })
  return last.text
}

function withOffset(at: number, offset: number): string {
  const wall = new Date(at + offset).toISOString().slice(0, -1)
  if (offset === 0) return `${wall}Z`
  const minutes = Math.abs(Math.round(offset / 60_000))
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0')
  const mm = String(minutes % 60).padStart(2, '0')
  return `${wall}${offset < 0 ? '-' : '+'}${hh}:${mm}`
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * A time as people write it: `2026-11-20`, `2026-11-20 18:04`, `2026-11-20T18:04:05Z`, `…+01:00`.
 *
 * @param zone  whose wall clock is meant where the text names no offset
 * @returns UTC milliseconds, or undefined when the text is no time (or a day that does not exist)
 */
export function parseTime(text: string, zone: string): number | undefined {
  const parts = TIME.exec(text.trim())
  if (parts === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, Number((parts[7] ?? '0').padEnd(3, '0')))
  const exists =
    month >= 1 && month <= 12 && new Date(wall).getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!exists) return undefined
  if (parts[8] !== undefined) return wall - offsetMs(parts[8])
  return wall - zoneOffset(zone, wall - zoneOffset(zone, wall))
}

function offsetMs(text: string): number {
  if (text === 'Z') return 0
  const ms = (Number(text.slice(1, 3)) * 60 + Number(text.slice(4, 6))) * 60_000
  return text.startsWith('-') ? -ms : ms
}

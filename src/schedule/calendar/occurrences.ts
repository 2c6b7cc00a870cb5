/**
 * Every minute of a span of time at which a job is due, one after the other.
 *
 * Made for years of jobs that are due every minute. Zones are asked once for days on end (`zone-spans.ts`); where no clock
 * changes, a day of the calendar is one look at its rule and a list of times that never changes. In the hours behind a
 * change of clocks every minute is asked with `dueAt`, so this and `whenDue` cannot disagree about the hard cases.
 */

import { minuteOf } from '../../time/minute.ts'
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import type { CronExpression } from './cron-expression.ts'
import { matchesDay } from './day-rule.ts'
import { dueAt } from './due.ts'
import type { Calendar } from './job-calendar.ts'
import { epochOf, resolve, whenDue } from './when-due.ts'
import { type IntervalPart, type MomentPart, type Part, partsOf } from './when-parts.ts'
import { zoneSpans } from './zone-spans.ts'

/** After a change of clocks, times of the day may still be made up for, or come for the second time. */
const UNSETTLED_MS = 3 * 3_600_000

const timesOfDay = new WeakMap<CronExpression, readonly number[]>()
const shownCrons = new WeakMap<CronExpression, CronExpression>()

/**
 * The minutes in (from, to] at which the job is due by its own words: `after` and `always` name none.
 *
 * @returns UTC milliseconds on whole minutes, ascending, each once
 */
export function occurrences({ when, except, timezone }: Calendar, from: number, to: number): Generator<number> {
  const start = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS
  const end = minuteOf(to) + 1
  const minutes = union(partsOf(when).map((part) => minutesOf(part, timezone, start, end)))
  return except.length === 0 ? minutes : kept(minutes, { when, except, timezone }, start, end)
}

function* kept(
  minutes: Generator<number>,
  { when, except, timezone }: Calendar,
  start: number,
  end: number,
): Generator<number> {
  const removed = union(partsOf(except).map((part) => minutesOf(asShown(part), timezone, start, end)))
  const changes = new Set([...zoneSpans(timezone, start - MINUTE_MS, end)].map((span) => span.start))
  for (const minute of difference(minutes, removed)) {
    const isKept = !changes.has(minute) || whenDue(when, timezone, minute, except) !== undefined
    if (isKept) yield minute
  }
}

/** What an exception goes by: both passes of a time that comes twice. */
function asShown(part: Part): Part {
  if (part.kind !== 'cron') return part
  const shown = shownCrons.get(part.cron) ?? { ...part.cron, followsRealTime: true }
  shownCrons.set(part.cron, shown)
  return { kind: 'cron', cron: shown }
}

/**
 * Generators are handed on rather than delegated to: each one between would be woken for every minute.
 *
 * @param end  exclusive, as everywhere below
 */
function minutesOf(part: Part, zone: string, start: number, end: number): Generator<number> {
  if (part.kind === 'moment') return momentMinutes(part, zone, start, end)
  if (part.kind === 'cron') return cronMinutes(part.cron, zone, start, end)
  if (part.anchor === 'midnight') return midnightMinutes(part, zone, start, end)
  const { at, dueFrom } = epochOf(part, zone)
  return multiples(part.stepMs, at, Math.max(start, dueFrom), end)
}

function* momentMinutes({ moment }: MomentPart, zone: string, start: number, end: number): Generator<number> {
  const { at } = resolve(moment, zone)
  if (at >= start && at < end) yield at
}

function* midnightMinutes({ stepMs }: IntervalPart, zone: string, start: number, end: number): Generator<number> {
  for (const span of zoneSpans(zone, start, end)) yield* multiples(stepMs, -span.offset, span.start, span.end)
}

function* multiples(stepMs: number, epoch: number, start: number, end: number): Generator<number> {
  for (let at = epoch + Math.ceil((start - epoch) / stepMs) * stepMs; at < end; at += stepMs) yield at
}

function* cronMinutes(cron: CronExpression, zone: string, start: number, end: number): Generator<number> {
  // Begins early enough to see the change that `start` may still feel.
  for (const span of zoneSpans(zone, start - UNSETTLED_MS, end)) {
    const settled = span.afterChange ? Math.min(span.start + UNSETTLED_MS, span.end) : span.start
    for (let at = Math.max(span.start, start); at < settled; at += MINUTE_MS) {
      if (dueAt(cron, zone, at) !== undefined) yield at
    }
    yield* settledMinutes(cron, span.offset, Math.max(settled, start), span.end)
  }
}

/** Where the offset is the same throughout, and was for hours. */
function* settledMinutes(cron: CronExpression, offset: number, start: number, end: number): Generator<number> {
  const times = timesOf(cron)
  for (let day = Math.floor((start + offset) / DAY_MS); day * DAY_MS - offset < end; day++) {
    if (!matchesDay(cron.days, day)) continue
    const midnight = day * DAY_MS - offset
    for (const time of times) {
      const at = midnight + time
      if (at >= end) return
      if (at >= start) yield at
    }
  }
}

/** The times of a day, in milliseconds since midnight. */
function timesOf(cron: CronExpression): readonly number[] {
  const known = timesOfDay.get(cron)
  if (known !== undefined) return known
  const times: number[] = []
  for (let minute = 0; minute < 24 * 60; minute++) {
    if (cron.hours[Math.floor(minute / 60)] === true && cron.minutes[minute % 60] === true)
      times.push(minute * MINUTE_MS)
  }
  timesOfDay.set(cron, times)
  return times
}

/** Merges what ascends into one that ascends, with what is in several once. */
function union(sources: readonly Generator<number>[]): Generator<number> {
  const [only, ...others] = sources
  return only === undefined || others.length > 0 ? merged(sources) : only
}

function* merged(sources: readonly Generator<number>[]): Generator<number> {
  const heads = sources.map((source) => ({ source, next: source.next() }))
  for (;;) {
    let least = Number.POSITIVE_INFINITY
    for (const { next } of heads) if (next.done !== true && next.value < least) least = next.value
    if (least === Number.POSITIVE_INFINITY) return
    yield least
    for (const head of heads) if (head.next.value === least) head.next = head.source.next()
  }
}

/** What is in `minutes` and not in `removed`; both ascend. */
function* difference(minutes: Generator<number>, removed: Generator<number>): Generator<number> {
  let next = removed.next()
  for (const minute of minutes) {
    while (next.done !== true && next.value < minute) next = removed.next()
    if (next.done === true || next.value !== minute) yield minute
  }
}

/**
 * Notes on the nights when clocks change: which times of a job do not exist then, or come twice, and what it does.
 *
 * Jobs that repeat all day long are left out: that they go on by real time is no surprise.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../time/units.ts'
import { type ClockChange, clockChanges, timeOfDay } from '../calendar/clock-changes.ts'
import type { CronExpression } from '../calendar/cron-expression.ts'
import { matchesDay } from '../calendar/day-rule.ts'
import { type Part, partsOf } from '../calendar/when-parts.ts'
import type { PlannedJob } from './plan.ts'

const LARGEST_JUMP_MS = 3 * HOUR_MS
/** More hours of the day than these are all day long. */
const MOST_HOURS = 12
const MOST_TIMES = 3

export function clockNotes({ when, except, timezone }: PlannedJob, now: number): string[] {
  const parts = partsOf(when).filter(goesByTheClock)
  if (parts.length === 0) return []
  const fixed = parts.filter(isFixed)
  const repeated = parts.filter((part) => !isFixed(part) && !isAllDayLong(part))
  const removed = partsOf(except).filter(goesByTheClock)
  return changesOf(timezone, now).flatMap((change) => [
    ...noteOf(timezone, change, timesIn(change, fixed, removed), true),
    ...noteOf(timezone, change, timesIn(change, repeated, removed), false),
  ])
}

/** Those of daylight saving, until the end of next year. */
function changesOf(zone: string, now: number): ClockChange[] {
  const end = Date.UTC(new Date(now).getUTCFullYear() + 2, 0, 1)
  return clockChanges(zone, now, end).filter(({ before, after }) => Math.abs(after - before) <= LARGEST_JUMP_MS)
}

/** The times of the gap or the fold that these parts name: what the wall clock shows, as if it were UTC milliseconds. */
function timesIn({ at, before, after }: ClockChange, parts: readonly Part[], removed: readonly Part[]): number[] {
  const times: number[] = []
  for (let wall = at + Math.min(before, after); wall < at + Math.max(before, after); wall += MINUTE_MS) {
    if (parts.some((part) => names(part, wall)) && !removed.some((part) => names(part, wall))) times.push(wall)
  }
  return times
}

function noteOf(zone: string, { at, before, after }: ClockChange, times: number[], isFixedTime: boolean): string[] {
  const [first] = times
  if (first === undefined) return []
  const clocks = times.map(timeOfDay)
  const shown = times.length > MOST_TIMES ? `${clocks[0]} to ${clocks.at(-1)}` : clocks.join(' and ')
  const day = new Date(first).toISOString().slice(0, '2026-11-20'.length)
  const isOne = times.length === 1
  if (before < after) {
    const does = isFixedTime ? `it runs${isOne ? '' : ' once,'} at ${timeOfDay(at + after)}` : 'it does not run then'
    return [`${day} ${shown} ${isOne ? 'does' : 'do'} not exist in ${zone}: ${does}.`]
  }
  const apart = (before - after) / MINUTE_MS
  const does = isFixedTime ? 'it runs in the first pass' : `it runs twice, ${apart} minutes apart`
  return [`${day} ${shown} ${isOne ? 'comes' : 'come'} twice in ${zone}: ${does}.`]
}

function goesByTheClock(part: Part): boolean {
  return part.kind !== 'interval' || part.anchor === 'midnight'
}

function names(part: Part, wall: number): boolean {
  switch (part.kind) {
    case 'moment':
      return 'wall' in part.moment && part.moment.wall === wall
    case 'interval':
      return wall % part.stepMs === 0
    case 'cron':
      return showsTime(part.cron, wall)
  }
}

function showsTime({ minutes, hours, days }: CronExpression, wall: number): boolean {
  const minute = Math.floor(wall / MINUTE_MS) % 60
  const hour = Math.floor(wall / HOUR_MS) % 24
  return minutes[minute] === true && hours[hour] === true && matchesDay(days, Math.floor(wall / DAY_MS))
}

function isFixed(part: Part): boolean {
  return part.kind === 'moment' || (part.kind === 'cron' && !part.cron.followsRealTime)
}

function isAllDayLong(part: Part): boolean {
  if (part.kind === 'interval') return DAY_MS / part.stepMs > MOST_HOURS
  return part.kind === 'cron' && part.cron.hours.filter(Boolean).length > MOST_HOURS
}

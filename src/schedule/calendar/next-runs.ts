/** The next runs of a job, and the last one before a moment. */
import type { Calendar } from './job-calendar.ts'
import { occurrences } from './occurrences.ts'
import { nextWhen } from './when-due.ts'

export interface Run {
  /** The minute that the schedule names: UTC milliseconds. */
  readonly slotAt: number
  /** The minute in which it is started: later by the job's share of its spread. */
  readonly startAt: number
}

/** How far back a last slot is looked for, in growing steps: most are found in the first. */
const BACK_MS = [3_600_000, 86_400_000, 32 * 86_400_000, 366 * 86_400_000, 9 * 366 * 86_400_000]

/**
 * @param from    UTC milliseconds; the starts are later
 * @param spread  milliseconds
 * @returns       fewer than `count` when there are no more within 41 years
 */
export function nextRuns({ when, except, timezone }: Calendar, from: number, count: number, spread: number): Run[] {
  const runs: Run[] = []
  let after = from - spread
  while (runs.length < count) {
    const slotAt = nextWhen(when, timezone, after, except)
    if (slotAt === undefined) break
    runs.push({ slotAt, startAt: slotAt + spread })
    after = slotAt
  }
  return runs
}

/** The last slot at or before `until`; undefined when there was none for years. */
export function lastSlotBefore(job: Calendar, until: number): number | undefined {
  for (const back of BACK_MS) {
    let last: number | undefined
    for (const slot of occurrences(job, until - back, until)) last = slot
    if (last !== undefined) return last
  }
  return undefined
}

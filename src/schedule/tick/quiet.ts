/**
 * Minutes in which nothing can be due: what lets a tick leave without asking the calendar.
 *
 * Whoever has decided a minute looks for the next one at which any job is due and leaves it with the plan. Until then a
 * tick compares two numbers.
 */
import { nextWhen } from '../calendar/when-due.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { Quiet } from '../language/plan-cache.ts'
import { spreadOf } from './look-back.ts'
import { nextTidying } from './tidy.ts'

/**
 * @param minute  everything that is due up to then is decided: UTC milliseconds
 * @returns undefined when the jobs have to be looked at in every minute
 */
export function quietAfter(jobs: readonly PlannedJob[], minute: number, host: string): Quiet | undefined {
  if (!jobs.every(isDueByTheClock)) return undefined
  const next = jobs.map((job) => {
    const spread = spreadOf(job, host)
    const slot = nextWhen(job.when, job.timezone, minute - spread, job.except)
    return slot === undefined ? Number.MAX_SAFE_INTEGER : slot + spread
  })
  return { after: minute, before: Math.min(nextTidying(minute), ...next) }
}

/** The others go by what the database says: what another job has ended, which workers are missing, how long it is silent. */
function isDueByTheClock({ always, after, notify }: PlannedJob): boolean {
  return !always && after === undefined && notify?.silenceMs === undefined
}

/**
 * Which words say when a job is due: its own, or those of the job that it comes after.
 */
import type { PlannedJob } from '../language/plan.ts'

export type Calendar = Pick<PlannedJob, 'when' | 'except' | 'timezone'>

/** The job itself, or the nearest before it in its chain that names minutes. */
export function calendarJob(job: PlannedJob, jobs: readonly PlannedJob[]): PlannedJob {
  const upstream = job.when.length > 0 ? undefined : jobs.find(({ id }) => id === job.after?.job)
  return upstream === undefined ? job : calendarJob(upstream, jobs)
}

/**
 * The job of a schedule that a person named.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'
import { readSchedule, requireJob, type ScheduleFlags } from './schedule.ts'

export interface FoundJob {
  readonly job: PlannedJob
  /** All that can run. */
  readonly jobs: readonly PlannedJob[]
  /** What is wrong with the job's entry, or with the whole file: the job is as it was read last. */
  readonly problems: readonly string[]
}

/** @throws Complaint when the schedule has no such job (usage), or what it says of it is wrong (bad configuration) */
export async function findJob(id: string, flags: ScheduleFlags, settings: Settings): Promise<FoundJob> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const own = problems.filter(({ job }) => job === undefined || job === id).map(({ sentence }) => sentence)
  const job = jobs.find((one) => one.id === id)
  if (job !== undefined) return { job, jobs, problems: own }
  await requireJob(id, flags, settings)
  throw new Complaint(EXIT.badConfig, own.join(' '))
}

/** Whose clock is meant where nothing else says so: that of the job, else the one that most jobs of the schedule go by. */
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { systemZone } from '../../../time/zone.ts'
import type { Settings } from '../../settings.ts'
import { readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'

/** The zone of a job by its id; of what is about all jobs, the usual one. */
export type ZoneOf = (job: string | undefined) => string

export function usualZone(jobs: readonly PlannedJob[]): string {
  const byZone = Map.groupBy(jobs, ({ timezone }) => timezone)
  const [most] = [...byZone].toSorted(([, a], [, b]) => b.length - a.length)
  return most?.[0] ?? systemZone()
}

/** A schedule that cannot be read hinders nobody. */
export async function zonesOf(flags: ScheduleFlags, settings: Settings): Promise<ZoneOf> {
  const jobs = await readSchedule(flags, settings).then(
    (plan) => plan.jobs,
    () => [],
  )
  const usual = jobs.length === 0 ? settings.timezone : usualZone(jobs)
  return (id) => jobs.find((job) => job.id === id)?.timezone ?? usual
}

/**
 * The one job that a command of `cron-mission` is to start.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { type CurrentPlan, currentPlan } from '../../../schedule/language/current-plan.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'
import { libraryUrl, noSuchJob, type ScheduleFlags, schedulePath } from './schedule.ts'

/**
 * @throws Complaint when there is none of this id (usage), or what the schedule says of it cannot be read (bad configuration):
 *         what it said before is good enough for a tick, but not for a person who is there to set it right
 */
export async function jobToStart(
  id: string,
  flags: ScheduleFlags,
  settings: Settings,
): Promise<{ readonly job: PlannedJob; readonly plan: CurrentPlan }> {
  const path = schedulePath(flags, settings)
  const { stateDirectory } = settings
  const plan = await currentPlan(path, { stateDirectory, entryUrl: libraryUrl(), now: Date.now() })
  const [problem] = plan.problems.filter((one) => one.job === id || one.job === undefined)
  if (problem !== undefined) throw new Complaint(EXIT.badConfig, problem.sentence)
  const job = plan.jobs.find((one) => one.id === id)
  if (job !== undefined) return { job, plan }
  const ids = [...plan.jobs.map((one) => one.id), ...plan.problems.flatMap((one) => one.job ?? [])]
  throw noSuchJob(id, ids, path)
}

/** @throws Complaint (usage) when the schedule gives the job to other hosts */
export function requireThisHost({ id, hosts }: PlannedJob): void {
  const { host } = ownIdentity()
  if (typeof hosts === 'string' || hosts.includes(host)) return
  throw new Complaint(
    EXIT.usage,
    `The job "${id}" runs on ${hosts.join(', ')}, and this is ${host}. Give this command there, or --force here.`,
  )
}

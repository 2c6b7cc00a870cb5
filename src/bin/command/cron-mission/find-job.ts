/**
 * The job of a schedule that a person named.
 */
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { nearestName } from '../../../nearest-name.ts'
import type { CurrentPlan } from '../../../schedule/language/current-plan.ts'
import { mayStartOn } from '../../../schedule/language/job-hosts.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'
import { planNow, type ReadSchedule, readSchedule } from './schedule.ts'
import { type ScheduleFlags, schedulePath } from './schedule-path.ts'

export interface FoundJob {
  readonly job: PlannedJob
  /** All that can run. */
  readonly jobs: readonly PlannedJob[]
  /** What is wrong with the job's entry, or with the whole file: the job is as it was read last. */
  readonly problems: readonly string[]
}

/** @throws Complaint when the schedule has no such job (usage), or what it says of it is wrong (bad configuration) */
export async function findJob(id: string, flags: ScheduleFlags, settings: Settings): Promise<FoundJob> {
  const schedule = await readSchedule(flags, settings)
  const { jobs } = schedule
  const problems = problemsOf(id, schedule)
  const job = jobs.find((one) => one.id === id)
  if (job !== undefined) return { job, jobs, problems }
  requireName(id, schedule, schedulePath(flags, settings))
  throw new Complaint(EXIT.badConfig, problems.join(' '))
}

/**
 * @throws Complaint when there is none of this id (usage), or what the schedule says of it cannot be read (bad configuration):
 *         what it said before is good enough for a tick, but not for a person who is there to set it right
 */
export async function jobToStart(
  id: string,
  flags: ScheduleFlags,
  settings: Settings,
): Promise<{ readonly job: PlannedJob; readonly plan: CurrentPlan }> {
  const plan = await planNow(flags, settings)
  const [problem] = problemsOf(id, plan)
  if (problem !== undefined) throw new Complaint(EXIT.badConfig, problem)
  const job = plan.jobs.find((one) => one.id === id)
  if (job !== undefined) return { job, plan }
  throw noSuchJob(id, plan, plan.path)
}

/** A job with a problem is a job, too. @throws Complaint (usage) when the schedule has none of this id */
export async function requireJob(id: string, flags: ScheduleFlags, settings: Settings): Promise<void> {
  requireName(id, await readSchedule(flags, settings), schedulePath(flags, settings))
}

/**
 * @param otherwise  what else the command can be told: `, or --force here`
 * @throws Complaint (usage) when the schedule gives the job to other hosts
 */
export function requireThisHost({ id, hosts }: PlannedJob, otherwise = ''): void {
  const { host } = ownIdentity()
  if (mayStartOn({ hosts }, host)) return
  throw new Complaint(
    EXIT.usage,
    `The job "${id}" runs on ${[hosts].flat().join(', ')}, and this is ${host}. Give this command there${otherwise}.`,
  )
}

function problemsOf(id: string, { problems }: ReadSchedule): string[] {
  return problems.filter(({ job }) => job === undefined || job === id).map(({ sentence }) => sentence)
}

function requireName(id: string, schedule: ReadSchedule, path: string): void {
  if (!namesOf(schedule).includes(id)) throw noSuchJob(id, schedule, path)
}

function noSuchJob(id: string, schedule: ReadSchedule, path: string): Complaint {
  const nearest = nearestName(id, namesOf(schedule))
  const what = nearest === undefined ? '"cron-mission list" shows them all.' : `Did you mean ${nearest}?`
  return new Complaint(EXIT.usage, `There is no job "${id}" in ${path}. ${what}`)
}

function namesOf({ jobs, problems }: ReadSchedule): string[] {
  return [...jobs.map(({ id }) => id), ...problems.flatMap(({ job }) => job ?? [])]
}

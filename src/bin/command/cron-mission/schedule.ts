/**
 * The schedule that a command of `cron-mission` works on: where it is, and what it says.
 */
import { existsSync } from 'node:fs'
import { Complaint, EXIT } from '../../../exit.ts'
import { type CurrentPlan, currentPlan } from '../../../schedule/language/current-plan.ts'
import { loadPlan } from '../../../schedule/language/load-plan.ts'
import { nearestName } from '../../../schedule/language/nearest-name.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'
import { libraryUrl, type ScheduleFlags, schedulePath } from './schedule-path.ts'

export { libraryUrl, type ScheduleFlags, schedulePath }

/** What the ticks go by. */
export type ReadSchedule = Pick<CurrentPlan, 'jobs' | 'problems'>

/** The plan that a tick would go by now. Where no tick ever was, to look makes no state directory either. */
export async function readSchedule(flags: ScheduleFlags, settings: Settings): Promise<ReadSchedule> {
  const path = schedulePath(flags, settings)
  const { stateDirectory } = settings
  if (!existsSync(stateDirectory)) return (await loadPlan(path, libraryUrl(), print)).plan
  return currentPlan(path, { stateDirectory, entryUrl: libraryUrl(), now: Date.now() })
}

/**
 * A job with a problem is a job, too.
 *
 * @returns what is planned for it; undefined for one with a problem
 * @throws Complaint (usage) when the schedule has none of this id
 */
export async function requireJob(
  id: string,
  flags: ScheduleFlags,
  settings: Settings,
): Promise<PlannedJob | undefined> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const ids = [...jobs.map((job) => job.id), ...problems.flatMap(({ job }) => job ?? [])]
  if (ids.includes(id)) return jobs.find((job) => job.id === id)
  throw noSuchJob(id, ids, schedulePath(flags, settings))
}

/** @param path  of the schedule */
export function noSuchJob(id: string, ids: readonly string[], path: string): Complaint {
  const nearest = nearestName(id, ids)
  return new Complaint(
    EXIT.usage,
    `There is no job "${id}" in ${path}. ${nearest === undefined ? '"cron-mission list" shows them all.' : `Did you mean ${nearest}?`}`,
  )
}

/** What the schedule's code prints, for a person; standard output is for answers. */
function print(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A line for whoever reads what cron mails. */
export function complain(sentence: string): void {
  process.stderr.write(`cron-mission: ${sentence}\n`)
}

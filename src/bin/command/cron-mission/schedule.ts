/**
 * The schedule that a command of `cron-mission` works on: where it is, and what it says.
 */
import { realpathSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Complaint, EXIT } from '../../../exit.ts'
import { findSchedule, loadSchedule } from '../../../schedule/language/load.ts'
import { nearestName } from '../../../schedule/language/nearest-name.ts'
import { type Plan, planSchedule } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'

export interface ScheduleFlags {
  readonly schedule?: string | undefined
}

export async function readSchedule(flags: ScheduleFlags, settings: Settings): Promise<Plan> {
  return planSchedule(await loadSchedule(schedulePath(flags, settings), libraryUrl()))
}

export function schedulePath(flags: ScheduleFlags, settings: Settings): string {
  if (flags.schedule !== undefined) return resolve(settings.directory, flags.schedule)
  const found = findSchedule(settings.directory)
  if (found !== undefined) return found
  throw new Complaint(
    EXIT.badConfig,
    `There is no schedule.ts in ${settings.directory}. Change to the project's directory, or name it with --directory or --schedule.`,
  )
}

/** A job with a problem is a job, too. @throws Complaint (usage) when the schedule has none of this id */
export async function requireJob(id: string, flags: ScheduleFlags, settings: Settings): Promise<void> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const ids = [...jobs.map((job) => job.id), ...problems.flatMap(({ job }) => job ?? [])]
  if (ids.includes(id)) return
  const nearest = nearestName(id, ids)
  throw new Complaint(
    EXIT.usage,
    `There is no job "${id}" in ${schedulePath(flags, settings)}. ${nearest === undefined ? '"cron-mission list" shows them all.' : `Did you mean ${nearest}?`}`,
  )
}

/** A line for whoever reads what cron mails. */
export function complain(sentence: string): void {
  process.stderr.write(`cron-mission: ${sentence}\n`)
}

/** What `import … from 'cron-mission'` gets in a schedule, also where the package is not installed. */
function libraryUrl(): string {
  const own = realpathSync(process.argv[1] ?? '')
  return pathToFileURL(join(dirname(own), '..', `index${extname(own)}`)).href
}

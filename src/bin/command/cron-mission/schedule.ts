/**
 * What the schedule says that a command of `cron-mission` works on.
 */
import { existsSync } from 'node:fs'
import { type CurrentPlan, currentPlan } from '../../../schedule/language/current-plan.ts'
import { loadPlan } from '../../../schedule/language/load-plan.ts'
import type { Settings } from '../../settings.ts'
import { libraryUrl, type ScheduleFlags, schedulePath } from './schedule-path.ts'

/** What the ticks go by. */
export type ReadSchedule = Pick<CurrentPlan, 'jobs' | 'problems'>

/** The plan that a tick would go by now. Where no tick ever was, to look makes no state directory either. */
export async function readSchedule(flags: ScheduleFlags, settings: Settings): Promise<ReadSchedule> {
  if (existsSync(settings.stateDirectory)) return planNow(flags, settings)
  return (await loadPlan(schedulePath(flags, settings), libraryUrl(), print)).plan
}

/** @param onOutput  gets what the schedule's code prints; standard error, when it is not given */
export function planNow(
  flags: ScheduleFlags,
  settings: Settings,
  onOutput: (line: string) => void = print,
): Promise<CurrentPlan> {
  const { stateDirectory } = settings
  return currentPlan(schedulePath(flags, settings), {
    ...{ stateDirectory, entryUrl: libraryUrl(), now: Date.now(), onOutput },
  })
}

/** For a person; standard output is for answers. */
function print(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A line for whoever reads what cron mails. */
export function complain(sentence: string): void {
  process.stderr.write(`cron-mission: ${sentence}\n`)
}

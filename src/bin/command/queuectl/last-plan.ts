/** The schedule as the last tick on this host has left it behind. It is not loaded: nobody waits for that, and nothing in it is run. */
import { execQueue } from '../../../queue/exec-queue.ts'
import { findSchedule } from '../../../schedule/language/load.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { type KeptPlan, PlanCache } from '../../../schedule/language/plan-cache.ts'
import type { Settings } from '../../settings.ts'

/** @returns undefined when no tick has left a plan on this host */
export function lastPlan({ directory, stateDirectory }: Settings): KeptPlan | undefined {
  const path = findSchedule(directory)
  return path === undefined ? undefined : new PlanCache(path, stateDirectory, undefined).last
}

/** The queue that a job works; undefined for one that only adds tasks. */
export function queueOf({ id, work }: PlannedJob): string | undefined {
  if (work.kind === 'queue') return work.queue
  return work.kind === 'exec' ? execQueue(id) : undefined
}

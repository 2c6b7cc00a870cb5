/**
 * What this host alone can tell the doctor: what the schedule works, and which task programs can be started.
 */
import type { Surroundings } from '../../../ctl/doctor/contents.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { whyNotStartable } from '../../../worker/startable.ts'
import type { Settings } from '../../settings.ts'
import { lastPlan, queueOf } from './last-plan.ts'

export function doctorSurroundings(settings: Settings): Surroundings {
  const plan = lastPlan(settings)
  return {
    plannedQueues: plan && new Set(plan.jobs.flatMap((job) => queueOf(job) ?? [])),
    purgeJob: plan?.jobs.find(purges)?.id,
    whyNot: (task) => whyNotStartable(settings.tasksDirectory, task, process.env.PATH ?? ''),
  }
}

function purges({ work }: PlannedJob): boolean {
  return work.kind === 'exec' && /\bqueuectl\b.* purge\b/.test(work.command.join(' '))
}

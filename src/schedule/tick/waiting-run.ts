/**
 * A run of a command that is `always()` at work and that waits with no worker to begin it: its program was ended, and is to go on.
 *
 * A tick sees to such runs by itself; whoever starts a single job in between asks here.
 */
import type { Driver } from '../../queue/driver.ts'
import { execQueue } from '../../queue/exec-queue.ts'
import type { PlannedJob } from '../language/plan.ts'
import { type CarryOutOptions, type CarryOutReport, runCommands } from './carry-out.ts'
import { Facts } from './facts.ts'
import { isOfCommand } from './launch.ts'
import { promoteDue } from './tick.ts'

const NOTHING: CarryOutReport = { started: [], unlaunched: [] }

/**
 * Of two that ask at once, the worker of one finds its seat taken and leaves.
 *
 * @param job  one that may run, and that the decision was not to start anew because a run of it is not finished
 */
export async function beginWaitingRun(db: Driver, job: PlannedJob, options: CarryOutOptions): Promise<CarryOutReport> {
  if (!isOfCommand(job) || !job.always) return NOTHING
  await promoteDue(db)
  const facts = new Facts(db, options.self.host)
  if (!(await facts.runs(job)).some(({ state }) => state === 'ready')) return NOTHING
  if ((await facts.holders(execQueue(job.id))).length > 0) return NOTHING
  return runCommands([job], [], options)
}

/**
 * Asking the functions of a schedule, with what they are told.
 */

import { BUCKETS } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { countReady } from '../../queue/store/count.ts'
import { oldestReady } from '../../queue/store/oldest.ts'
import { localTime } from '../../time/zone.ts'
import type { JobContext } from '../language/define.ts'
import type { JobFunctions } from '../language/functions.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { Facts } from './facts.ts'
import type { DueSlot } from './look-back.ts'

export type Option = 'onlyIf' | 'shards' | 'enqueue'
export type Answer = Awaited<ReturnType<JobFunctions['call']>>
export type Asker = (job: PlannedJob, option: Option, slot: DueSlot) => Promise<Answer>

const PENDING_CAP = 100_000
const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket)

/** @param functions  undefined where the schedule does not load, so that only its last good plan is known */
export function asker(
  db: Driver,
  facts: Facts,
  functions: JobFunctions | undefined,
  at: { readonly now: number; readonly host: string },
): Asker {
  return async (job, option, slot) => {
    if (functions === undefined) return { kind: 'failed', reason: 'cannot be asked: the schedule does not load' }
    return functions.call({ job: job.id, option, context: await contextOf(db, facts, job, slot, at) })
  }
}

async function contextOf(
  db: Driver,
  facts: Facts,
  job: PlannedJob,
  { slotAt }: DueSlot,
  { now, host }: { readonly now: number; readonly host: string },
): Promise<JobContext> {
  const { id, timezone, work } = job
  const queue = work.kind === 'queue' ? work.queue : undefined
  const pending = queue === undefined ? 0 : await countReady(db, queue, ALL_BUCKETS, PENDING_CAP)
  const oldest = queue === undefined || pending === 0 ? undefined : await oldestReady(db, queue)
  const running =
    queue === undefined
      ? work.kind === 'exec'
        ? (await facts.runs(job)).length
        : 0
      : (await facts.holders(queue)).filter((holder) => holder.job === id).length
  const last = await facts.last(id)
  return {
    job: id,
    slot: new Date(slotAt),
    local: localTime(timezone, slotAt).slice(0, 16),
    now: new Date(now),
    timezone,
    host,
    load: facts.load,
    pending,
    oldestSeconds: oldest === undefined ? 0 : Math.round(oldest / 1_000),
    running,
    last:
      last === undefined
        ? undefined
        : {
            slot: new Date(last.slotAt),
            endedAt: last.endedAt === undefined ? undefined : new Date(last.endedAt),
            outcome: last.outcome,
            exitCode: last.exitCode,
          },
  }
}

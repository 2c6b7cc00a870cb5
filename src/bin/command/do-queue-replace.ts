/**
 * `--replace`: a worker that takes the place of those that have its shards.
 */
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { takeOver } from '../../schedule/stop/take-over.ts'
import { formatDuration } from '../../time/duration.ts'
import { describeShards } from '../shards.ts'
import type { Plan } from './do-queue-plan.ts'

/** A worker of another host hears of it at its next beat. */
const TIMEOUT_MS = 60_000

/** @throws Complaint (busy) naming those that do not answer; they are told to leave all the same */
export async function replaceHolders(
  db: Driver,
  plan: Pick<Plan, 'queue' | 'total' | 'shards'>,
  timeoutMs = TIMEOUT_MS,
): Promise<void> {
  const notLeft = await takeOver(db, plan, timeoutMs)
  if (notLeft.length === 0) return
  const who = notLeft.map(({ host, pid, shards, total }) => `${host}:${pid} (${describeShards(shards, total)})`)
  throw new Complaint(
    EXIT.busy,
    `After ${formatDuration(timeoutMs)}, shard ${describeShards(plan.shards, plan.total)} of queue "${plan.queue}" was not handed over by ${who.join(', ')}. See what that process does, or end it.`,
  )
}

/**
 * What to do about a job that is due: a pure decision from the job and what the queue looks like.
 *
 * Only shards that have work are started, and none that a live worker holds already. Ten processes that find nothing cost
 * more than the work of a quiet hour.
 */
import { BUCKETS } from '../../queue/bucket.ts'
import type { Verdict } from '../../queue/store/slot.ts'
import type { Stop } from '../../queue/store/stop.ts'
import type { PlannedJob } from '../language/plan.ts'
import { stopReason } from './stop-words.ts'

export interface QueueView {
  /** Buckets with at least one ready row. */
  readonly readyBuckets: ReadonlySet<number>
  /** Shards of the job's total that live workers hold, and who they are. */
  readonly held: readonly { readonly shard: number; readonly host: string; readonly pid: number }[]
  /** What keeps the job from being started on this host. */
  readonly stop?: Stop | undefined
}

export interface Decision {
  readonly verdict: Extract<Verdict, 'started' | 'empty' | 'overlap' | 'paused' | 'stopped'>
  /** One clause for the ledger, the log and a person. */
  readonly reason: string
  /** The shards to start a worker for; empty unless the verdict is `started`. */
  readonly shards: readonly number[]
}

export function decide(job: PlannedJob, view: QueueView): Decision {
  if (job.paused !== undefined) return { verdict: 'paused', reason: job.paused, shards: [] }
  if (view.stop !== undefined) return { verdict: 'stopped', reason: stopReason(view.stop, job.timezone), shards: [] }
  const withWork = shardsWithWork(job.shards, view.readyBuckets)
  if (withWork.length === 0) return { verdict: 'empty', reason: `queue ${job.queue} has nothing ready`, shards: [] }
  const free = withWork.filter((shard) => !view.held.some((holder) => holder.shard === shard))
  const holders = view.held.map(({ shard, host, pid }) => `${shard} by ${host}:${pid}`).join(', ')
  if (free.length === 0) return { verdict: 'overlap', reason: `every shard with work is held: ${holders}`, shards: [] }
  const all = job.shards === 1 ? '1 shard' : `${job.shards} shards`
  const some = free.length === job.shards ? all : `${free.length} of ${all}`
  return { verdict: 'started', reason: holders === '' ? some : `${some}; held: ${holders}`, shards: free }
}

function shardsWithWork(total: number, ready: ReadonlySet<number>): number[] {
  const shards = new Set<number>()
  for (let bucket = 0; bucket < BUCKETS; bucket++) if (ready.has(bucket)) shards.add(bucket % total)
  return [...shards].toSorted((a, b) => a - b)
}

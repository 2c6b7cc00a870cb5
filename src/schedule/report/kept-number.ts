/**
 * How many shards of a job are to have a worker always, and which have one.
 */
import type { WorkerProcess } from '../../queue/store/stop.ts'
import type { PlannedJob } from '../language/plan.ts'

export interface KeptNumber {
  readonly job: string
  /** Null where a function of the schedule says how many. */
  readonly wanted: number | null
  readonly there: number
  /** The shards that nobody has. */
  readonly missing: readonly number[]
}

export function keptNumbers(jobs: readonly PlannedJob[], workers: readonly WorkerProcess[]): KeptNumber[] {
  return jobs.flatMap(({ id, always, work }) => {
    if (!always || work.kind !== 'queue') return []
    const wanted = work.shards === 'function' ? null : work.shards
    const seated = workers.filter(({ queue, hasSeat }) => queue === work.queue && hasSeat)
    const held = new Set(
      seated.filter(({ total }) => wanted === null || total === wanted).flatMap(({ shards }) => shards),
    )
    const missing = Array.from({ length: wanted ?? 0 }, (_, shard) => shard).filter((shard) => !held.has(shard))
    return [{ job: id, wanted, there: held.size, missing }]
  })
}

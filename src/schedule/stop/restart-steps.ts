/**
 * In which steps the workers of a job are replaced: which processes leave, and which come in their place.
 *
 * A step is as small as can be. Where the schedule says the same as before, one process comes for one that leaves. Where shards
 * are put together in other processes, or are of another total, those that share buckets leave together; where keys go by another rule
 * than before, all do, because all workers of a queue have one.
 */
import { bucketsOf } from '../../queue/bucket.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import { groupsOf, type JobOf, type QueueWork } from '../tick/launch.ts'

export interface RestartStep {
  readonly job: JobOf<QueueWork>
  /** Those that leave. */
  readonly old: readonly WorkerProcess[]
  readonly total: number
  /** The shards of each process that comes. */
  readonly groups: readonly (readonly number[])[]
}

/** @param old  the workers of the job on this host */
export function restartSteps(job: JobOf<QueueWork>, old: readonly WorkerProcess[]): RestartStep[] {
  const { shards, processes } = job.work
  const total = shards === 'function' ? (old[0]?.total ?? 1) : shards
  const isSameTotal = old.every((worker) => worker.total === total)
  const held = isSameTotal ? old.flatMap((worker) => worker.shards) : range(total)
  const groups = groupsOf(
    [...new Set(held)].toSorted((a, b) => a - b),
    processes,
  )
  if (old.some(({ perKey }) => perKey !== job.work.perKey)) return [{ job, old, total, groups }]
  let steps: RestartStep[] = []
  for (const group of groups) {
    const buckets = new Set(bucketsOf(total, group))
    const touched = old.filter((worker) => bucketsOf(worker.total, worker.shards).some((bucket) => buckets.has(bucket)))
    const joined = steps.filter((step) => step.old.some((worker) => touched.includes(worker)))
    const leaving = new Set([...joined.flatMap((step) => step.old), ...touched])
    const coming = [...joined.flatMap((step) => step.groups), group]
    steps = [...steps.filter((step) => !joined.includes(step)), { job, old: [...leaving], total, groups: coming }]
  }
  return steps
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

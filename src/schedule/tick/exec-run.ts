/**
 * A run of a job's command is a task: a row in a queue of its own, which only a worker that was started for the job works.
 *
 * So a run is retried, timed out, logged and rescued as any task is. The row says when and how often, never what: the command
 * stands in the schedule, and goes to the worker on its command line.
 */
import { bucketOfKey, randomBucket } from '../../queue/bucket.ts'
import { execQueue, slotText } from '../../queue/exec-queue.ts'
import type { TaskRow } from '../../queue/new-task.ts'
import type { PlannedJob } from '../language/plan.ts'

/** What is inserted for a run. Runs of a job go one after the other, unless it allows itself several. */
export function runRow(job: Pick<PlannedJob, 'id' | 'overlap' | 'retry' | 'timeoutMs'>, slotAt: number): TaskRow {
  const { id, overlap, retry, timeoutMs } = job
  const shardKey = overlap === 'allow' ? null : id
  return {
    queue: execQueue(id),
    task: id,
    param: slotText(slotAt),
    priority: 0,
    bucket: shardKey === null ? randomBucket() : bucketOfKey(shardKey),
    shardKey,
    uniqueKey: null,
    keepUnique: 0,
    inMs: 0,
    at: null,
    expiresAt: null,
    retry: retry === undefined || retry === '' ? 'none' : retry,
    maxAttempts: null,
    timeoutSeconds: timeoutMs === undefined ? null : Math.ceil(timeoutMs / 1_000),
  }
}

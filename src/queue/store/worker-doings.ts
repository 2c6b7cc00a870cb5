/**
 * What workers have claimed and not finished: which programs, how many of each, and for how long the oldest.
 */
import type { Driver, Value } from '../driver.ts'
import { limited } from './sql.ts'

export interface Doing {
  readonly task: string
  readonly count: number
  /** Since the oldest was claimed, by the database's clock. */
  readonly longestMs: number
}

const MOST_CLAIMS = 5_000

/** By the id of the worker that the rows name. */
export async function workerDoings(db: Driver): Promise<ReadonlyMap<number, readonly Doing[]>> {
  const { asMs, now, useIndex, runningIndex } = db.dialect
  const rows = await db.all<Record<string, Value>>(
    `SELECT worker_id, task, COUNT(*) AS count, MAX(for_ms) AS longest_ms FROM (
       SELECT worker_id, task, ${asMs(now)} - ${asMs('started_at')} AS for_ms
         FROM queue ${useIndex(runningIndex)}
        WHERE status = 2
        LIMIT ${limited(MOST_CLAIMS)}) AS claimed
      GROUP BY worker_id, task
      ORDER BY worker_id, task`,
  )
  const doings = new Map<number, Doing[]>()
  for (const { worker_id, task, count, longest_ms } of rows) {
    const doing = { task: String(task), count: Number(count), longestMs: Math.max(0, Number(longest_ms)) }
    doings.set(Number(worker_id), [...(doings.get(Number(worker_id)) ?? []), doing])
  }
  return doings
}

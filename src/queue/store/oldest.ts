/**
 * How long the oldest of the tasks that are next in turn has waited.
 *
 * The claim index gives the first row of each bucket at once; the oldest of all would need every row to be read.
 */
import { BUCKETS } from '../bucket.ts'
import type { Driver } from '../driver.ts'

/** @returns milliseconds, by the database's clock; undefined when nothing is ready */
export async function oldestReady(db: Driver, queue: string): Promise<number | undefined> {
  const { dialect } = db
  const heads = Array.from({ length: BUCKETS }, (_, bucket) =>
    dialect.limitedBranch(
      `SELECT id FROM queue ${dialect.useIndex('queue_claim')}
        WHERE queue = ? AND status = 0 AND bucket = ${bucket} ORDER BY priority, id LIMIT 1`,
    ),
  )
  const rows = await db.all<{ age: number | null }>(
    `SELECT ${dialect.asMs(dialect.now)} - MIN(${dialect.asMs(`queue.${dialect.added}`)}) AS age
       FROM (${heads.join(' UNION ALL ')}) AS heads INNER JOIN queue ON queue.id = heads.id`,
    new Array(BUCKETS).fill(queue),
  )
  const age = rows[0]?.age
  return age === null || age === undefined ? undefined : Math.max(0, Number(age))
}

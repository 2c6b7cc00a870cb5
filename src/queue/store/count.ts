/**
 * How much there is: never a count over millions.
 *
 * Whether a bucket has work is one probe of the claim index. Counts stop at a cap, so that a person who looks at a queue
 * does not hurt it; a count that equals the cap means "at least".
 */
import { BUCKETS } from '../bucket.ts'
import type { Driver } from '../driver.ts'
import { STATUS, STATUS_NAMES, type StatusName } from '../status.ts'
import { limited } from './sql.ts'

export const COUNT_CAP = 1_000_000

/** The buckets of `queue` that have at least one ready row. */
export async function readyBuckets(db: Driver, queue: string): Promise<Set<number>> {
  const probes = Array.from(
    { length: BUCKETS },
    (_, bucket) => `SELECT * FROM (
      SELECT ${bucket} AS bucket FROM queue ${db.dialect.useIndex('queue_claim')}
       WHERE queue = ? AND status = 0 AND bucket = ${bucket} LIMIT 1) AS bucket_${bucket}`,
  )
  const rows = await db.all<{ bucket: number }>(probes.join(' UNION ALL '), new Array(BUCKETS).fill(queue))
  return new Set(rows.map(({ bucket }) => Number(bucket)))
}

/** The ready rows of some buckets, counted up to the cap. */
export async function countReady(
  db: Driver,
  queue: string,
  buckets: readonly number[],
  cap = COUNT_CAP,
): Promise<number> {
  const rows = await db.all<{ count: number }>(
    `SELECT COUNT(*) AS count FROM (
       SELECT 1 AS one FROM queue ${db.dialect.useIndex('queue_claim')}
        WHERE queue = ? AND status = 0 AND bucket IN (${buckets.map(Number).join(', ')})
        LIMIT ${limited(cap)}) AS capped`,
    [queue],
  )
  return Number(rows[0]?.count ?? 0)
}

/** The rows of a queue in each state, each counted up to the cap. */
export async function counts(db: Driver, queue: string, cap = COUNT_CAP): Promise<Record<StatusName, number>> {
  const parts = STATUS_NAMES.map(
    (name) => `SELECT '${name}' AS name, (SELECT COUNT(*) FROM (
      SELECT 1 AS one FROM queue WHERE queue = ? AND status = ${STATUS[name]} LIMIT ${limited(cap)}) AS capped) AS count`,
  )
  const rows = await db.all<{ name: StatusName; count: number }>(
    parts.join(' UNION ALL '),
    STATUS_NAMES.map(() => queue),
  )
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)])) as Record<StatusName, number>
}

/**
 * Claiming: a look and a guarded write, not a lock.
 *
 * Read the first ready ids of our own buckets, then write our claim into them *only where nobody has*. Losing that race
 * is normal and costs one more look. It needs no SKIP LOCKED, holds no transaction open, and reads the same in MySQL,
 * MariaDB, Galera and SQLite. What we got is read back by the token we wrote, so a reply that was lost on its way costs
 * nothing either.
 */
import { randomInt } from 'node:crypto'
import { again } from '../again.ts'
import type { Driver, Value } from '../driver.ts'
import { type ClaimedRow, type ClaimedTask, claimedColumns, claimedTask } from './claimed-task.ts'
import { limited, marks, padded } from './sql.ts'

export interface ClaimRequest {
  readonly queue: string
  /** The buckets that are ours, each 0..59. */
  readonly buckets: readonly number[]
  /** At most so many rows. */
  readonly limit: number
  readonly workerId: number
  readonly filter?: TaskFilter
  /** How long a database that does not answer is asked again. */
  readonly patienceMs: number
  readonly onLost?: (error: Error) => void
}

/** Which tasks of a queue a backfill by hand is for; times are UTC milliseconds of the row's `ctime`. */
export interface TaskFilter {
  readonly task?: string
  readonly since?: number
  readonly until?: number
  readonly fromId?: number
  readonly toId?: number
}

/** After a lost race, choose at random among so many times the rows asked for: the others did not all lose too. */
const SPREAD_AFTER_LOSS = 4
/** How many times its even share of the rows is read from each bucket. */
const EVEN_SHARES = 4
const TOKEN_LIMIT = 2 ** 48 - 1

/** @returns the rows that are now this worker's, most urgent first; empty when none of its buckets has a ready row */
export async function claim(db: Driver, request: ClaimRequest): Promise<ClaimedTask[]> {
  const retrying = { forMs: request.patienceMs, ...(request.onLost && { onLost: request.onLost }) }
  for (let spread = 1; ; spread = SPREAD_AFTER_LOSS) {
    const found = await again(db.dialect, retrying, () => look(db, request, request.limit * spread))
    if (found.length === 0) return []

    const chosen = found.length <= request.limit ? found : sample(found, request.limit)
    const token = randomInt(1, TOKEN_LIMIT)
    const ids = chosen.toSorted((a, b) => a - b)
    const taken = await again(db.dialect, retrying, (attempt) => take(db, ids, token, request.workerId, attempt))
    if (taken.size < ids.length) await again(db.dialect, retrying, () => defer(db, ids))
    if (taken.size > 0) return chosen.flatMap((id) => taken.get(id) ?? [])
  }
}

/**
 * A plain read: one range of the claim index per bucket, each in order, so nothing is sorted but their few heads.
 *
 * Tasks spread evenly over the buckets, so a few rows of each are nearly always enough to find the first of all. Where
 * one bucket gave every row it was asked for, more of it may belong among them: then each is asked for all.
 */
export async function look(
  db: Driver,
  request: Pick<ClaimRequest, 'queue' | 'buckets' | 'filter'>,
  count: number,
): Promise<number[]> {
  const share = Math.min(count, EVEN_SHARES * Math.ceil(count / request.buckets.length))
  const found = await lookAtHeads(db, request, share, count)
  const isDeepEnough = share === count || mostOfOneBucket(found) < share
  return (isDeepEnough ? found : await lookAtHeads(db, request, count, count)).map(({ id }) => Number(id))
}

interface Head {
  id: number
  bucket: number
}

async function lookAtHeads(
  db: Driver,
  request: Pick<ClaimRequest, 'queue' | 'buckets' | 'filter'>,
  share: number,
  count: number,
): Promise<Head[]> {
  const filter = conditions(db, request.filter ?? {})
  const heads = request.buckets.map((bucket) =>
    db.dialect.limitedBranch(
      `SELECT id, priority, bucket FROM queue ${db.dialect.useIndex('queue_claim')}
        WHERE queue = ? AND status = 0 AND bucket = ${Number(bucket)}${filter.sql}
        ORDER BY priority, id LIMIT ${limited(share)}`,
    ),
  )
  return db.all<Head>(
    `${heads.join(' UNION ALL ')} ORDER BY priority, id LIMIT ${limited(count)}`,
    request.buckets.flatMap(() => [request.queue, ...filter.values]),
  )
}

function mostOfOneBucket(heads: readonly Head[]): number {
  const counts = new Map<number, number>()
  for (const { bucket } of heads) counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

function conditions(db: Driver, filter: TaskFilter): { sql: string; values: Value[] } {
  const parts: string[] = []
  const values: Value[] = []
  const add = (sql: string, value: Value | undefined) => {
    if (value === undefined) return
    parts.push(` AND ${sql}`)
    values.push(value)
  }
  add('task = ?', filter.task)
  add(`ctime >= ${db.dialect.fromMs('?')}`, filter.since)
  add(`ctime < ${db.dialect.fromMs('?')}`, filter.until)
  add('id >= ?', filter.fromId)
  add('id <= ?', filter.toId)
  return { sql: parts.join(''), values }
}

async function take(
  db: Driver,
  ids: readonly number[],
  token: number,
  workerId: number,
  attempt: number,
): Promise<Map<number, ClaimedTask>> {
  // When the answer to an earlier try was lost, the rows themselves know whether it had happened.
  const earlier = attempt === 0 ? undefined : await readBack(db, ids, token)
  if (earlier !== undefined && earlier.size > 0) return earlier

  const all = padded(ids)
  const { now } = db.dialect
  await db.run(
    `UPDATE queue
        SET status = 2, claim_token = ?, worker_id = ?,
            attempts = CASE WHEN attempts < 65535 THEN attempts + 1 ELSE attempts END,
            started_at = ${now}, finished_at = NULL, mtime = ${now}
      WHERE id IN (${marks(all.length)})
        AND status = 0            -- the WHERE is the lock: of many writers, one changes a row
        AND run_at <= ${now}`,
    [token, workerId, ...all],
  )
  return readBack(db, ids, token)
}

async function readBack(db: Driver, ids: readonly number[], token: number): Promise<Map<number, ClaimedTask>> {
  const all = padded(ids)
  const rows = await db.all<ClaimedRow>(
    `SELECT ${claimedColumns(db.dialect)}
       FROM queue
      WHERE id IN (${marks(all.length)})
        AND status = 2
        AND claim_token = ?`,
    [...all, token],
  )
  return new Map(rows.map((row) => [Number(row.id), claimedTask(row)]))
}

/** A producer's plain INSERT may be ready and have its `run_at` to come: it is scheduled then, and never run early. */
async function defer(db: Driver, ids: readonly number[]): Promise<void> {
  const all = padded(ids)
  await db.run(
    `UPDATE queue SET status = 4, mtime = ${db.dialect.now}
      WHERE id IN (${marks(all.length)})
        AND status = 0
        AND run_at > ${db.dialect.now}`,
    [...all],
  )
}

function sample(ids: readonly number[], count: number): number[] {
  const pool = [...ids]
  const chosen: number[] = []
  while (chosen.length < count) chosen.push(...pool.splice(randomInt(pool.length), 1))
  return chosen.toSorted((a, b) => ids.indexOf(a) - ids.indexOf(b))
}

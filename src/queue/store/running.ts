/**
 * The running rows of one worker, for whoever clears up after it; and the place of an output that came late.
 */
import { again } from '../again.ts'
import type { Dialect, Driver } from '../driver.ts'
import { type ClaimedRow, type ClaimedTask, claimedColumns, claimedTask } from './claimed-task.ts'
import type { OutputPlace } from './finish.ts'
import { LEASE_MS } from './seat.ts'
import { limited, marks } from './sql.ts'

export interface RunningTask extends ClaimedTask {
  /** Somebody has asked for it to be cancelled. */
  readonly cancelled: boolean
  /** How long ago it was claimed, in milliseconds by the database's clock. */
  readonly claimedMsAgo: number
}

/** At most `limit`, ascending: what is left shows once these are no longer running. */
export async function runningTasks(db: Driver, workerId: number, limit: number): Promise<RunningTask[]> {
  const { asMs, now } = db.dialect
  const rows = await db.all<ClaimedRow & { cancelled: number; claimed_ms_ago: number }>(
    `SELECT ${claimedColumns(db.dialect)},
            CASE WHEN cancel_at IS NULL THEN 0 ELSE 1 END AS cancelled,
            ${asMs(now)} - ${asMs('started_at')} AS claimed_ms_ago
       FROM queue ${db.dialect.useIndex(db.dialect.runningIndex)}
      WHERE status = 2 AND worker_id = ?
      ORDER BY id LIMIT ${limited(limit)}`,
    [workerId],
  )
  return rows.map((row) => ({
    ...claimedTask(row),
    cancelled: Number(row.cancelled) === 1,
    claimedMsAgo: Number(row.claimed_ms_ago),
  }))
}

export interface ClaimOfRow {
  readonly id: number
  readonly claimToken: number
}

/** Of attempts that are booked: those whose output has no place in a log yet. */
export async function withoutOutput(db: Driver, attempts: readonly ClaimOfRow[]): Promise<ClaimOfRow[]> {
  if (attempts.length === 0) return []
  const ids = attempts.map(({ id }) => id)
  const rows = await db.all<{ id: number; claim_token: number | null }>(
    `SELECT id, claim_token FROM queue WHERE id IN (${marks(ids.length)}) AND status <> 2 AND log_file IS NULL
     UNION SELECT task_id, claim_token FROM attempt WHERE task_id IN (${marks(ids.length)}) AND log_file IS NULL`,
    [...ids, ...ids],
  )
  return rows.map(({ id, claim_token }) => ({ id: Number(id), claimToken: Number(claim_token) }))
}

/** The output of an attempt that was booked without one is in the log now. */
export async function placeOutput(
  db: Driver,
  attempt: ClaimOfRow,
  place: OutputPlace,
  patienceMs: number,
): Promise<void> {
  const values = [place.file, place.offset, place.bytes, attempt.id, attempt.claimToken]
  const set = 'SET log_file = ?, log_offset = ?, log_bytes = ?'
  await again(db.dialect, { forMs: patienceMs }, async () => {
    await db.run(`UPDATE queue ${set} WHERE id = ? AND claim_token = ? AND log_file IS NULL`, values)
    await db.run(`UPDATE attempt ${set} WHERE task_id = ? AND claim_token = ? AND log_file IS NULL`, values)
  })
}

/**
 * Running rows of workers that have no row any more, claimed a lease ago. A worker's row goes only when nothing is claimed by
 * it, so the server carried their claim out afterwards, when nobody was there to hear of it: they were never started. And
 * should somebody have deleted the row of a worker that lives, that one has noticed, and stopped its programs.
 */
export async function strayTasks(db: Driver, limit: number): Promise<ClaimedTask[]> {
  const rows = await db.all<ClaimedRow>(
    `SELECT ${claimedColumns(db.dialect)}
       FROM queue ${db.dialect.useIndex(db.dialect.runningIndex)}
      WHERE ${isStray(db.dialect)}
      ORDER BY id LIMIT ${limited(limit)}`,
    [STRAY_AFTER_MS],
  )
  return rows.map(claimedTask)
}

/** How long ago a stray was claimed at least, as the one value of its condition. */
export const STRAY_AFTER_MS = -LEASE_MS

export function isStray(dialect: Dialect): string {
  return `status = 2 AND worker_id IS NOT NULL AND started_at <= ${dialect.fromNow('?')}
        AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = queue.worker_id)`
}

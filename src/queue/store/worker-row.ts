/**
 * The rows of `worker`, read by whoever looks for workers that have died.
 *
 * The table is small: the workers that live, and those that left claimed rows behind.
 */
import { again } from '../again.ts'
import { DEFAULT_CRASH, isCrashPolicy } from '../crash-policy.ts'
import type { Driver, Value } from '../driver.ts'
import type { ProcessIdentity, SeatTerms } from './seat.ts'

export interface WorkerRow extends ProcessIdentity, SeatTerms {
  readonly workerId: number
  readonly queue: string
  readonly total: number
  readonly shard: number
  /** The lease is over by the database's clock. */
  readonly leaseOver: boolean
}

/** How long the lease of a worker that has died is made to last while its programs run: a tick a minute keeps it up. */
export const ADOPTED_LEASE_MS = 150_000

export async function workerRows(db: Driver): Promise<WorkerRow[]> {
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, queue, total, shard, host, boot_id, pid, pid_start, job, state_directory, retry, crash, timeout_ms,
            CASE WHEN lease_until <= ${db.dialect.now} THEN 1 ELSE 0 END AS lease_over
       FROM worker ORDER BY id`,
  )
  return rows.map((row) => ({
    workerId: Number(row.id),
    queue: String(row.queue),
    total: Number(row.total),
    shard: Number(row.shard),
    host: String(row.host),
    bootId: String(row.boot_id),
    pid: Number(row.pid),
    pidStart: Number(row.pid_start),
    job: row.job === null ? null : String(row.job),
    stateDirectory: String(row.state_directory),
    retry: String(row.retry),
    crash: isCrashPolicy(row.crash) ? row.crash : DEFAULT_CRASH,
    timeoutMs: row.timeout_ms === null ? null : Number(row.timeout_ms),
    leaseOver: Number(row.lease_over) === 1,
  }))
}

/** A worker that has died gives up its seats; its lease lasts on while somebody sees to what it left behind. */
export async function keepForDead(db: Driver, workerId: number, patienceMs: number): Promise<void> {
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(`UPDATE worker SET seat = NULL, lease_until = ${db.dialect.fromNow('?')} WHERE id = ?`, [
      ADOPTED_LEASE_MS,
      workerId,
    ]),
  )
}

/**
 * Takes a worker whose lease is over out of the game. Of many who try, one changes the row: that one clears up after it,
 * and has as long as an adopted lease for that.
 */
export async function expireWorker(db: Driver, workerId: number, patienceMs: number): Promise<boolean> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const { changed } = await db.run(
      `UPDATE worker SET seat = NULL, lease_until = ${db.dialect.fromNow('?')}
        WHERE id = ? AND lease_until <= ${db.dialect.now}`,
      [ADOPTED_LEASE_MS, workerId],
    )
    return changed === 1
  })
}

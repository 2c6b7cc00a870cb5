/**
 * Seats: one live worker per (queue, total, shard).
 *
 * A worker takes a seat by inserting a row whose `seat` is unique, and keeps it by renewing a lease on the database's
 * clock. The row of a worker that is dead loses its seat and stays, because rows it had claimed still point to it.
 */
import { again } from '../again.ts'
import type { CrashPolicy } from '../crash-policy.ts'
import type { Driver, Value } from '../driver.ts'
import { type LeaveHow, readLeaveHow } from '../leave-how.ts'
import { marks } from './sql.ts'

export interface Seat {
  readonly queue: string
  readonly total: number
  readonly shard: number
}

/** Which process this is, told apart from any other that had its number before. */
export interface ProcessIdentity {
  readonly host: string
  /** Changes with every boot of the host. */
  readonly bootId: string
  readonly pid: number
  /** When the process started, in clock ticks since boot. */
  readonly pidStart: number
}

/** What whoever has to clear up after this worker must know. */
export interface SeatTerms {
  /** The job of the schedule that it belongs to. */
  readonly job: string | null
  /** Where the directories of its workers are, on its host. */
  readonly stateDirectory: string
  /** For rows that bring no list of delays of their own. */
  readonly retry: string
  readonly crash: CrashPolicy
  /** For rows that bring no time limit of their own. */
  readonly timeoutMs: number | null
  /** Tasks of one key that run at once, while keys take turns; undefined where each key is a lane. */
  readonly perKey?: number | undefined
}

export interface SeatHolder extends ProcessIdentity, Seat {
  readonly workerId: number
  /** UTC milliseconds, by the database's clock. */
  readonly since: number
  /** The lease is over by the database's clock. */
  readonly leaseOver: boolean
  /** As its terms have it. */
  readonly perKey: number | undefined
}

export type Seating =
  | { readonly kind: 'seated'; readonly workerId: number }
  | { readonly kind: 'taken'; readonly holder: SeatHolder }

/** How often a worker renews, and how long it is believed alive without. */
export const BEAT_MS = 15_000
export const LEASE_MS = 60_000

/** @param isGone  whether the holder is known to be dead before its lease is over: a process of this host that ended */
export async function takeSeat(
  db: Driver,
  seat: Seat,
  self: ProcessIdentity,
  terms: SeatTerms,
  isGone: (holder: SeatHolder) => boolean,
): Promise<Seating> {
  for (;;) {
    try {
      const { insertId } = await db.run(
        `INSERT INTO worker (queue, total, shard, seat, host, boot_id, pid, pid_start,
                             job, state_directory, retry, crash, timeout_ms, per_key, lease_until)
         VALUES (${marks(14)}, ${db.dialect.fromNow('?')})`,
        [
          ...[seat.queue, seat.total, seat.shard, seatName(seat)],
          ...[self.host, self.bootId, self.pid, self.pidStart],
          ...[terms.job, terms.stateDirectory, terms.retry, terms.crash, terms.timeoutMs, terms.perKey ?? null],
          LEASE_MS,
        ],
      )
      return { kind: 'seated', workerId: insertId }
    } catch (error) {
      if (!db.dialect.isDuplicate(error)) throw error
    }
    const holder = (await seatHolders(db, seat.queue, seat.total)).find(({ shard }) => shard === seat.shard)
    if (holder === undefined) continue
    const gone = isGone(holder)
    if (!gone && !holder.leaseOver) return { kind: 'taken', holder }
    await unseat(db, holder.workerId, gone)
  }
}

/** The live and the not yet unseated holders of a queue's shards, for one total. */
export async function seatHolders(db: Driver, queue: string, total: number): Promise<SeatHolder[]> {
  return (await readHolders(db, 'queue = ? AND total = ?', [queue, total])).map(({ job: _, ...holder }) => holder)
}

async function readHolders(db: Driver, condition: string, values: readonly Value[]): Promise<JobSeatHolder[]> {
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, queue, total, shard, host, boot_id, pid, pid_start, job, per_key, ${db.dialect.asMs('started_at')} AS since,
            CASE WHEN lease_until <= ${db.dialect.now} THEN 1 ELSE 0 END AS lease_over
       FROM worker
      WHERE ${condition} AND seat IS NOT NULL`,
    values,
  )
  return rows.map((row) => ({
    workerId: Number(row.id),
    queue: String(row.queue),
    total: Number(row.total),
    job: row.job === null ? null : String(row.job),
    shard: Number(row.shard),
    host: String(row.host),
    bootId: String(row.boot_id),
    pid: Number(row.pid),
    pidStart: Number(row.pid_start),
    since: Number(row.since),
    leaseOver: Number(row.lease_over) === 1,
    perKey: row.per_key === null ? undefined : Number(row.per_key),
  }))
}

export interface JobSeatHolder extends SeatHolder {
  /** The job it was started for; null for one that a person started. */
  readonly job: string | null
}

/** Who holds the shards of a queue, of whatever total. */
export async function queueHolders(db: Driver, queue: string): Promise<JobSeatHolder[]> {
  return (await readHolders(db, 'queue = ?', [queue])).map(({ job, ...holder }) => ({ ...holder, job }))
}

export interface Renewal {
  /** The workers whose seat is still theirs; one that is missing was unseated. */
  readonly held: readonly number[]
  /** Somebody asked one of them to leave, and how. */
  readonly leave: LeaveHow | undefined
}

/** Another beat: the lease of these workers begins anew, for those that still have their seat. */
export async function renewSeats(db: Driver, workerIds: readonly number[], patienceMs: number): Promise<Renewal> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    await db.run(
      `UPDATE worker SET beat_at = ${db.dialect.now}, lease_until = ${db.dialect.fromNow('?')}
        WHERE id IN (${marks(workerIds.length)}) AND seat IS NOT NULL`,
      [LEASE_MS, ...workerIds],
    )
    const rows = await db.all<{ id: number; asked: number; leave_how: number | null }>(
      `SELECT id, CASE WHEN drain_at IS NULL THEN 0 ELSE 1 END AS asked, leave_how
         FROM worker WHERE id IN (${marks(workerIds.length)}) AND seat IS NOT NULL`,
      workerIds,
    )
    const asked = rows.find(({ asked }) => Number(asked) === 1)
    const leave = asked && readLeaveHow(asked.leave_how, true)
    return { held: rows.map(({ id }) => Number(id)), leave }
  })
}

/** A worker that leaves with nothing claimed leaves no trace; one that has rows stays to say by what terms they are its. */
export async function leaveSeats(db: Driver, workerIds: readonly number[], patienceMs: number): Promise<void> {
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(
      `DELETE FROM worker
        WHERE id IN (${marks(workerIds.length)})
          AND NOT EXISTS (SELECT 1 FROM queue WHERE queue.status = 2 AND queue.worker_id = worker.id)`,
      workerIds,
    ),
  )
}

async function unseat(db: Driver, workerId: number, knownGone: boolean): Promise<void> {
  const guard = knownGone ? '' : ` AND lease_until <= ${db.dialect.now}`
  await db.run(`UPDATE worker SET seat = NULL WHERE id = ?${guard}`, [workerId])
}

function seatName({ queue, total, shard }: Seat): string {
  return `${queue}/${total}/${shard}`
}

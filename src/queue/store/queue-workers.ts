/**
 * The worker processes of a queue as a person asks about them: which shards they hold, when they were heard from, what they have.
 */
import type { Driver, Value } from '../driver.ts'
import type { ProcessIdentity } from './seat.ts'
import { limited, marks } from './sql.ts'

/** Times are UTC milliseconds, by the database's clock. */
export interface QueueWorker extends ProcessIdentity {
  /** What claimed rows name: the first of its rows in `worker`. */
  readonly workerId: number
  readonly total: number
  /** Ascending; empty when it has lost its seats, so that others may have them. */
  readonly shards: readonly number[]
  /** Null for one that a person started. */
  readonly job: string | null
  readonly since: number
  /** When it renewed its lease last, and until when it is believed alive. */
  readonly heardAt: number
  readonly leaseUntil: number
  /** It was asked to leave: it claims no more. */
  readonly isLeaving: boolean
  readonly crash: string
  readonly timeoutMs: number | null
  /** Tasks of one key that it lets run at once; undefined where each key is a lane. */
  readonly perKey: number | undefined
  readonly stateDirectory: string
  /** Tasks it has claimed and not finished, counted up to `MOST_RUNNING`. */
  readonly running: number
}

export const MOST_RUNNING = 1_000

/** @param workerId  its process is among them, whatever its queue is */
export async function queueWorkers(db: Driver, queue: string, workerId: number | null): Promise<QueueWorker[]> {
  const { asMs } = db.dialect
  const rows = await db.all<Row>(
    `SELECT id, total, shard, CASE WHEN seat IS NULL THEN 0 ELSE 1 END AS seated, host, boot_id, pid, pid_start, job,
            ${asMs('started_at')} AS since, ${asMs('beat_at')} AS heard_at, ${asMs('lease_until')} AS lease_until,
            CASE WHEN drain_at IS NULL THEN 0 ELSE 1 END AS leaving, crash, timeout_ms, per_key, state_directory
       FROM worker
      WHERE queue = ? OR id = ?
      ORDER BY id`,
    [queue, workerId ?? 0],
  )
  const processes = Map.groupBy(rows, ({ host, boot_id, pid, pid_start }) => `${host} ${boot_id} ${pid} ${pid_start}`)
  const running = await countRunning(
    db,
    rows.map(({ id }) => Number(id)),
  )
  return [...processes.values()].map((own) => workerOf(own, running))
}

type Row = Readonly<Record<string, Value>>

/** By the id of the worker. */
async function countRunning(db: Driver, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (ids.length === 0) return new Map()
  const rows = await db.all<{ worker_id: number; count: number }>(
    `SELECT worker_id, COUNT(*) AS count FROM (
       SELECT worker_id FROM queue ${db.dialect.useIndex(db.dialect.runningIndex)}
        WHERE status = 2 AND worker_id IN (${marks(ids.length)})
        LIMIT ${limited(MOST_RUNNING)}) AS claimed
      GROUP BY worker_id`,
    ids,
  )
  return new Map(rows.map((row) => [Number(row.worker_id), Number(row.count)]))
}

function workerOf(rows: readonly Row[], running: ReadonlyMap<number, number>): QueueWorker {
  const first = rows[0] as Row
  const each = (column: string) => rows.map((row) => Number(row[column]))
  return {
    host: String(first.host),
    bootId: String(first.boot_id),
    pid: Number(first.pid),
    pidStart: Number(first.pid_start),
    workerId: Number(first.id),
    total: Number(first.total),
    shards: rows
      .filter(({ seated }) => Number(seated) === 1)
      .map(({ shard }) => Number(shard))
      .toSorted((a, b) => a - b),
    job: first.job === null ? null : String(first.job),
    since: Math.min(...each('since')),
    heardAt: Math.max(...each('heard_at')),
    leaseUntil: Math.max(...each('lease_until')),
    isLeaving: each('leaving').includes(1),
    crash: String(first.crash),
    perKey: first.per_key === null ? undefined : Number(first.per_key),
    timeoutMs: first.timeout_ms === null ? null : Number(first.timeout_ms),
    stateDirectory: String(first.state_directory),
    running: each('id').reduce((sum, id) => sum + (running.get(id) ?? 0), 0),
  }
}

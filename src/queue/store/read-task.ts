/**
 * One task with every fact of its row, the worker that has it, and the attempts that did not finish it.
 */

import type { Driver } from '../driver.ts'
import { STATUS, type StatusName, statusName } from '../status.ts'
import { type Columns, number, text } from './columns.ts'
import type { OutputPlace } from './finish.ts'
import { inTheWay } from './lane.ts'
import { limited } from './sql.ts'

/** How an attempt ended and where its output stands. Times are UTC milliseconds. */
export interface Ending {
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly error: string | null
  readonly output: OutputPlace | null
  readonly cpuMs: number | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
}

/** A row of `queue`; its ending is that of the last attempt. Times are UTC milliseconds. */
export interface TaskFacts extends Ending {
  readonly id: number
  readonly state: StatusName | `${number}`
  readonly queue: string
  readonly task: string
  readonly param: string
  readonly paramBytes: number
  readonly priority: number
  readonly bucket: number
  readonly shardKey: string | null
  readonly uniqueKey: string | null
  readonly keepUnique: boolean
  readonly attempts: number
  readonly maxAttempts: number | null
  readonly retry: string | null
  readonly timeoutSeconds: number | null
  readonly crashes: number
  readonly addedAt: number
  readonly changedAt: number
  readonly runAt: number
  readonly expiresAt: number | null
  readonly cancelAt: number | null
  /** Which command holds it: null for a person, and for the crash policy. */
  readonly heldFor: string | null
  readonly claimToken: number | null
  readonly workerId: number | null
  /** Null when it never had one, or that one has left. */
  readonly worker: TaskWorker | null
  /** What keeps a waiting task from being started: one of the same key that is before it, or that runs. */
  readonly behind: InTheWay | null
  /** The attempts that did not finish it, oldest first: the last `PAST_ATTEMPTS` of them. */
  readonly past: readonly PastAttempt[]
  /** Now by the database's clock. */
  readonly now: number
}

export interface TaskWorker {
  readonly host: string
  readonly pid: number
  readonly shard: number
  readonly total: number
  /** The list of delays it goes by where a row brings none. */
  readonly retry: string
  readonly leaseRunning: boolean
}

export interface InTheWay {
  readonly id: number
  readonly state: StatusName | `${number}`
}

export interface PastAttempt extends Ending {
  readonly attempt: number
  /** The kind of the outcome: `exit`, `signal`, `timeout`, … */
  readonly outcome: string
}

/** As many attempts of a task are read: a task that always says "try later" has any number of them. */
export const PAST_ATTEMPTS = 50

/** The id of no worker: what anybody runs is in the way. */
const NO_WORKER = 0

/** @returns undefined when there is no such task */
export async function readTask(db: Driver, id: number): Promise<TaskFacts | undefined> {
  const [row] = await db.all<Columns>(selectTask(db), [id])
  if (row === undefined) return undefined
  return {
    id: Number(row.id),
    state: statusName(Number(row.status)),
    queue: String(row.queue),
    task: String(row.task),
    param: String(row.param ?? ''),
    paramBytes: Number(row.param_bytes ?? 0),
    priority: Number(row.priority),
    bucket: Number(row.bucket),
    shardKey: text(row, 'shard_key'),
    uniqueKey: text(row, 'unique_key'),
    keepUnique: Number(row.keep_unique) === 1,
    attempts: Number(row.attempts),
    maxAttempts: number(row, 'max_attempts'),
    retry: text(row, 'retry'),
    timeoutSeconds: number(row, 'timeout_s'),
    crashes: Number(row.crashes),
    addedAt: Number(row.added_at),
    changedAt: Number(row.changed_at),
    runAt: Number(row.run_at_ms),
    expiresAt: number(row, 'expires_at_ms'),
    cancelAt: number(row, 'cancel_at_ms'),
    heldFor: text(row, 'held_for'),
    claimToken: number(row, 'claim_token'),
    workerId: number(row, 'worker_id'),
    worker: workerOf(row),
    ...ending(row),
    behind: await readBehind(db, row),
    past: await readPast(db, id),
    now: Number(row.now_ms),
  }
}

const ENDING = ['exit_code', 'exit_signal', 'error', 'log_file', 'log_offset', 'log_bytes', 'cpu_ms'] as const

function selectTask({ dialect: { asMs, now, added, bytesOf } }: Driver): string {
  return `
    SELECT queue.id, queue.queue, task, param, ${bytesOf('param')} AS param_bytes, status, priority, bucket, shard_key,
           unique_key, keep_unique, attempts, max_attempts, queue.retry, timeout_s, crashes, held_for, claim_token,
           worker_id, ${ENDING.join(', ')},
           ${asMs('queue.started_at')} AS started_at_ms, ${asMs('finished_at')} AS finished_at_ms,
           ${asMs(added)} AS added_at, ${asMs('mtime')} AS changed_at, ${asMs('run_at')} AS run_at_ms,
           ${asMs('expires_at')} AS expires_at_ms, ${asMs('cancel_at')} AS cancel_at_ms, ${asMs(now)} AS now_ms,
           worker.host, worker.pid, worker.shard, worker.total, worker.retry AS worker_retry,
           CASE WHEN worker.lease_until > ${now} THEN 1 ELSE 0 END AS lease_running
      FROM queue LEFT JOIN worker ON worker.id = queue.worker_id
     WHERE queue.id = ?`
}

async function readPast(db: Driver, id: number): Promise<PastAttempt[]> {
  const { asMs } = db.dialect
  const rows = await db.all<Columns>(
    `SELECT attempt, outcome, ${ENDING.join(', ')},
            ${asMs('started_at')} AS started_at_ms, ${asMs('finished_at')} AS finished_at_ms
       FROM attempt
      WHERE task_id = ?
      ORDER BY id DESC LIMIT ${limited(PAST_ATTEMPTS)}`,
    [id],
  )
  return rows
    .map((row) => ({ attempt: Number(row.attempt), outcome: String(row.outcome), ...ending(row) }))
    .toReversed()
}

async function readBehind(db: Driver, { id, queue, status, shard_key: key }: Columns): Promise<InTheWay | null> {
  const isWaiting = Number(status) === STATUS.ready || Number(status) === STATUS.scheduled
  if (!isWaiting || key === null) return null
  const { dialect } = db
  const before = dialect.limitedBranch(
    `SELECT id, status FROM queue ${dialect.useIndex('queue_lane')}
      WHERE lane = ? AND queue = ? AND id < ? AND ${inTheWay(dialect)}
      ORDER BY id LIMIT 1`,
  )
  // A later one that runs is found among the few that run: the lane may be long.
  const rows = await db.all<{ id: number; status: number }>(
    `${before}
      UNION ALL
     SELECT id, status FROM queue ${dialect.useIndex(dialect.runningIndex)}
      WHERE status = 2 AND queue = ? AND shard_key = ?`,
    [key ?? null, queue ?? null, id ?? null, NO_WORKER, queue ?? null, key ?? null],
  )
  const [first] = rows.toSorted((a, b) => Number(a.id) - Number(b.id))
  return first === undefined ? null : { id: Number(first.id), state: statusName(Number(first.status)) }
}

function workerOf(row: Columns): TaskWorker | null {
  if (row.host === null) return null
  return {
    host: String(row.host),
    pid: Number(row.pid),
    shard: Number(row.shard),
    total: Number(row.total),
    retry: String(row.worker_retry),
    leaseRunning: Number(row.lease_running) === 1,
  }
}

export function ending(row: Columns): Ending {
  const file = text(row, 'log_file')
  return {
    exitCode: number(row, 'exit_code'),
    exitSignal: text(row, 'exit_signal'),
    error: text(row, 'error'),
    output: file === null ? null : { file, offset: Number(row.log_offset), bytes: Number(row.log_bytes) },
    cpuMs: number(row, 'cpu_ms'),
    startedAt: number(row, 'started_at_ms'),
    finishedAt: number(row, 'finished_at_ms'),
  }
}

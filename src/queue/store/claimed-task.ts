/** A row under a claim, as whoever runs it or clears up after it needs it. */
import type { Dialect } from '../driver.ts'
import { LET_GO } from './set-aside.ts'

export interface ClaimedTask {
  readonly id: number
  readonly claimToken: number
  readonly queue: string
  readonly task: string
  readonly param: string
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly maxAttempts: number | null
  readonly retry: string | null
  readonly timeoutSeconds: number | null
  /** UTC milliseconds. */
  readonly expiresAt: number | null
  /** When it expires on the clock of `performance.now()`, from what the database's clock said; null for never. */
  readonly uselessAt: number | null
  /** Tasks with one key run one at a time, in the order of their ids. */
  readonly shardKey: string | null
  /** Attempts that ended in a crash or by a signal, the last ones in a row. */
  readonly crashes: number
  /** A person let it go although its program may be paused. */
  readonly isLetGo?: boolean
}

export interface ClaimedRow {
  id: number
  claim_token: number
  queue: string
  task: string
  task_bytes: number
  /** NULL only in a table that was taken over, where it means an empty one. */
  param: string | null
  param_bytes: number | null
  attempts: number
  max_attempts: number | null
  retry: string | null
  timeout_s: number | null
  expires_at: number | null
  expires_in: number | null
  shard_key: string | null
  crashes: number
  held_for: string | null
}

/** What is selected of a row to make a `ClaimedTask` of it. */
export function claimedColumns({ asMs, now, bytesOf }: Dialect): string {
  return `queue.id, claim_token, queue, task, OCTET_LENGTH(task) AS task_bytes, param, ${bytesOf('param')} AS param_bytes,
          attempts, max_attempts, retry, timeout_s, shard_key, crashes, held_for,
          ${asMs('expires_at')} AS expires_at,
          ${asMs('expires_at')} - ${asMs(now)} AS expires_in`
}

export function claimedTask(row: ClaimedRow): ClaimedTask {
  return {
    id: Number(row.id),
    claimToken: Number(row.claim_token),
    queue: row.queue,
    task: whole(row.task, row.task_bytes),
    param: whole(row.param ?? '', row.param_bytes ?? 0),
    attempt: row.attempts,
    maxAttempts: row.max_attempts,
    retry: row.retry,
    timeoutSeconds: row.timeout_s,
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    uselessAt: row.expires_in === null ? null : performance.now() + Number(row.expires_in),
    shardKey: row.shard_key,
    crashes: Number(row.crashes),
    ...(row.held_for === LET_GO ? { isLetGo: true } : {}),
  }
}

/**
 * Node 22 cuts a text of SQLite at its first NUL, and bytes that are no UTF-8 are replaced: a text that is not what stands
 * in the row gets the NUL back, so that it is refused as what it is.
 */
function whole(text: string, bytes: number): string {
  return Buffer.byteLength(text) === Number(bytes) ? text : `${text}\0`
}

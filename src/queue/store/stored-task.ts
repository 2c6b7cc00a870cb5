/**
 * A task as it is written down, with the attempts that did not finish it: what is carried from one table to another, whole.
 */

import type { Driver } from '../driver.ts'
import { type Columns, number, text } from './columns.ts'
import { type Ending, ending } from './read-task.ts'
import { marks, padded } from './sql.ts'

/** Times are UTC milliseconds. Its ending is that of the last attempt. */
export interface StoredTask extends Ending {
  readonly id: number
  readonly status: number
  readonly heldFor: string | null
  readonly queue: string
  readonly task: string
  readonly param: string
  /** What stands in the table; the text is another one where this is not UTF-8. */
  readonly paramBytes: number
  readonly priority: number
  readonly bucket: number
  readonly shardKey: string | null
  readonly uniqueKey: string | null
  readonly keepUnique: 0 | 1
  readonly runAt: number
  readonly expiresAt: number | null
  readonly attempts: number
  readonly crashes: number
  readonly maxAttempts: number | null
  readonly retry: string | null
  readonly timeoutSeconds: number | null
  readonly addedAt: number
  /** Oldest first. */
  readonly past: readonly StoredAttempt[]
}

export interface StoredAttempt extends Ending {
  readonly attempt: number
  /** Of two attempts of one task these differ. */
  readonly claimToken: number
  readonly outcome: string
}

/**
 * False where the param is not what stands in the table: SQLite keeps any bytes as text, of which Node 22 reads those before
 * the first NUL, and puts a sign in the place of what is no UTF-8.
 */
export function isWhole({ param, paramBytes }: Pick<StoredTask, 'param' | 'paramBytes'>): boolean {
  return Buffer.byteLength(param) === paramBytes
}

const ENDING = 'exit_code, exit_signal, error, log_file, log_offset, log_bytes, cpu_ms'

/** @returns those that there are, in the order of their ids */
export async function readStored(db: Driver, ids: readonly number[]): Promise<StoredTask[]> {
  if (ids.length === 0) return []
  const all = padded(ids)
  const { asMs, added, bytesOf } = db.dialect
  const rows = await db.all<Columns>(
    `SELECT id, status, held_for, queue, task, param, ${bytesOf('param')} AS param_bytes, priority, bucket, shard_key,
            unique_key, keep_unique, attempts, crashes, max_attempts, retry, timeout_s, ${ENDING},
            ${asMs('run_at')} AS run_at_ms, ${asMs('expires_at')} AS expires_at_ms, ${asMs(added)} AS added_ms,
            ${asMs('started_at')} AS started_at_ms, ${asMs('finished_at')} AS finished_at_ms
       FROM queue
      WHERE id IN (${marks(all.length)})
      ORDER BY id`,
    [...all],
  )
  const past = await readAttempts(db, all)
  return rows.map((row) => storedTask(row, past.get(Number(row.id)) ?? []))
}

async function readAttempts(db: Driver, taskIds: readonly number[]): Promise<Map<number, StoredAttempt[]>> {
  const { asMs } = db.dialect
  const rows = await db.all<Columns>(
    `SELECT task_id, attempt, claim_token, outcome, ${ENDING},
            ${asMs('started_at')} AS started_at_ms, ${asMs('finished_at')} AS finished_at_ms
       FROM attempt
      WHERE task_id IN (${marks(taskIds.length)})
      ORDER BY id`,
    [...taskIds],
  )
  const byTask = new Map<number, StoredAttempt[]>()
  for (const row of rows) {
    const attempt = {
      attempt: Number(row.attempt),
      claimToken: Number(row.claim_token),
      outcome: String(row.outcome),
      ...ending(row),
    }
    const id = Number(row.task_id)
    byTask.set(id, [...(byTask.get(id) ?? []), attempt])
  }
  return byTask
}

function storedTask(row: Columns, past: readonly StoredAttempt[]): StoredTask {
  return {
    id: Number(row.id),
    status: Number(row.status),
    heldFor: text(row, 'held_for'),
    queue: String(row.queue),
    task: String(row.task),
    param: String(row.param ?? ''),
    paramBytes: Number(row.param_bytes ?? 0),
    priority: Number(row.priority),
    bucket: Number(row.bucket),
    shardKey: text(row, 'shard_key'),
    uniqueKey: text(row, 'unique_key'),
    keepUnique: Number(row.keep_unique) === 1 ? 1 : 0,
    runAt: Number(row.run_at_ms),
    expiresAt: number(row, 'expires_at_ms'),
    attempts: Number(row.attempts),
    crashes: Number(row.crashes),
    maxAttempts: number(row, 'max_attempts'),
    retry: text(row, 'retry'),
    timeoutSeconds: number(row, 'timeout_s'),
    addedAt: Number(row.added_ms),
    ...ending(row),
    past,
  }
}

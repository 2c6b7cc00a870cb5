/**
 * What runs now, in all queues: which tasks are claimed, by which worker and for how long.
 *
 * A worker may have claimed a few that it has not started yet. How many there are is bounded by the workers; how many are read
 * is, too.
 */
import type { Driver, Value } from '../driver.ts'
import { limited, marks, padded } from './sql.ts'

export interface RunningClaim {
  readonly id: number
  readonly queue: string
  readonly workerId: number | null
  readonly claimToken: number
  /** Since it was claimed, by the database's clock. */
  readonly forMs: number
}

export interface RunningTask {
  readonly task: string
  /** Its first characters. */
  readonly param: string
  readonly shardKey: string | null
  /** Somebody has asked for it to be cancelled. */
  readonly isCancelled: boolean
}

const MOST_CLAIMS = 5_000
const MOST_SHOWN_OF_PARAM = 200

export async function runningClaims(db: Driver): Promise<RunningClaim[]> {
  const { asMs, now, useIndex, runningIndex } = db.dialect
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, queue, worker_id, claim_token, ${asMs(now)} - ${asMs('started_at')} AS for_ms
       FROM queue ${useIndex(runningIndex)}
      WHERE status = 2
      LIMIT ${limited(MOST_CLAIMS)}`,
  )
  return rows.map((row) => ({
    id: Number(row.id),
    queue: String(row.queue),
    workerId: row.worker_id === null ? null : Number(row.worker_id),
    claimToken: Number(row.claim_token ?? 0),
    forMs: Math.max(0, Number(row.for_ms)),
  }))
}

/** What these are, by their ids; those that have ended meanwhile are left out. */
export async function runningTasksById(db: Driver, wanted: readonly number[]): Promise<Map<number, RunningTask>> {
  if (wanted.length === 0) return new Map()
  const ids = padded(wanted)
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, task, SUBSTR(param, 1, ${MOST_SHOWN_OF_PARAM}) AS param, shard_key,
            CASE WHEN cancel_at IS NULL THEN 0 ELSE 1 END AS is_cancelled
       FROM queue ${db.dialect.byPrimaryKey}
      WHERE id IN (${marks(ids.length)}) AND status = 2`,
    ids,
  )
  return new Map(rows.map((row) => [Number(row.id), runningTask(row)]))
}

function runningTask(row: Record<string, Value>): RunningTask {
  return {
    task: String(row.task),
    param: String(row.param ?? ''),
    shardKey: row.shard_key === null ? null : String(row.shard_key),
    isCancelled: Number(row.is_cancelled) === 1,
  }
}

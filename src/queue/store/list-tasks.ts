/**
 * What a list shows of tasks, read by their ids.
 */

import type { Driver } from '../driver.ts'
import { type StatusName, statusName } from '../status.ts'
import { type Columns, number, text } from './columns.ts'
import { limited, marks, padded } from './sql.ts'

/** Times are UTC milliseconds. */
export interface ListedTask {
  readonly id: number
  readonly queue: string
  readonly task: string
  readonly param: string
  readonly state: StatusName | `${number}`
  /** It runs and was cancelled: its worker stops it. */
  readonly cancelling: boolean
  readonly priority: number
  readonly shardKey: string | null
  readonly uniqueKey: string | null
  readonly attempts: number
  readonly heldFor: string | null
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly error: string | null
  readonly addedAt: number
  readonly runAt: number
  readonly expiresAt: number | null
  /** Of the last attempt. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly changedAt: number
}

export interface TaskList {
  /** In the order of the ids; what is not there any more is left out. */
  readonly tasks: readonly ListedTask[]
  /** By the database's clock. */
  readonly now: number
}

/** So long is the longest parameter. */
const WHOLE = 65_535

/** @param mostOfParam  characters of each parameter to read */
export async function listTasks(db: Driver, ids: readonly number[], mostOfParam = WHOLE): Promise<TaskList> {
  if (ids.length === 0) return { tasks: [], now: Date.now() }
  const all = padded(ids)
  const rows = await db.all<Columns>(selectTasksOf(db, all.length, mostOfParam), [...all])
  const byId = new Map(rows.map((row) => [Number(row.id), listed(row)]))
  return { tasks: ids.flatMap((id) => byId.get(id) ?? []), now: Number(rows[0]?.now_ms ?? Date.now()) }
}

function selectTasksOf(
  { dialect: { asMs, now, added, byPrimaryKey } }: Driver,
  count: number,
  mostOfParam: number,
): string {
  return `
    SELECT id, queue, task, SUBSTR(param, 1, ${limited(mostOfParam)}) AS param, status, priority, shard_key, unique_key, attempts, held_for,
           CASE WHEN status = 2 AND cancel_at IS NOT NULL THEN 1 ELSE 0 END AS cancelling,
           exit_code, exit_signal, error, ${asMs(added)} AS added_at, ${asMs('run_at')} AS run_at_ms,
           ${asMs('expires_at')} AS expires_at_ms, ${asMs('started_at')} AS started_at_ms,
           ${asMs('finished_at')} AS finished_at_ms, ${asMs('mtime')} AS changed_at, ${asMs(now)} AS now_ms
      FROM queue ${byPrimaryKey}
     WHERE id IN (${marks(count)})`
}

function listed(row: Columns): ListedTask {
  return {
    id: Number(row.id),
    queue: String(row.queue),
    task: String(row.task),
    param: String(row.param ?? ''),
    state: statusName(Number(row.status)),
    cancelling: Number(row.cancelling) === 1,
    priority: Number(row.priority),
    shardKey: text(row, 'shard_key'),
    uniqueKey: text(row, 'unique_key'),
    attempts: Number(row.attempts),
    heldFor: text(row, 'held_for'),
    exitCode: number(row, 'exit_code'),
    exitSignal: text(row, 'exit_signal'),
    error: text(row, 'error'),
    addedAt: Number(row.added_at),
    runAt: Number(row.run_at_ms),
    expiresAt: number(row, 'expires_at_ms'),
    startedAt: number(row, 'started_at_ms'),
    finishedAt: number(row, 'finished_at_ms'),
    changedAt: Number(row.changed_at),
  }
}

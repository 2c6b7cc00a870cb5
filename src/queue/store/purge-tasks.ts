/**
 * Deleting tasks that finished long ago, with their attempts.
 *
 * What goes is read by the index of `finished_at`, oldest first, and deleted by id. A cursor goes on behind what was read: the
 * entries that were deleted a moment ago still stand in the index until the database has cleared them away, and a walk that
 * begins anew would read them again and again. A task that somebody has retried in between is not deleted: the write locks the
 * rows that are still finished, and still that old.
 */
import type { Driver } from '../driver.ts'
import { type StatusName, statusName } from '../status.ts'
import { type Deleted, deleteTasks } from './delete-tasks.ts'
import { statusIs } from './selection.ts'
import { limited } from './sql.ts'

/** One index of what finished, and the states that stand in it. */
export interface FinishedIndex {
  readonly index: string
  readonly states: readonly StatusName[]
}

export interface FinishedTask {
  readonly id: number
  /** UTC milliseconds. */
  readonly finishedAt: number
  readonly state: StatusName | `${number}`
  readonly queue: string
  readonly task: string
  /** Nothing may be added with its unique value as long as it is here. */
  readonly keepsUnique: boolean
}

/** The last task that was read; the next ones are behind it. */
export type Cursor = Pick<FinishedTask, 'id' | 'finishedAt'>

/** Times in a database begin after 1970. */
export const FROM_THE_OLDEST: Cursor = { id: 0, finishedAt: 1_000 }

/**
 * The next tasks in an index, the oldest first.
 *
 * @param before  UTC milliseconds
 */
export async function nextFinished(
  db: Driver,
  { index, states }: FinishedIndex,
  before: number,
  { id, finishedAt }: Cursor,
  limit: number,
): Promise<FinishedTask[]> {
  const { asMs, fromMs, useIndex } = db.dialect
  const rows = await db.all<{
    id: number
    finished_ms: number
    status: number
    queue: string
    task: string
    keeps_unique: number
  }>(
    `SELECT id, ${asMs('finished_at')} AS finished_ms, status, queue, task,
            CASE WHEN keep_unique = 1 AND unique_key IS NOT NULL THEN 1 ELSE 0 END AS keeps_unique
       FROM queue ${useIndex(index)}
      WHERE ${statusIs(states)}
        AND finished_at >= ${fromMs('?')} AND finished_at < ${fromMs('?')}
        AND (finished_at > ${fromMs('?')} OR id > ?)
      ORDER BY finished_at, id LIMIT ${limited(limit)}`,
    [finishedAt, before, finishedAt, id],
  )
  return rows.map((row) => ({
    id: Number(row.id),
    finishedAt: Number(row.finished_ms),
    state: statusName(Number(row.status)),
    queue: String(row.queue),
    task: String(row.task),
    keepsUnique: Number(row.keeps_unique) === 1,
  }))
}

/** The runs of which a tick has still to read how they ended. */
export async function tasksOfOpenSlots(db: Driver): Promise<Set<number>> {
  const rows = await db.all<{ task_id: number }>('SELECT task_id FROM slot WHERE is_open = 1 AND task_id IS NOT NULL')
  return new Set(rows.map((row) => Number(row.task_id)))
}

/**
 * Deletes those of some tasks that are still finished, and that old.
 *
 * @param before  UTC milliseconds
 */
export function deleteFinished(
  db: Driver,
  ids: readonly number[],
  before: number,
  patienceMs: number,
): Promise<Deleted> {
  const still = { sql: ` AND status IN (1, 3, 5) AND finished_at < ${db.dialect.fromMs('?')}`, values: [before] }
  return deleteTasks(db, ids, still, patienceMs)
}

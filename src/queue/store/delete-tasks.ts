/**
 * Deleting tasks with their attempts, by their ids and in one short transaction.
 *
 * The rows are locked first, and only those for which the reason still holds: what somebody has changed in between stays.
 */
import { again } from '../again.ts'
import type { Driver, Executor } from '../driver.ts'
import type { Conditions } from './selection.ts'
import { marks, padded } from './sql.ts'

export interface Deleted {
  /** Ascending. */
  readonly ids: readonly number[]
  readonly attempts: number
  /** How long the transaction took; waiting until it could begin is not in it. */
  readonly tookMs: number
}

const MOST_ATTEMPTS = 1_000

/** @param still  ` AND …`: what must hold for a row that is deleted */
export function deleteTasks(
  db: Driver,
  ids: readonly number[],
  still: Conditions,
  patienceMs: number,
): Promise<Deleted> {
  const ascending = ids.toSorted((a, b) => a - b)
  return again(db.dialect, { forMs: patienceMs }, async () => {
    let begunAt = 0
    const gone = await db.transaction(async (tx) => {
      begunAt = performance.now()
      const locked = await lock(db, tx, ascending, still)
      if (locked.length === 0) return { ids: [], attempts: 0 }
      const all = padded(locked)
      await tx.run(`DELETE FROM queue WHERE id IN (${marks(all.length)})`, [...all])
      return { ids: locked, attempts: await deleteAttempts(tx, locked) }
    })
    return { ...gone, tookMs: performance.now() - begunAt }
  })
}

async function lock(db: Driver, tx: Executor, ids: readonly number[], still: Conditions): Promise<number[]> {
  const all = padded(ids)
  const rows = await tx.all<{ id: number }>(
    `SELECT id FROM queue ${db.dialect.byPrimaryKey}
      WHERE id IN (${marks(all.length)})${still.sql}
      ORDER BY id ${db.dialect.forUpdate}`,
    [...all, ...still.values],
  )
  return rows.map(({ id }) => Number(id))
}

/** Nearly all tasks have none. Those that there are go by their own ids, so that nothing else of the table is locked. */
async function deleteAttempts(tx: Executor, taskIds: readonly number[]): Promise<number> {
  const tasks = padded(taskIds)
  const rows = await tx.all<{ id: number }>(`SELECT id FROM attempt WHERE task_id IN (${marks(tasks.length)})`, [
    ...tasks,
  ])
  const ids = rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b)
  for (let start = 0; start < ids.length; start += MOST_ATTEMPTS) {
    const some = padded(ids.slice(start, start + MOST_ATTEMPTS))
    await tx.run(`DELETE FROM attempt WHERE id IN (${marks(some.length)})`, [...some])
  }
  return ids.length
}

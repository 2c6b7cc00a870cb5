/**
 * The runs of a job's command: rows of a queue of their own, of which the ledger's slots know the ids.
 *
 * Which of them are not finished is asked of two indexes that hold nothing finished: the lane, in which runs that go one
 * after the other stand, and the open slots, which know also those that may run together.
 */
import { again } from '../again.ts'
import type { Dialect, Driver, Executor } from '../driver.ts'
import { execQueue } from '../exec-queue.ts'
import type { TaskRow } from '../new-task.ts'
import { type StatusName, statusName } from '../status.ts'
import { addOne } from './add.ts'
import { cancelRows } from './change.ts'
import { marks } from './sql.ts'

export interface UnfinishedRun {
  readonly id: number
  readonly state: StatusName | `${number}`
  /** It runs, and was asked to end. */
  readonly isCancelling: boolean
}

/** @returns ready, running, scheduled and held runs, in the order of their ids */
export async function unfinishedRuns(db: Executor, job: string): Promise<UnfinishedRun[]> {
  const columns = 'queue.id AS id, queue.status AS status, queue.cancel_at IS NOT NULL AS is_cancelled'
  const rows = await db.all<{ id: number; status: number; is_cancelled: number }>(
    `SELECT ${columns} FROM queue
      WHERE lane = ? AND queue = ?
      UNION
     SELECT ${columns} FROM slot INNER JOIN queue ON queue.id = slot.task_id
      WHERE slot.is_open = 1 AND slot.job = ?
        AND queue.queue = ? AND queue.status IN (0, 2, 4, 6)`,
    [job, execQueue(job), job, execQueue(job)],
  )
  return rows
    .map(({ id, status, is_cancelled }) => ({
      id: Number(id),
      state: statusName(Number(status)),
      isCancelling: Number(status) === 2 && Number(is_cancelled) === 1,
    }))
    .toSorted((a, b) => a.id - b.id)
}

/** @returns the id of the new row */
export async function insertRun(tx: Executor, dialect: Dialect, row: TaskRow): Promise<number> {
  const id = await addOne(tx, dialect, row)
  if (id === undefined) throw new Error(`The run of ${row.task} for ${row.param} was refused as a duplicate`)
  return id
}

/** What waits is cancelled at once; what runs is stopped by its worker, and is cancelled then. @returns their ids */
export async function cancelRuns(tx: Executor, dialect: Dialect, job: string): Promise<number[]> {
  const ids = (await unfinishedRuns(tx, job)).map(({ id }) => id)
  if (ids.length > 0) await cancelRows(tx, dialect, ids)
  return ids
}

const BATCH = 250

/** Runs that somebody has made ready again: their slots are open again, so the next tick sees to a worker. */
export async function reopenRuns(db: Driver, ids: readonly number[], patienceMs: number): Promise<void> {
  const { dialect } = db
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH)
    await again(dialect, { forMs: patienceMs }, async () => {
      const runs = await db.all<{ id: number; task: string; param: string }>(
        `SELECT id, task, param FROM queue WHERE id IN (${marks(batch.length)}) AND queue LIKE '${execQueue('%')}' AND status = 0`,
        batch,
      )
      for (const { id, task, param } of runs) {
        await db.run(
          `UPDATE slot
              SET is_open = 1, outcome = NULL, exit_code = NULL, exit_signal = NULL, ended_at = NULL, mtime = ${dialect.now}
            WHERE job = ? AND slot_at = ${dialect.fromMs('?')} AND task_id = ?`,
          [task, Date.parse(param), id],
        )
      }
    })
  }
}

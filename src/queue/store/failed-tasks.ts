/** Of tasks that have failed: what an operator looks at first. */
import type { Driver, Value } from '../driver.ts'
import { marks, padded } from './sql.ts'

export interface FailedTask {
  readonly id: number
  readonly task: string
  /** Its error, or empty. */
  readonly error: string
  /** Since it failed, by the database's clock; undefined when nobody wrote that. */
  readonly agoMs: number | undefined
}

/** As much as a worker writes; somebody else may have written more. */
const LONGEST_ERROR = 1_024

/** @returns those that have still failed, the one that failed last first */
export async function failedTasks(db: Driver, ids: readonly number[]): Promise<FailedTask[]> {
  if (ids.length === 0) return []
  const { asMs, now } = db.dialect
  const all = padded(ids)
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, task, SUBSTR(error, 1, ${LONGEST_ERROR}) AS error,
            ${asMs(now)} - ${asMs('finished_at')} AS ago_ms
       FROM queue
      WHERE id IN (${marks(all.length)}) AND status = 3`,
    all,
  )
  return rows.map(failedTask).toSorted((a, b) => (a.agoMs ?? 0) - (b.agoMs ?? 0) || b.id - a.id)
}

function failedTask(row: Record<string, Value>): FailedTask {
  return {
    id: Number(row.id),
    task: String(row.task),
    error: String(row.error ?? ''),
    agoMs: row.ago_ms === null ? undefined : Math.max(0, Number(row.ago_ms)),
  }
}

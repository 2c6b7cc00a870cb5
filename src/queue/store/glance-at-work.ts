/**
 * All that a worker has to know of the database when there is nothing to do, in one question.
 */

import { ADDED_SETTING, addedColumn } from '../added-column.ts'
import type { Driver } from '../driver.ts'
import { isStray, STRAY_AFTER_MS } from './running.ts'

export interface WorkGlance {
  readonly schemaVersion: number
  /** This installation's name; undefined when it has none. */
  readonly installation: string | undefined
  /** A task of these buckets is ready, perhaps one that cannot be claimed now. */
  readonly isReady: boolean
  /** A scheduled task of any queue has come to its time. */
  readonly isDue: boolean
  /** A queue or a task program is paused, or was until lately; or a job is stopped. */
  readonly isHalted: boolean
  /** There are rows of workers: living ones, or dead ones that have to be cleared up after. */
  readonly hasWorkers: boolean
  /** Running tasks that no worker has. */
  readonly hasStrays: boolean
}

/** @param buckets  undefined for all of them */
export async function glanceAtWork(
  db: Driver,
  queue: string,
  buckets: readonly number[] | undefined,
): Promise<WorkGlance> {
  const { now, useIndex, runningIndex } = db.dialect
  const ofOurs = buckets === undefined ? '' : ` AND bucket IN (${buckets.map(Number).join(', ')})`
  const rows = await db.all<Record<string, string | number>>(
    `SELECT name, value,
            EXISTS (SELECT 1 FROM queue ${useIndex('queue_claim')} WHERE queue = ? AND status = 0${ofOurs}) AS ready,
            EXISTS (SELECT 1 FROM queue ${useIndex('queue_due')} WHERE is_scheduled = 1 AND run_at <= ${now}) AS due,
            EXISTS (SELECT 1 FROM setting WHERE name > 'pause-' AND name < 'pause.') AS paused,
            EXISTS (SELECT 1 FROM setting WHERE name > 'stop:' AND name < 'stop;') AS stopped,
            EXISTS (SELECT 1 FROM worker) AS workers,
            EXISTS (SELECT 1 FROM queue ${useIndex(runningIndex)} WHERE ${isStray(db.dialect)}) AS strays
       FROM setting WHERE name IN ('schema_version', 'installation', '${ADDED_SETTING}')`,
    [queue, STRAY_AFTER_MS],
  )
  db.noteAdded?.(addedColumn(rows.find(({ name }) => name === ADDED_SETTING)?.value))
  const version = rows.find(({ name }) => name === 'schema_version')
  const is = (column: string) => Number(version?.[column]) !== 0
  return {
    schemaVersion: Number(version?.value ?? 0),
    installation: rows.find(({ name }) => name === 'installation')?.value as string | undefined,
    isReady: is('ready'),
    isDue: is('due'),
    isHalted: is('paused') || is('stopped'),
    hasWorkers: is('workers'),
    hasStrays: is('strays'),
  }
}

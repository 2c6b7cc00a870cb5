/**
 * All that a tick has to know of the database in a minute in which nothing is due, in one question.
 */
import type { Driver } from '../driver.ts'
import { UNTOLD } from './incident.ts'
import { PAUSED_PROGRAM } from './queue-pause.ts'
import { type TickRow, tickName, tickRow } from './tick-row.ts'

export interface Glance {
  readonly schemaVersion: number
  /** The last tick of the host; undefined when there was none. */
  readonly tick: TickRow | undefined
  /** The database's clock: UTC milliseconds. */
  readonly now: number
  /** There are workers, or running tasks that a worker has left: somebody has to look whether they live. */
  readonly hasWorkers: boolean
  readonly hasOpenSlots: boolean
  /** A message about a job was not taken yet. */
  readonly hasUntold: boolean
  /** A task program is paused, or was until lately: what is set aside may have to be let go. */
  readonly hasPausedPrograms: boolean
}

export async function glance(db: Driver, host: string): Promise<Glance> {
  const { asMs, now, useIndex, runningIndex } = db.dialect
  const rows = await db.all<Record<string, string | number>>(
    `SELECT name, value, ${asMs('mtime')} AS at, ${asMs(now)} AS now,
            EXISTS (SELECT 1 FROM worker) AS workers,
            EXISTS (SELECT 1 FROM queue ${useIndex(runningIndex)} WHERE status = 2 AND worker_id IS NOT NULL) AS running,
            EXISTS (SELECT 1 FROM slot WHERE is_open = 1) AS open_slots,
            EXISTS (SELECT 1 FROM setting WHERE ${UNTOLD}) AS untold,
            EXISTS (SELECT 1 FROM setting WHERE ${PAUSED_PROGRAM}) AS paused_programs
       FROM setting WHERE name IN ('schema_version', ?)`,
    [tickName(host)],
  )
  const version = rows.find(({ name }) => name === 'schema_version')
  const tick = rows.find(({ name }) => name === tickName(host))
  return {
    schemaVersion: Number(version?.value ?? 0),
    tick: tick === undefined ? undefined : tickRow(String(tick.name), String(tick.value), Number(tick.at)),
    now: Number(version?.now),
    hasWorkers: Number(version?.workers) === 1 || Number(version?.running) === 1,
    hasOpenSlots: Number(version?.open_slots) === 1,
    hasUntold: Number(version?.untold) === 1,
    hasPausedPrograms: Number(version?.paused_programs) === 1,
  }
}

/**
 * What was left behind: rows that nobody will come back to, or to which somebody should have come long ago.
 *
 * Every look is bounded, by the rows of a state that are few at any time, or by a limit within an index: it finds the first of
 * them and says how many at least, and never reads on to know it exactly.
 */
import type { Driver, Value } from '../driver.ts'
import { statusIs } from './selection.ts'
import { limited } from './sql.ts'

/** Some rows: the first of them, and how many were found up to a limit. */
export interface Some {
  readonly firstId: number
  readonly count: number
  /** How long the one that waits longest has waited, by the database's clock; undefined where that means nothing. */
  readonly oldestMs: number | undefined
}

export interface SilentWorker {
  readonly workerId: number
  readonly host: string
  readonly pid: number
  readonly queue: string
  /** Since its lease is over. */
  readonly silentMs: number
  readonly running: number
}

export interface HeldFor {
  readonly heldFor: string
  readonly queue: string
  readonly task: string
  readonly firstId: number
  readonly count: number
}

export const LOOKED_AT = 1_000

/** Running rows, claimed so long ago, whose worker has no row. */
export async function runningWithoutWorker(db: Driver, claimedMsAgo: number): Promise<Some | undefined> {
  const { asMs, now, fromNow, useIndex, runningIndex } = db.dialect
  return some(
    db,
    `SELECT id, ${asMs(now)} - ${asMs('started_at')} AS age FROM queue ${useIndex(runningIndex)}
      WHERE status = 2 AND (started_at IS NULL OR started_at <= ${fromNow('?')})
        AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.id = queue.worker_id)
      LIMIT ${limited(LOOKED_AT)}`,
    [-claimedMsAgo],
  )
}

/** Workers whose lease has been over for so long; the longest first. */
export async function silentWorkers(db: Driver, silentMs: number): Promise<SilentWorker[]> {
  const { asMs, now, fromNow, useIndex, runningIndex } = db.dialect
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, host, pid, queue, ${asMs(now)} - ${asMs('lease_until')} AS silent,
            (SELECT COUNT(*) FROM queue ${useIndex(runningIndex)}
              WHERE queue.status = 2 AND queue.worker_id = worker.id) AS running
       FROM worker
      WHERE lease_until <= ${fromNow('?')}
      ORDER BY lease_until LIMIT 20`,
    [-silentMs],
  )
  return rows.map((row) => ({
    workerId: Number(row.id),
    host: String(row.host),
    pid: Number(row.pid),
    queue: String(row.queue),
    silentMs: Number(row.silent),
    running: Number(row.running),
  }))
}

/** Scheduled tasks that should have been ready so long ago. */
export async function overdue(db: Driver, lateMs: number): Promise<Some | undefined> {
  const { asMs, now, fromNow, useIndex } = db.dialect
  return some(
    db,
    `SELECT id, ${asMs(now)} - ${asMs('run_at')} AS age FROM queue ${useIndex('queue_due')}
      WHERE is_scheduled = 1 AND run_at <= ${fromNow('?')}
      ORDER BY run_at LIMIT ${limited(LOOKED_AT)}`,
    [-lateMs],
  )
}

/** Among the oldest rows of `attempt`, those whose task is gone. */
export async function attemptsWithoutTask(db: Driver): Promise<Some | undefined> {
  return some(
    db,
    `SELECT id, NULL AS age FROM (SELECT id, task_id FROM attempt ORDER BY id LIMIT ${limited(LOOKED_AT)}) AS oldest
      WHERE NOT EXISTS (SELECT 1 FROM queue WHERE queue.id = oldest.task_id)`,
    [],
  )
}

/** Among some done tasks, those that do not say since when: somebody set their status. A purge goes by that time and never comes to them. */
export async function doneWithoutTime(db: Driver): Promise<Some | undefined> {
  const { index } = db.dialect.stateIndex('done')
  return some(
    db,
    `SELECT id, NULL AS age FROM (
       SELECT id, finished_at FROM queue ${db.dialect.useIndex(index)} WHERE status = 1 LIMIT ${limited(LOOKED_AT)}) AS done
      WHERE finished_at IS NULL`,
    [],
  )
}

/** Among the held tasks that were looked at, those that a command holds: by command, queue and task program. */
export async function heldByCommands(db: Driver): Promise<HeldFor[]> {
  const { index } = db.dialect.stateIndex('held')
  const rows = await db.all<{ held_for: string; queue: string; task: string; first_id: number; count: number }>(
    `SELECT held_for, queue, task, MIN(id) AS first_id, COUNT(*) AS count
       FROM (SELECT id, held_for, queue, task FROM queue ${db.dialect.useIndex(index)}
              WHERE status = 6 LIMIT ${limited(LOOKED_AT)}) AS held
      WHERE held_for IS NOT NULL
      GROUP BY held_for, queue, task`,
  )
  return rows.map((row) => ({
    heldFor: row.held_for,
    queue: row.queue,
    task: row.task,
    firstId: Number(row.first_id),
    count: Number(row.count),
  }))
}

/** What finished so long ago and is still here: counted up to a cap, and how long ago the oldest did. */
export async function keptSince(db: Driver, ageMs: number, cap: number): Promise<Some | undefined> {
  const { asMs, now, fromNow, useIndex, finishedIndexes } = db.dialect
  const found: Some[] = []
  for (const { index, states } of finishedIndexes) {
    const kept = await some(
      db,
      `SELECT id, ${asMs(now)} - ${asMs('finished_at')} AS age FROM queue ${useIndex(index)}
        WHERE ${statusIs(states)} AND finished_at <= ${fromNow('?')} ORDER BY finished_at LIMIT ${limited(cap)}`,
      [-ageMs],
    )
    if (kept !== undefined) found.push(kept)
  }
  const [first] = found.toSorted((a, b) => (b.oldestMs ?? 0) - (a.oldestMs ?? 0))
  return first === undefined ? undefined : { ...first, count: found.reduce((sum, { count }) => sum + count, 0) }
}

async function some(db: Driver, rows: string, values: readonly Value[]): Promise<Some | undefined> {
  const [row] = await db.all<{ first_id: number | null; count: number; oldest: number | null }>(
    `SELECT MIN(id) AS first_id, COUNT(*) AS count, MAX(age) AS oldest FROM (${rows}) AS found`,
    values,
  )
  if (row === undefined || row.first_id === null) return undefined
  return {
    firstId: Number(row.first_id),
    count: Number(row.count),
    oldestMs: row.oldest === null ? undefined : Number(row.oldest),
  }
}

/**
 * Going through the rows of an old table once, by id, in small writes: each gets its task, bucket, times and state.
 *
 * How far it is, is written down with each write, in one transaction: killed anywhere, it goes on behind what is done. Rows that
 * producers add meanwhile have all of it by their defaults. A row that has its task was added so, and is left alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { again } from '../again.ts'
import type { Driver, Executor } from '../driver.ts'
import { limited } from '../store/sql.ts'
import { type Adoption, readBegun, writeBegun } from './adoption.ts'
import type { OldColumn, OldTable } from './old-table.ts'
import { addedAt, identifier, statusOf, taskOf, timeKind } from './old-values.ts'

const FIRST_ROWS = 200
const MOST_ROWS = 5_000
const PATIENCE_MS = 60_000
const NOW = 'CURRENT_TIMESTAMP(3)'

export interface GoingThrough {
  readonly table: OldTable
  readonly adoption: Adoption
  /** Rows up to this id are done. */
  readonly cursor: number
  readonly stop?: AbortSignal | undefined
  readonly onRows?: ((count: number) => void) | undefined
  /** Called between two writes. */
  readonly between: () => Promise<unknown>
}

/** @returns whether it came to the end; false when it was asked to stop */
export async function goThroughRows(db: Driver, request: GoingThrough): Promise<boolean> {
  const { adoption, between, onRows, stop } = request
  const update = updateOf(request)
  const [last] = await db.all<{ id: number | null }>('SELECT MAX(id) AS id FROM queue')
  const end = Number(last?.id ?? 0)
  let { cursor } = request
  let rows = FIRST_ROWS
  while (cursor < end) {
    if (stop?.aborted === true) return false
    const startedAt = performance.now()
    const upTo = await boundary(db, cursor, rows, end)
    await again(db.dialect, { forMs: PATIENCE_MS }, async (attempt) => {
      // When the answer to an earlier try was lost, the cursor knows whether it had happened.
      if (attempt > 0 && ((await readBegun(db, db.dialect))?.cursor ?? 0) >= upTo) return
      await db.transaction(async (tx) => {
        await tx.run(update, [cursor, upTo])
        await writeBegun(tx, { adoption, cursor: upTo })
      })
    })
    cursor = upTo
    onRows?.(rows)
    const tookMs = performance.now() - startedAt
    rows = Math.round(Math.min(MOST_ROWS, Math.max(1, (rows * db.dialect.batchMs) / tookMs), rows * 2))
    await between()
    await sleep(tookMs) // half of the time is the site's
  }
  return true
}

/** The id of the row that so many stand before; the last one where there are fewer. */
async function boundary(db: Executor, after: number, rows: number, end: number): Promise<number> {
  const [row] = await db.all<{ id: number }>(
    `SELECT id FROM queue FORCE INDEX (PRIMARY) WHERE id > ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ${limited(rows)}`,
    [after, end],
  )
  return row === undefined ? end : Number(row.id)
}

function updateOf({ table, adoption }: GoingThrough): string {
  const time = siteTime(table)
  const at = `COALESCE(LEAST(${addedAt(time, adoption.zone)}, ${NOW}), ${NOW})`
  const state = statusOf(adoption.status)
  const isOver = `${state} IN (1, 3, 5)`
  // What cannot be read of a text is an error unless it is told to be none.
  const ignore = timeKind(time) === 'text' ? ' IGNORE' : ''
  const untouched = [...table.columns.values()]
    .filter(({ isTouched, name }) => isTouched && name !== 'mtime')
    .map(({ name }) => `${identifier(name)} = ${identifier(name)}`)
  // The server sets one column after the other: what is read of the old row comes before it is written.
  const sets = [
    `task = ${taskOf(adoption)}`,
    "param = COALESCE(param, '')",
    'bucket = FLOOR(RAND() * 60)',
    ...(time === undefined ? [] : [`${adoption.added} = ${at}`, `run_at = ${at}`]),
    `finished_at = CASE WHEN ${isOver} THEN ${at} END`,
    `attempts = CASE WHEN ${isOver} AND ${state} <> 5 THEN 1 ELSE 0 END`,
    `error = CASE WHEN ${state} = 3 THEN CONCAT('status ', status, ' of the table that was taken over') END`,
    ...untouched,
    `status = COALESCE(${state}, status)`,
  ]
  return `UPDATE${ignore} queue SET ${sets.join(', ')} WHERE id > ? AND id <= ? AND task = ''`
}

/** The old column that says when a row was added; undefined where ours was there, or none is. */
export function siteTime({ columns }: Pick<OldTable, 'columns'>): OldColumn | undefined {
  return columns.get('ctime')
}

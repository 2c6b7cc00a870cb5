/** Rows of any shape for tests: columns as they are, times as milliseconds from now by the database's clock. */
import type { Driver, Executor, Value } from '../../src/queue/driver.ts'

export type Columns = Readonly<Record<string, Value>>

const TIMES = ['run_at', 'expires_at', 'started_at', 'finished_at', 'ctime', 'slot_at']
export const DAY_MS = 86_400_000

/** @returns the ids */
export async function insertRows(db: Driver, rows: readonly Columns[], table = 'queue'): Promise<number[]> {
  return db.transaction(async (tx) => {
    const ids: number[] = []
    for (const row of rows) ids.push(await insertRow(db, tx, row, table))
    return ids
  })
}

async function insertRow({ dialect }: Driver, tx: Executor, row: Columns, table: string): Promise<number> {
  const columns = Object.keys(row)
  const marks = columns.map((column) => (TIMES.includes(column) ? dialect.fromNow('?') : '?'))
  const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks.join(', ')})`
  return (await tx.run(sql, Object.values(row))).insertId
}

/** A task that finished so many days ago. */
export function finished(daysAgo: number, more: Columns = {}): Columns {
  return { task: 't', status: 1, ctime: -daysAgo * DAY_MS - 5_000, finished_at: -daysAgo * DAY_MS, ...more }
}

/** The task names of what is there, in the order of the ids. */
export async function tasksThere(db: Driver): Promise<string[]> {
  return (await db.all<{ task: string }>('SELECT task FROM queue ORDER BY id')).map(({ task }) => task)
}

/**
 * Which files of the log directory are named by tasks, and their attempts, that are old enough to name an old one.
 *
 * A task names no file from before it was added, so the rows that may name one of some days are a range of the index of when they were added.
 * After a purge these are few. Should they be many, the look ends when its time is over, and says up to when it is complete.
 */
import type { Driver, Executor } from '../driver.ts'
import type { Conditions } from './selection.ts'
import { limited, marks, padded } from './sql.ts'

export interface NamedLogs {
  readonly files: ReadonlySet<string>
  /** UTC milliseconds: all files are in `files` that tasks name which were added before this. */
  readonly until: number
}

const WINDOW = 1_000
const FIRST_TIME = 1_000

/**
 * @param before  UTC milliseconds
 * @param budgetMs  no further rows are read when this long has passed
 * @param except  ` AND …`: tasks that are on their way out, and are not asked
 */
export async function namedLogs(db: Driver, before: number, budgetMs: number, except?: Conditions): Promise<NamedLogs> {
  const files = new Set<string>()
  const endsAt = performance.now() + budgetMs
  let last = { id: 0, addedAt: FIRST_TIME }
  while (performance.now() < endsAt) {
    const rows = await nextRows(db, before, last, except ?? { sql: ' AND 1 = 0', values: [] })
    const staying = rows.filter(({ stays }) => stays)
    for (const { file } of staying) if (file !== null) files.add(file)
    for (const file of await filesOfAttempts(db, staying)) files.add(file)
    const end = rows.at(-1)
    if (end === undefined || rows.length < WINDOW) return { files, until: before }
    last = end
  }
  return { files, until: last.addedAt }
}

interface AddedRow {
  readonly id: number
  readonly addedAt: number
  readonly file: string | null
  readonly stays: boolean
}

async function nextRows(
  db: Driver,
  before: number,
  last: Pick<AddedRow, 'id' | 'addedAt'>,
  except: Conditions,
): Promise<AddedRow[]> {
  const { asMs, fromMs, useIndex, added } = db.dialect
  const rows = await db.all<{ id: number; added_ms: number; log_file: string | null; goes: number }>(
    `SELECT id, ${asMs(added)} AS added_ms, log_file,
            CASE WHEN 1 = 1${except.sql} THEN 1 ELSE 0 END AS goes
       FROM queue ${useIndex('queue_added')}
      WHERE ${added} >= ${fromMs('?')} AND ${added} < ${fromMs('?')}
        AND (${added} > ${fromMs('?')} OR id > ?)
      ORDER BY ${added}, id LIMIT ${limited(WINDOW)}`,
    [...except.values, last.addedAt, before, last.addedAt, last.id],
  )
  return rows.map((row) => ({
    id: Number(row.id),
    addedAt: Number(row.added_ms),
    file: row.log_file,
    stays: Number(row.goes) === 0,
  }))
}

async function filesOfAttempts(db: Executor, tasks: readonly { readonly id: number }[]): Promise<string[]> {
  if (tasks.length === 0) return []
  const ids = padded(tasks.map(({ id }) => id))
  const rows = await db.all<{ log_file: string }>(
    `SELECT DISTINCT log_file FROM attempt WHERE task_id IN (${marks(ids.length)}) AND log_file IS NOT NULL`,
    [...ids],
  )
  return rows.map(({ log_file }) => log_file)
}

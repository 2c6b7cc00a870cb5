/**
 * Adding tasks: many rows a statement, and a duplicate of a unique key is not an error.
 *
 * It needs only something that runs statements, so a caller's own connection will do and the rows are part of the
 * caller's transaction.
 */
import type { Dialect, Executor, Value } from '../driver.ts'
import type { TaskRow } from '../new-task.ts'

export interface Added {
  readonly added: number
  /** Rows refused because an unfinished task has their unique key. */
  readonly duplicates: number
}

const COLUMNS =
  'queue, task, param, status, priority, bucket, shard_key, unique_key, keep_unique, retry, max_attempts, timeout_s, expires_at, run_at'
const VALUES_PER_ROW = 14
const MOST_ROWS = 2_000
/** Of a statement. */
export const MOST_BYTES = 4_000_000

/** @returns the id of the new row, or undefined when its unique key is in use */
export async function addOne(db: Executor, dialect: Dialect, row: TaskRow): Promise<number | undefined> {
  try {
    const { insertId } = await insert(db, dialect, [row])
    return insertId
  } catch (error) {
    if (dialect.isDuplicate(error)) return undefined
    throw error
  }
}

/** Ids ascend in the order of the rows: of one key that is the order in which they run. */
export async function addMany(db: Executor, dialect: Dialect, rows: readonly TaskRow[]): Promise<Added> {
  let added = 0
  for (const batch of batches(rows, dialect)) {
    const [first] = batch
    if (first !== undefined && isUnique(first)) added += (await addOne(db, dialect, first)) === undefined ? 0 : 1
    else added += (await insert(db, dialect, batch)).changed
  }
  return { added, duplicates: rows.length - added }
}

/** A statement holds as many rows as fit into its placeholders and into any server's packet; a unique one may be refused alone. */
function* batches(rows: readonly TaskRow[], dialect: Dialect): Generator<TaskRow[]> {
  const mostRows = Math.min(MOST_ROWS, Math.floor(dialect.maxValues / VALUES_PER_ROW))
  let batch: TaskRow[] = []
  let bytes = 0
  for (const row of rows) {
    const size = 200 + row.param.length * 3
    const isFull = batch.length === mostRows || bytes + size > MOST_BYTES
    if (batch.length > 0 && (isFull || isUnique(row))) {
      yield batch
      batch = []
      bytes = 0
    }
    if (isUnique(row)) {
      yield [row]
      continue
    }
    batch.push(row)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

function isUnique({ uniqueKey }: TaskRow): boolean {
  return uniqueKey !== null
}

async function insert(db: Executor, dialect: Dialect, rows: readonly TaskRow[]) {
  const values: Value[] = []
  const texts = rows.map((row) => {
    values.push(row.queue, row.task, row.param, row.inMs > 0 || row.at !== null ? 4 : 0, row.priority, row.bucket)
    values.push(row.shardKey, row.uniqueKey, row.keepUnique, row.retry, row.maxAttempts, row.timeoutSeconds)
    values.push(row.expiresAt, row.at ?? row.inMs)
    const runAt = row.at === null ? dialect.fromNow('?') : dialect.fromMs('?')
    return `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${dialect.fromMs('?')}, ${runAt})`
  })
  return db.run(`INSERT INTO queue (${COLUMNS}) VALUES ${texts.join(', ')}`, values)
}

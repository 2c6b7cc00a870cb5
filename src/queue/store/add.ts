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

/** Columns that belong together, and for which rows they are needed: the others leave them to the tables' defaults. */
interface Columns {
  readonly names: string
  /** Nearly all tasks are plain ones: what is not said costs nobody anything. */
  readonly isSaid: (row: TaskRow) => boolean
  readonly values: (row: TaskRow) => readonly Value[]
  readonly marks: (dialect: Dialect, row: TaskRow) => string
}

/** The one whose text goes by the row. */
const LATER: Columns = {
  names: 'status, run_at',
  isSaid: isLater,
  values: (row) => [isLater(row) ? 4 : 0, row.at ?? row.inMs],
  marks: ({ fromMs, fromNow }, { at }) => `?, ${at === null ? fromNow('?') : fromMs('?')}`,
}

const COLUMNS: readonly Columns[] = [
  {
    names: 'task, param, bucket',
    isSaid: () => true,
    values: ({ task, param, bucket }) => [task, param, bucket],
    marks: () => '?, ?, ?',
  },
  column('queue', ({ queue }) => queue, 'default'),
  column('priority', ({ priority }) => priority, 0),
  column('shard_key', ({ shardKey }) => shardKey, null),
  column('unique_key', ({ uniqueKey }) => uniqueKey, null),
  column('keep_unique', ({ keepUnique }) => keepUnique, 0),
  column('retry', ({ retry }) => retry, null),
  column('max_attempts', ({ maxAttempts }) => maxAttempts, null),
  column('timeout_s', ({ timeoutSeconds }) => timeoutSeconds, null),
  { ...column('expires_at', ({ expiresAt }) => expiresAt, null), marks: ({ fromMs }) => fromMs('?') },
  LATER,
]
const MOST_VALUES_PER_ROW = 14
const MOST_ROWS = 500
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
  let writing: Promise<{ readonly changed: number }> | undefined
  for (const batch of batches(rows, dialect)) {
    const [first] = batch
    const alone = first !== undefined && isUnique(first) ? first : undefined
    const { sql, values } = insertion(dialect, batch) // made while the one before is written
    added += (await writing)?.changed ?? 0
    writing = alone === undefined ? db.run(sql, values) : undefined
    if (alone !== undefined && (await addOne(db, dialect, alone)) !== undefined) added++
  }
  added += (await writing)?.changed ?? 0
  return { added, duplicates: rows.length - added }
}

/** A statement holds as many rows as fit into its placeholders and into any server's packet; a unique one may be refused alone. */
function* batches(rows: readonly TaskRow[], dialect: Dialect): Generator<TaskRow[]> {
  const mostRows = Math.min(MOST_ROWS, Math.floor(dialect.maxValues / MOST_VALUES_PER_ROW))
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

function isLater({ inMs, at }: TaskRow): boolean {
  return inMs > 0 || at !== null
}

/** A column whose default is the value that most rows have. */
function column(names: string, value: (row: TaskRow) => Value, usual: Value): Columns {
  return { names, isSaid: (row) => value(row) !== usual, values: (row) => [value(row)], marks: () => '?' }
}

async function insert(db: Executor, dialect: Dialect, rows: readonly TaskRow[]) {
  const { sql, values } = insertion(dialect, rows)
  return db.run(sql, values)
}

function insertion(dialect: Dialect, rows: readonly TaskRow[]): { sql: string; values: Value[] } {
  const said = COLUMNS.filter(({ isSaid }) => rows.some(isSaid))
  const values: Value[] = []
  for (const row of rows) for (const part of said) values.push(...part.values(row))
  const marksOf = (row: TaskRow) => `(${said.map(({ marks }) => marks(dialect, row)).join(', ')})`
  const [first] = rows
  const areAlike = first === undefined || !said.includes(LATER)
  const texts = areAlike ? new Array(rows.length).fill(first && marksOf(first)) : rows.map(marksOf)
  const names = said.map((part) => part.names).join(', ')
  return { sql: `INSERT INTO queue (${names}) VALUES ${texts.join(', ')}`, values }
}

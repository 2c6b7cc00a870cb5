/**
 * A queue table that somebody else made, as it stands in the database: what information_schema says of it. Nothing is judged here.
 */
import type { Executor } from '../driver.ts'

export interface OldColumn {
  readonly name: string
  /** As the server writes it: `int(11)`. */
  readonly type: string
  readonly isNullable: boolean
  /** An expression; undefined for none. `NULL` of MariaDB is none. */
  readonly default: string | undefined
  /** Its rows get the time with every change. */
  readonly isTouched: boolean
  readonly isGenerated: boolean
  readonly isCounted: boolean
  /** Undefined for what is no text. */
  readonly collation: string | undefined
}

export interface OldIndex {
  readonly name: string
  readonly columns: readonly string[]
  readonly isUnique: boolean
}

export interface OldTable {
  readonly database: string
  readonly name: string
  readonly engine: string
  readonly rowFormat: string
  readonly collation: string
  readonly bytes: number
  readonly isPartitioned: boolean
  readonly columns: ReadonlyMap<string, OldColumn>
  readonly indexes: readonly OldIndex[]
  readonly triggers: readonly string[]
}

type Row = Readonly<Record<string, string | number | null>>

/** @param database  undefined for the one that is connected to */
export async function readOldTable(db: Executor, name: string, database?: string): Promise<OldTable | undefined> {
  const where = 'table_schema = COALESCE(?, DATABASE()) AND table_name = ?'
  const place = [database ?? null, name]
  const [table] = (
    await db.all<Row>(`SELECT * FROM information_schema.tables WHERE ${where} AND table_type = 'BASE TABLE'`, place)
  ).map(inLowerCase)
  if (table === undefined) return undefined
  const columns = await db.all<Row>(
    `SELECT * FROM information_schema.columns WHERE ${where} ORDER BY ordinal_position`,
    place,
  )
  const parts = await db.all<Row>(
    `SELECT * FROM information_schema.statistics WHERE ${where} ORDER BY index_name, seq_in_index`,
    place,
  )
  const triggers = await db.all<Row>(
    `SELECT trigger_name AS name FROM information_schema.triggers
      WHERE event_object_schema = COALESCE(?, DATABASE()) AND event_object_table = ?`,
    place,
  )
  return {
    database: String(table.table_schema),
    name,
    engine: String(table.engine),
    rowFormat: String(table.row_format),
    collation: String(table.table_collation),
    bytes: Number(table.data_length ?? 0) + Number(table.index_length ?? 0),
    isPartitioned: String(table.create_options).includes('partitioned'),
    columns: new Map(columns.map(inLowerCase).map((row) => [String(row.column_name), oldColumn(row)])),
    indexes: [...Map.groupBy(parts.map(inLowerCase), (part) => String(part.index_name))].map(oldIndex),
    triggers: triggers.map((row) => String(row.name)),
  }
}

/** The columns of tables of our names, by table: those that the site may have had before. */
export async function columnsOf(db: Executor, tables: readonly string[]): Promise<Map<string, Set<string>>> {
  const rows = await db.all<Row>(
    `SELECT table_name AS name, column_name AS column_name FROM information_schema.columns
      WHERE table_schema = DATABASE() AND table_name IN (${tables.map(() => '?').join(', ')})`,
    tables,
  )
  const found = new Map<string, Set<string>>()
  for (const { name, column_name } of rows) {
    found.set(String(name), (found.get(String(name)) ?? new Set()).add(String(column_name)))
  }
  return found
}

/** The columns of information_schema are written in capitals by some versions. */
function inLowerCase(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]))
}

function oldColumn(row: Row): OldColumn {
  const extra = String(row.extra ?? '').toLowerCase()
  const isNone = row.column_default === null || row.column_default === undefined || row.column_default === 'NULL'
  return {
    name: String(row.column_name),
    type: String(row.column_type).toLowerCase(),
    isNullable: row.is_nullable === 'YES',
    default: isNone ? undefined : String(row.column_default),
    isTouched: extra.includes('on update'),
    isGenerated: /\b(?:virtual|stored|persistent)\b/.test(extra),
    isCounted: extra.includes('auto_increment'),
    collation: row.collation_name === null ? undefined : String(row.collation_name),
  }
}

function oldIndex([name, parts]: [string, Row[]]): OldIndex {
  return {
    name,
    columns: parts.map((part) => String(part.column_name)),
    isUnique: Number(parts[0]?.non_unique) === 0,
  }
}

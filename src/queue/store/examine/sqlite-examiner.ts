/** Examining SQLite: its pragmas, its own table of tables, and what it says of its plans. */
import type { Executor } from '../../driver.ts'
import { PRIMARY } from '../../schema-parts.ts'
import type { Examiner, LiveColumn, LiveIndex, LiveTable, PlanStep } from './examiner.ts'

/** Checking reads the whole file. */
const LARGEST_CHECKED_BYTES = 16_777_216

export const sqliteExaminer: Examiner = {
  async explain(db, { sql, values }) {
    const steps = await db.all<Step>(`EXPLAIN QUERY PLAN ${sql}`, values)
    return steps.flatMap((step) => planStep(step, steps))
  },

  async tables(db) {
    const entries = await db.all<{ type: string; name: string; tbl_name: string; sql: string | null }>(
      "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('table', 'index', 'trigger')",
    )
    const columns = await db.all<ColumnRow>(
      `SELECT entry.name AS "table", info.name, info."notnull" AS required, info.pk AS place
         FROM sqlite_schema AS entry JOIN pragma_table_xinfo(entry.name) AS info WHERE entry.type = 'table'`,
    )
    const parts = await db.all<{ index: string; name: string | null; unique: number }>(
      `SELECT list.name AS "index", info.name, list."unique" AS "unique"
         FROM sqlite_schema AS entry JOIN pragma_index_list(entry.name) AS list JOIN pragma_index_info(list.name) AS info
        WHERE entry.type = 'table' ORDER BY list.name, info.seqno`,
    )
    const named = (type: string, table: string) =>
      entries.filter((entry) => entry.type === type && entry.tbl_name === table)
    return tableNames(entries).map((table): LiveTable => {
      const indexes = named('index', table).map(({ name, sql }): [string, LiveIndex] => {
        const own = parts.filter(({ index }) => index === name)
        return [
          name,
          {
            columns: own.map((part) => part.name ?? ''),
            isUnique: Number(own[0]?.unique) === 1,
            asleep: undefined,
            condition: conditionOf(sql),
          },
        ]
      })
      return {
        name: table,
        engine: undefined,
        rowFormat: undefined,
        columns: new Map(columns.filter((column) => column.table === table).map(liveColumn)),
        indexes: new Map([...primaryKey(columns.filter((column) => column.table === table)), ...indexes]),
        triggers: named('trigger', table).map(({ name }) => name),
      }
    })
  },

  async file(db) {
    const bytes = (await pragma(db, 'page_count')) * (await pragma(db, 'page_size'))
    const [mode] = await db.all<{ journal_mode: string }>('PRAGMA journal_mode')
    return {
      journalMode: mode?.journal_mode ?? '',
      synchronous: await pragma(db, 'synchronous'),
      bytes,
      damage: bytes > LARGEST_CHECKED_BYTES ? undefined : await damage(db),
    }
  },

  otherZone: { enter: [], leave: [] },

  freshStatistics: () => 'ANALYZE',
}

interface Step {
  id: number
  parent: number
  detail: string
}

/** A sort stands beside what it sorts: where that is a table, its rows are sorted; where a limited branch, its few. */
function planStep({ parent, detail }: Step, steps: readonly Step[]): PlanStep[] {
  const [, verb, table, using] = /^(SCAN|SEARCH) (\w+)(?: (.*))?$/.exec(detail) ?? []
  if (table === undefined || ['CONSTANT'].includes(table) || isPartOfStatement(table, steps)) return []
  const index = /(?:INDEX (\w+)|(INTEGER PRIMARY KEY|PRIMARY KEY))/.exec(using ?? '')
  return [
    {
      table,
      index: index?.[1] ?? index?.[2],
      readsAll: verb === 'SCAN' && index === null,
      sorts: steps.some((step) => step.parent === parent && step.detail.startsWith('USE TEMP B-TREE')),
      rows: undefined,
    },
  ]
}

/** A subquery that has a name looks like a table where it is read. */
function isPartOfStatement(name: string, steps: readonly Step[]): boolean {
  return steps.some(({ detail }) => detail === `CO-ROUTINE ${name}` || detail === `MATERIALIZE ${name}`)
}

interface ColumnRow {
  table: string
  name: string
  required: number
  /** In the primary key; 0 where it is not part of it. */
  place: number
}

function liveColumn({ name, required }: ColumnRow): [string, LiveColumn] {
  return [name, { type: undefined, isNullable: Number(required) === 0, collation: undefined }]
}

/** SQLite has no name for it. */
function primaryKey(columns: readonly ColumnRow[]): [string, LiveIndex][] {
  const parts = columns.filter(({ place }) => Number(place) > 0).toSorted((a, b) => Number(a.place) - Number(b.place))
  if (parts.length === 0) return []
  const names = parts.map(({ name }) => name)
  return [[PRIMARY, { columns: names, isUnique: true, asleep: undefined, condition: undefined }]]
}

function tableNames(entries: readonly { type: string; name: string }[]): string[] {
  return entries.filter(({ type }) => type === 'table').map(({ name }) => name)
}

function conditionOf(sql: string | null): string | undefined {
  return /\bWHERE (.*)$/s.exec(sql ?? '')?.[1]?.trim()
}

async function pragma(db: Executor, name: 'page_count' | 'page_size' | 'synchronous'): Promise<number> {
  const [row] = await db.all<Record<string, number>>(`PRAGMA ${name}`)
  return Number(row?.[name] ?? 0)
}

async function damage(db: Executor): Promise<string | undefined> {
  const [row] = await db.all<{ quick_check: string }>('PRAGMA quick_check(1)')
  return row === undefined || row.quick_check === 'ok' ? undefined : row.quick_check
}

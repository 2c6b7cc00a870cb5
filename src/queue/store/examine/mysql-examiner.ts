/** Examining MySQL, MariaDB and Galera: how they would run a statement, and what information_schema has of our tables. */
import type { Executor } from '../../driver.ts'
import { expectedTables } from '../../schema-parts.ts'
import { HIGHEST_STATUS } from '../../status.ts'
import type { Examiner, LiveColumn, LiveIndex, PlanStep } from './examiner.ts'
import { readServer } from './mysql-server.ts'

export const mysqlExaminer: Examiner = {
  async explain(db, { sql, values }) {
    const rows = await db.all<PlanRow>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
    return rows.flatMap(planStep)
  },

  async tables(db) {
    const [tables, columns, indexes, triggers] = [
      await db.all<Row>(
        `SELECT table_name AS name, engine AS engine, row_format AS row_format
           FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'`,
      ),
      await db.all<Row>(
        `SELECT table_name AS name, column_name AS column_name, column_type AS type, is_nullable AS nullable,
                collation_name AS collation
           FROM information_schema.columns WHERE table_schema = DATABASE()`,
      ),
      await db.all<Row>('SELECT * FROM information_schema.statistics WHERE table_schema = DATABASE()'),
      await db.all<Row>(
        `SELECT event_object_table AS name, trigger_name AS trigger_name
           FROM information_schema.triggers WHERE event_object_schema = DATABASE()`,
      ),
    ]
    const ours = ourTables()
    return tables
      .filter(({ name }) => ours.includes(String(name)))
      .map(({ name, engine, row_format }) => ({
        name: String(name),
        engine: String(engine),
        rowFormat: String(row_format),
        columns: new Map(columns.filter((column) => column.name === name).map(liveColumn)),
        indexes: liveIndexes(indexes.map(inLowerCase).filter((part) => part.table_name === name)),
        triggers: triggers.filter((trigger) => trigger.name === name).map((trigger) => String(trigger.trigger_name)),
      }))
  },

  server: (db) => readServer(db, ourTables),

  otherZone: { enter: ["SET SESSION time_zone = '+05:30'"], leave: ["SET SESSION time_zone = '+00:00'"] },

  async seesCommitted(db, second, id) {
    const priority = async (from: Executor) => {
      const [row] = await from.all<{ priority: number }>('SELECT priority FROM queue WHERE id = ?', [id])
      return Number(row?.priority)
    }
    return db.transaction(async (tx) => {
      const before = await priority(tx)
      await second.run('UPDATE queue SET priority = ? WHERE id = ?', [before + 1, id])
      return (await priority(tx)) === before + 1
    })
  },

  freshStatistics: (table) => `ANALYZE TABLE ${table}`,

  async believedRows(db, table) {
    const [step] = await db.all<PlanRow>(
      `EXPLAIN FORMAT=TRADITIONAL SELECT * FROM ${ourTables().find((one) => one === table)}`,
    )
    return step?.rows === null || step?.rows === undefined ? undefined : Number(step.rows)
  },

  async firstStateless(db) {
    const [row] = await db.all<{ id: number }>(
      `SELECT id FROM queue FORCE INDEX (queue_claim) WHERE status > ${HIGHEST_STATUS} ORDER BY status LIMIT 1`,
    )
    return row === undefined ? undefined : Number(row.id)
  },
}

function ourTables(): string[] {
  return expectedTables('mysql').map(({ name }) => name)
}

type Row = Readonly<Record<string, string | number | null>>

interface PlanRow {
  table: string | null
  type: string | null
  key: string | null
  rows: number | null
  Extra: string | null
}

/** What is in angle brackets is the statement's own: a subquery, or the heads of a UNION. An INSERT reads no rows at all. */
function planStep({ table, type, key, rows, Extra }: PlanRow): PlanStep[] {
  if (table === null || table.startsWith('<') || rows === null) return []
  return [
    {
      table,
      index: key ?? undefined,
      readsAll: type === 'ALL' || type === 'index',
      sorts: /Using (?:filesort|temporary)/.test(Extra ?? ''),
      rows: Number(rows),
    },
  ]
}

function liveColumn({ column_name, type, nullable, collation }: Row): [string, LiveColumn] {
  return [
    String(column_name),
    {
      type: String(type),
      isNullable: nullable === 'YES',
      collation: collation === null ? undefined : String(collation),
    },
  ]
}

/** The columns of information_schema are written in capitals by some versions. */
function inLowerCase(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]))
}

/** MySQL calls it invisible, MariaDB ignored. */
function liveIndexes(parts: readonly Row[]): ReadonlyMap<string, LiveIndex> {
  const byName = Map.groupBy(parts, ({ index_name }) => String(index_name))
  return new Map(
    [...byName].map(([name, own]) => [
      name,
      {
        columns: own
          .toSorted((a, b) => Number(a.seq_in_index) - Number(b.seq_in_index))
          .map(({ column_name }) => String(column_name)),
        isUnique: Number(own[0]?.non_unique) === 0,
        asleep: own[0]?.is_visible === 'NO' ? 'VISIBLE' : own[0]?.ignored === 'YES' ? 'NOT IGNORED' : undefined,
        condition: undefined,
      },
    ]),
  )
}

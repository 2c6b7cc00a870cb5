/**
 * The tables, as a numbered list of migrations.
 *
 * A migration that was released is never changed; a new one is added. Each statement may be repeated without harm,
 * because DDL cannot be rolled back on MySQL and a migration may be interrupted between two of them.
 *
 *     queue    the tasks, finished ones included
 *     attempt  one row for each attempt that did not finish its task: the happy path writes none
 *     worker   one row for each shard that a worker holds, with its lease
 *     slot     the schedule's ledger: one row for each job and minute that was decided
 *     job      since when a job of the schedule has been due as it is now
 *     tally    what ended, added up by the minute, later by the hour
 *     setting  the schema's version, this installation's name, pauses
 */
import { mysqlVersion2, sqliteVersion2 } from './schema-2.ts'
import { mysqlVersion3, sqliteVersion3 } from './schema-3.ts'
import { mysqlVersion4, sqliteVersion4 } from './schema-4.ts'
import { mysqlVersion5, sqliteVersion5 } from './schema-5.ts'
import { mysqlTables } from './schema-mysql.ts'
import { sqliteTables } from './schema-sqlite.ts'

export interface Migration {
  readonly version: number
  readonly title: string
  readonly mysql: readonly string[]
  readonly sqlite: readonly string[]
}

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, title: 'queue, attempt, worker, slot and setting', mysql: mysqlTables, sqlite: sqliteTables },
  { version: 2, title: 'rescue, lanes, cancelling and stopping', mysql: mysqlVersion2, sqlite: sqliteVersion2 },
  { version: 3, title: 'the ledger of the schedule', mysql: mysqlVersion3, sqlite: sqliteVersion3 },
  { version: 4, title: 'what operators need', mysql: mysqlVersion4, sqlite: sqliteVersion4 },
  { version: 5, title: 'keys that take turns, fewer moves in indexes', mysql: mysqlVersion5, sqlite: sqliteVersion5 },
]

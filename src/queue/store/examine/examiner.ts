/**
 * What a doctor asks of a live database, in the words of each: how it would run a statement, which tables it has, by what
 * settings it works. Nothing is judged here.
 *
 * The databases differ in nearly all of it, so each has an examiner, chosen by the dialect as its migrations are. What one of
 * them does not have is undefined.
 */
import type { Dialect, Driver, Executor } from '../../driver.ts'
import type { Statement } from '../../recording.ts'
import type { FileFacts } from './file-facts.ts'
import { mysqlExaminer } from './mysql-examiner.ts'
import type { ServerFacts } from './server-facts.ts'
import { sqliteExaminer } from './sqlite-examiner.ts'

export interface Examiner {
  /** How the database would run it, without running it. */
  explain(db: Executor, statement: Statement): Promise<PlanStep[]>
  tables(db: Executor): Promise<LiveTable[]>
  server?(db: Executor): Promise<ServerFacts>
  file?(db: Executor): Promise<FileFacts>
  /** Statements after which a connection counts time in another zone, and in ours again. */
  readonly otherZone: { readonly enter: readonly string[]; readonly leave: readonly string[] }
  /**
   * Whether a transaction of the first connection sees what the second one commits meanwhile; undefined where transactions shut
   * out writers.
   */
  seesCommitted?(db: Driver, second: Driver, id: number): Promise<boolean>
  /** The statement that counts anew what the optimizer goes by. */
  readonly freshStatistics: (table: string) => string
  /** What the optimizer takes for the number of the table's rows; undefined where it goes by none. */
  believedRows?(db: Executor, table: string): Promise<number | undefined>
  /** Rows of `queue` in a state that there is none of: the first id; undefined where the tables allow none. */
  firstStateless?(db: Executor): Promise<number | undefined>
}

/** One table of a statement. */
export interface PlanStep {
  /** As the statement calls it; undefined for what is no table of ours. */
  readonly table: string | undefined
  readonly index: string | undefined
  /** It reads the whole of it. */
  readonly readsAll: boolean
  /** It sorts the rows that it reads from there. */
  readonly sorts: boolean
  /** How many rows it expects to read; undefined where it does not say. */
  readonly rows: number | undefined
}

export interface LiveTable {
  readonly name: string
  /** Undefined where there is only one. */
  readonly engine: string | undefined
  readonly rowFormat: string | undefined
  readonly columns: ReadonlyMap<string, LiveColumn>
  readonly indexes: ReadonlyMap<string, LiveIndex>
  readonly triggers: readonly string[]
}

export interface LiveColumn {
  /** As the database writes it: `bigint(20) unsigned`; undefined where it cannot be changed afterwards. */
  readonly type: string | undefined
  readonly isNullable: boolean
  /** Undefined for what is no text, and where every text compares alike. */
  readonly collation: string | undefined
}

export interface LiveIndex {
  readonly columns: readonly string[]
  readonly isUnique: boolean
  /** The optimizer was told not to use it: what to write behind ALTER INDEX so that it does again. */
  readonly asleep: string | undefined
  /** The condition of a partial one. */
  readonly condition: string | undefined
}

const EXAMINERS: Readonly<Record<Dialect['ddl'], Examiner>> = { mysql: mysqlExaminer, sqlite: sqliteExaminer }

export function examinerOf(dialect: Dialect): Examiner {
  return EXAMINERS[dialect.ddl]
}

/**
 * What a database must offer the store: run a statement, run a few as one, and say how its SQL differs.
 *
 * Differences between databases are named values of the dialect, each documented here; nothing above a driver ever asks
 * which database it is talking to. Both drivers take `?` for values and never put a value into the text.
 */

import type { StatusName } from './status.ts'

export type Value = string | number | null

export interface Executor {
  /** Rows of a SELECT. */
  all<Row>(sql: string, values?: readonly Value[]): Promise<Row[]>
  /** @returns how many rows changed, and the id that an INSERT of one row made */
  run(sql: string, values?: readonly Value[]): Promise<Changed>
}

export interface Changed {
  readonly changed: number
  readonly insertId: number
}

export interface Driver extends Executor {
  readonly dialect: Dialect
  /**
   * `work` in one transaction: all of it, or nothing when it throws. It must await nothing but its own statements.
   * Each of them has to be answered within seconds, unless they are `slow`, as those of a migration are.
   */
  transaction<T>(work: (tx: Executor) => Promise<T>, options?: { readonly slow: boolean }): Promise<T>
  /** Called by whoever has read the setting of a table that was taken over: its dialect has another `added` from then on. */
  noteAdded?(column: AddedColumn): void
  /** Where that can be told without asking for rows. */
  readonly writes?: Writes
  close(): Promise<void>
}

/** What others write into the database. */
export interface Writes {
  /** Whoever commits, in whatever process of this host, writes to this file first. It may be missing. */
  readonly file: string
  /** It is another number when somebody else has committed since it was last asked. */
  version(): Promise<number>
}

export interface StateIndex {
  readonly index: string
  /** It tells the queue of a task, too. */
  readonly hasQueue: boolean
}

/** The columns of rows that are given as one JSON text, in their order. */
export type GivenColumns = Readonly<Record<string, 'whole' | 'text'>>

export type AddedColumn = 'ctime' | 'added_at'

export interface Dialect {
  /** The database as a sentence calls it. */
  readonly title: string
  /** Which statements of a migration are this database's. */
  readonly ddl: 'mysql' | 'sqlite'
  /** The column of `queue` that says when a row was added: another one where the table had a `ctime` of its own when it was taken over. */
  readonly added: AddedColumn
  /** Now by the database's clock, in the type of a time column. */
  readonly now: string
  /** `now` plus that many milliseconds; `ms` is an expression, mostly `?`. */
  readonly fromNow: (ms: string) => string
  /** A time column as UTC milliseconds. */
  readonly asMs: (column: string) => string
  /** UTC milliseconds as the value of a time column. */
  readonly fromMs: (ms: string) => string
  /** The latest UTC milliseconds that a time column holds. */
  readonly latestMs: number
  /** How many bytes of UTF-8 a text has, whatever the column keeps it in. */
  readonly bytesOf: (column: string) => string
  /** Put behind the table's name to make a statement use the index, or fail loudly where it cannot. */
  readonly useIndex: (index: string) => string
  /** Put behind the table's name to read its rows by their ids, whatever index the planner would choose. */
  readonly byPrimaryKey: string
  /** The index that finds the tasks of a state. */
  readonly stateIndex: (state: StatusName) => StateIndex
  /** The index that has the tasks of each state by their queue, whatever the state; undefined where there is none. */
  readonly queueIndex: string | undefined
  /** The indexes that find what finished by its `finished_at`, and which states each of them has. */
  readonly finishedIndexes: readonly { readonly index: string; readonly states: readonly StatusName[] }[]
  /** Put behind an INSERT to leave out the rows that a key refuses; `column` is any of the table's. */
  readonly orIgnore: (column: string) => string
  /** Put behind an INSERT: where the key has the row already, these columns of it become the sum of both. */
  readonly addUp: (table: string, columns: readonly string[]) => string
  /** The beginning of the minute that it is now. */
  readonly thisMinute: string
  /** Put behind a SELECT in a transaction: nobody else changes these rows before it ends. */
  readonly forUpdate: string
  /**
   * A table of the name `given`, of the one value at its place: a JSON array that has an array for each row. However many rows
   * these are, the text is the same, so it is prepared once, and what belongs to an id is found without a search.
   */
  readonly given: (columns: GivenColumns) => string
  /**
   * UPDATE of the rows of `queue` whose `id` is among those given, in the order in which they are given. The value of `given` comes
   * first, then those of `set`, then those of `where`. Columns have other names than those of `queue`, but for `id`.
   */
  readonly updateGiven: (columns: GivenColumns, set: string, where: string) => string
  /**
   * Several statements as one, which the server carries out one after the other, each for itself; one of them is a SELECT whose
   * rows are the answer. Their variables are given with their types, and no column has the name of one. Undefined where the
   * server has no such thing.
   */
  readonly compound?: (variables: Readonly<Record<string, string>>, statements: readonly string[]) => string
  /**
   * A statement that is answered when the condition holds, looked at every `everyMs` for so many turns, or without it after the
   * last: with the rows of `answer`, a SELECT. Undefined where there is none.
   */
  readonly waitUntil?: (condition: string, everyMs: number, turns: number, answer: string) => string
  /** A SELECT with an ORDER BY and a LIMIT of its own, as one branch of a UNION ALL. */
  readonly limitedBranch: (select: string) => string
  /** Whether a database without our tables gets them at once, or has to be migrated by hand. */
  readonly migratesItself: boolean
  /** How many milliseconds one of many writes may take, so that those who want to write beside it do not feel it. */
  readonly batchMs: number
  /** Between two such batches others have at least so long, in milliseconds. */
  readonly restMs: number
  /** Row values per statement that are known to be accepted. */
  readonly maxValues: number
  /** A UNIQUE key refused the row. */
  readonly isDuplicate: (error: unknown) => boolean
  /** A migration adds a column or an index that the table has, or drops an index that it has not. */
  readonly isAlreadyThere: (error: unknown) => boolean
  /** The index that finds the running rows of a worker. */
  readonly runningIndex: string
  /** The table is not there. */
  readonly isMissingTable: (error: unknown) => boolean
  /** Rolled back by the database for a reason that passes: do the whole unit again after a moment. */
  readonly isTransient: (error: unknown) => boolean
  /** The connection went away: what was under way may or may not have happened. */
  readonly isConnectionLost: (error: unknown) => boolean
  /** It refuses for now, perhaps for minutes: read-only while it fails over, or no connection is left. */
  readonly isUnavailable: (error: unknown) => boolean
}

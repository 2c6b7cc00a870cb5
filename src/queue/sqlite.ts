/**
 * The embedded database: SQLite, built into Node, one file, nothing to install.
 *
 * SQLite waits for locks synchronously, which would freeze heartbeats and program ends, and it waits unfairly. So it is
 * told not to wait at all: a busy database is tried again after a short random pause in which the event loop runs.
 * Writes are single statements or BEGIN IMMEDIATE; a transaction that starts by reading can fail in a way that no
 * waiting cures.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../exit.ts'
import type { Changed, Dialect, Driver, Executor, Value } from './driver.ts'

const BUSY = 5
const LOCKED = 6
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26
const READ_ONLY = 8
const FULL = 13
const UNIQUE = 2067
const PRIMARY_KEY = 1555

const LONGEST_PAUSE_MS = 11
const GIVE_UP_AFTER_MS = 60_000
const PREPARED_LIMIT = 500

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"

export const sqliteDialect: Dialect = {
  title: 'SQLite',
  ddl: 'sqlite',
  now: NOW,
  fromNow: (ms) => `(${NOW} + CAST(${ms} AS INTEGER))`,
  asMs: (column) => column,
  fromMs: (ms) => `CAST(${ms} AS INTEGER)`,
  latestMs: 8_640_000_000_000_000,
  useIndex: (index) => `INDEXED BY ${index}`,
  limitedBranch: (select) => `SELECT * FROM (${select})`,
  migratesItself: true,
  maxValues: 32_000,
  isDuplicate: (error) => [UNIQUE, PRIMARY_KEY].includes(errorCode(error)),
  isAlreadyThere: (error) => error instanceof Error && /^duplicate column name|already exists$/.test(error.message),
  runningIndex: 'queue_running',
  isMissingTable: (error) => error instanceof Error && error.message.startsWith('no such table'),
  isTransient: (error) => isBusy(error),
  isConnectionLost: () => false,
}

export interface SqliteOptions {
  /** `full`: a finish that was booked survives a power cut. `normal`: it survives a crash of the process. */
  readonly synchronous: 'full' | 'normal'
}

/** Opens the file, making it, and the directory it stands in, when they are not there. */
export async function openSqlite(file: string, options: SqliteOptions): Promise<Driver> {
  makeDirectory(dirname(file), file)
  const { DatabaseSync } = await loadSqlite()
  return whenNotBusy(() => {
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(file, { timeout: 0 })
      database.exec('PRAGMA journal_mode = WAL')
      database.exec(`PRAGMA synchronous = ${options.synchronous === 'full' ? 'FULL' : 'NORMAL'}`)
      return new SqliteDriver(database, file)
    } catch (error) {
      database?.close()
      throw named(error, file)
    }
  })
}

function makeDirectory(directory: string, file: string): void {
  if (existsSync(directory)) return
  try {
    mkdirSync(directory)
  } catch (error) {
    throw cannotOpen(file, { cause: error })
  }
}

/** Node 22 warns that its SQLite is experimental, on stderr, which cron would mail every minute. */
async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  const emitWarning = process.emitWarning
  process.emitWarning = () => {}
  try {
    return await import('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

class SqliteDriver implements Driver {
  readonly dialect = sqliteDialect
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #prepared = new Map<string, StatementSync>()
  #transaction: Promise<unknown> | undefined

  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
  }

  async all<Row>(sql: string, values: readonly Value[] = []): Promise<Row[]> {
    while (this.#transaction !== undefined) await this.#transaction
    return whenNotBusy(() => this.#all<Row>(sql, values))
  }

  async run(sql: string, values: readonly Value[] = []): Promise<Changed> {
    while (this.#transaction !== undefined) await this.#transaction
    return whenNotBusy(() => this.#run(sql, values))
  }

  /** There is one connection, and a statement issued while a transaction is open would join it: the others wait. */
  async transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    while (this.#transaction !== undefined) await this.#transaction
    const done = this.#transact(work)
    this.#transaction = done.catch(() => {})
    try {
      return await done
    } finally {
      this.#transaction = undefined
    }
  }

  async close(): Promise<void> {
    while (this.#transaction !== undefined) await this.#transaction
    this.#prepared.clear()
    if (this.#database.isOpen) this.#database.close()
  }

  async #transact<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    await whenNotBusy(() => this.#run('BEGIN IMMEDIATE', []))
    try {
      const result = await work({
        all: async (sql, values = []) => this.#all(sql, values),
        run: async (sql, values = []) => this.#run(sql, values),
      })
      await whenNotBusy(() => this.#run('COMMIT', []))
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #all<Row>(sql: string, values: readonly Value[]): Row[] {
    return this.#attempt(() => this.#prepare(sql).all(...values) as Row[])
  }

  #run(sql: string, values: readonly Value[]): Changed {
    return this.#attempt(() => {
      const { changes, lastInsertRowid } = this.#prepare(sql).run(...values)
      return { changed: Number(changes), insertId: Number(lastInsertRowid) }
    })
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      if (this.#prepared.size >= PREPARED_LIMIT) this.#prepared.clear()
      this.#prepared.set(sql, statement)
    }
    return statement
  }

  #attempt<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw named(error, this.#file)
    }
  }
}

async function whenNotBusy<T>(action: () => T): Promise<T> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  for (;;) {
    try {
      return action()
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error
      await sleep(1 + Math.random() * (LONGEST_PAUSE_MS - 1))
    }
  }
}

function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED].includes(errorCode(error) & 0xff)
}

/** SQLite's extended result code; 0 for anything that is not an error of SQLite. */
function errorCode(error: unknown): number {
  return (error as { errcode?: number }).errcode ?? 0
}

/** What an operator can mend becomes a sentence that names the file; everything else stays what it was. */
function named(error: unknown, file: string): unknown {
  switch (errorCode(error) & 0xff) {
    case CANNOT_OPEN:
      return cannotOpen(file)
    case READ_ONLY:
      return new Complaint(
        EXIT.unavailable,
        `The SQLite file ${file} cannot be written. Make it and its directory writable for this user.`,
      )
    case FULL:
      return new Complaint(
        EXIT.unavailable,
        `The disk that holds ${file} is full. Free some space; nothing that was booked is lost.`,
      )
    case NOT_A_DATABASE:
      return new Complaint(
        EXIT.badConfig,
        `${file} is not a SQLite database. Set QUEUE_URL to another file, or move this one away.`,
      )
    default:
      return error
  }
}

function cannotOpen(file: string, options?: ErrorOptions): Complaint {
  const sentence = `The SQLite file ${file} cannot be opened. Check that its directory exists and may be written by this user.`
  return new Complaint(EXIT.unavailable, sentence, options)
}

/**
 * The embedded database: SQLite, built into Node, one file, nothing to install.
 *
 * SQLite waits for locks synchronously, which would freeze heartbeats and program ends, and it waits unfairly. So it is
 * told not to wait at all: a busy database is tried again after a short random pause in which the event loop runs, and one
 * that is busy for seconds on end is a complaint, to be waited for as a server is that does not answer.
 * Its answers come at once, so whoever asks again and again would keep the event loop from its turns, and signals from being
 * heard: now and then a statement waits for a turn.
 * Writes are single statements or BEGIN IMMEDIATE; a transaction that starts by reading can fail in a way that no
 * waiting cures.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { runningMs } from '../time/running.ts'
import { type AgainOptions, again } from './again.ts'
import type { Changed, Driver, Executor, Value, Writes } from './driver.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { busyForLong, cannotOpen, isBusy, moved, named } from './sqlite-errors.ts'

const SHORTEST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 11
const GIVE_UP_AFTER_MS = 10_000
const LOOK_EVERY_MS = 1_000
const PREPARED_LIMIT = 500
const TURN_AFTER_MS = 20

export interface SqliteOptions {
  /** `full`: a finish that was booked survives a power cut. `normal`: it survives a crash of the process. */
  readonly synchronous: 'full' | 'normal'
}

/**
 * Opens the file, making it, and the directory it stands in, when they are not there.
 *
 * @param waiting  how long to wait for one that is busy all the time
 */
export async function openSqlite(file: string, options: SqliteOptions, waiting: AgainOptions): Promise<Driver> {
  makeDirectory(dirname(file), file)
  const { DatabaseSync } = loadSqlite()
  const open = () => {
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
  }
  return again(sqliteDialect, waiting, () => whenNotBusy(file, open))
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
function loadSqlite(): typeof import('node:sqlite') {
  const emitWarning = process.emitWarning
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

class SqliteDriver implements Driver {
  readonly dialect = sqliteDialect
  readonly writes: Writes
  readonly #database: DatabaseSync
  readonly #file: string
  readonly #identity: string | undefined
  #lookedAt = runningMs()
  readonly #prepared = new Map<string, StatementSync>()
  #transaction: Promise<unknown> | undefined
  #turnedAt = runningMs()

  constructor(database: DatabaseSync, file: string) {
    this.#database = database
    this.#file = file
    this.#identity = fileAt(file)
    this.writes = {
      file: `${file}-wal`,
      version: async () => (await this.all<{ data_version: number }>('PRAGMA data_version'))[0]?.data_version ?? 0,
    }
  }

  async all<Row>(sql: string, values: readonly Value[] = []): Promise<Row[]> {
    await this.#letTurn()
    while (this.#transaction !== undefined) await this.#transaction
    return whenNotBusy(this.#file, () => this.#all<Row>(sql, values))
  }

  async run(sql: string, values: readonly Value[] = []): Promise<Changed> {
    await this.#letTurn()
    while (this.#transaction !== undefined) await this.#transaction
    return whenNotBusy(this.#file, () => this.#run(sql, values))
  }

  /** There is one connection, and a statement issued while a transaction is open would join it: the others wait. */
  async transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    await this.#letTurn()
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

  async #letTurn(): Promise<void> {
    if (runningMs() - this.#turnedAt < TURN_AFTER_MS) return
    await nextTurn()
    this.#turnedAt = runningMs()
  }

  async #transact<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    await whenNotBusy(this.#file, () => this.#run('BEGIN IMMEDIATE', []))
    try {
      const result = await work({
        all: async (sql, values = []) => this.#all(sql, values),
        run: async (sql, values = []) => this.#run(sql, values),
      })
      await whenNotBusy(this.#file, () => this.#run('COMMIT', []))
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

  /** What is written into a file that has no name any more vanishes when it is closed. */
  #look(): void {
    if (fileAt(this.#file) !== this.#identity) throw moved(this.#file)
    this.#lookedAt = runningMs()
  }

  #attempt<T>(action: () => T): T {
    if (runningMs() - this.#lookedAt >= LOOK_EVERY_MS) this.#look()
    try {
      return action()
    } catch (error) {
      throw named(error, this.#file)
    }
  }
}

async function whenNotBusy<T>(file: string, action: () => T): Promise<T> {
  const giveUpAt = runningMs() + GIVE_UP_AFTER_MS
  for (let longest = SHORTEST_PAUSE_MS; ; longest = Math.min(LONGEST_PAUSE_MS, longest * 2)) {
    try {
      return action()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (runningMs() > giveUpAt) throw busyForLong(file, GIVE_UP_AFTER_MS, error)
      await sleep(1 + Math.random() * (longest - 1))
    }
  }
}

/** Which file a path leads to; undefined when to none. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

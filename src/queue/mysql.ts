/**
 * MySQL, MariaDB, Galera.
 *
 * Every statement is prepared on the server (`execute`): with NO_BACKSLASH_ESCAPES the client's own escaping is an
 * injection. Every connection reads at READ COMMITTED, counts time in UTC and refuses what does not fit,
 * whatever the server's defaults are.
 */
import type { Pool, PoolConnection, PoolOptions, ResultSetHeader, RowDataPacket } from 'mysql2/promise'
import { Complaint, EXIT } from '../exit.ts'
import type { Changed, Dialect, Driver, Executor, Value } from './driver.ts'

/** One for claims, one for finishes, one for the lease: none of them waits for another. */
const CONNECTIONS = 3
const CONNECT_TIMEOUT_MS = 10_000

const ROLLED_BACK = new Set([
  1205, // lock wait timeout
  1213, // deadlock; on Galera also a lost certification
  1020, // record has changed since last read
  1047, // Galera: node is not (yet) part of the majority
  1290, // read-only while failing over
  1040, // too many connections
])
const SERVER_GOES_AWAY = new Set([1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013])
const LOST_CODES = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

export const mysqlDialect: Dialect = {
  title: 'MySQL',
  ddl: 'mysql',
  now: 'CURRENT_TIMESTAMP(3)',
  fromNow: (ms) => `(CURRENT_TIMESTAMP(3) + INTERVAL (${ms}) * 1000 MICROSECOND)`,
  asMs: (column) => `CAST(UNIX_TIMESTAMP(${column}) * 1000 AS SIGNED)`,
  fromMs: (ms) => `FROM_UNIXTIME((${ms}) / 1000)`,
  latestMs: 2_147_483_647_000,
  useIndex: (index) => `FORCE INDEX (${index})`,
  limitedBranch: (select) => `(${select})`,
  migratesItself: false,
  maxValues: 60_000,
  isDuplicate: (error) => errno(error) === 1062,
  isAlreadyThere: (error) => [1060, 1061].includes(errno(error)),
  runningIndex: 'queue_promote',
  isMissingTable: (error) => errno(error) === 1146,
  isTransient: (error) => ROLLED_BACK.has(errno(error)),
  isConnectionLost: (error) =>
    SERVER_GOES_AWAY.has(errno(error)) ||
    LOST_CODES.has((error as { code?: string }).code ?? '') ||
    (error as { fatal?: boolean }).fatal === true ||
    /closed state|Connection lost|Pool is closed/.test((error as Error).message ?? ''),
}

/** @param url  `mysql://user:password@host:port/database`, with `?socket=/path` for a Unix socket */
export async function openMysql(url: URL): Promise<Driver> {
  const { default: mysql } = await import('mysql2/promise')
  const pool = mysql.createPool(poolOptions(url))
  pool.pool.on('connection', (connection) => {
    for (const statement of SESSION) connection.query(statement, (error) => error !== null && connection.destroy())
  })
  const driver = new MysqlDriver(pool)
  try {
    await driver.run('DO 0')
  } catch (error) {
    await pool.end().catch(() => {})
    throw connectComplaint(error, url) ?? error
  }
  return driver
}

/** A connection that a caller opened: rows are added in the caller's own transaction. */
export interface CallersConnection {
  execute(sql: string, values?: Value[]): Promise<unknown>
}

export function borrowMysql(connection: CallersConnection): Executor & { readonly dialect: Dialect } {
  return { dialect: mysqlDialect, ...executor(connection) }
}

const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION time_zone = '+00:00'",
  "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION innodb_lock_wait_timeout = 5',
]

function poolOptions(url: URL): PoolOptions {
  const socketPath = url.searchParams.get('socket')
  return {
    ...(socketPath === null ? { host: url.hostname, port: Number(url.port || 3306) } : { socketPath }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: databaseName(url),
    charset: 'utf8mb4',
    connectionLimit: CONNECTIONS,
    maxIdle: CONNECTIONS,
    idleTimeout: 30_000,
    connectTimeout: CONNECT_TIMEOUT_MS,
    enableKeepAlive: true,
    // The number of rows changed, not of rows found: a guarded write that found nothing to change changed nothing.
    flags: ['-FOUND_ROWS'],
  }
}

export function databaseName(url: URL): string {
  return decodeURIComponent(url.pathname.replace(/^\//, ''))
}

class MysqlDriver implements Driver {
  readonly dialect = mysqlDialect
  readonly all: Executor['all']
  readonly run: Executor['run']
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
    const { all, run } = executor(pool as CallersConnection)
    this.all = all
    this.run = run
  }

  async transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    const connection = await this.#pool.getConnection()
    try {
      await connection.beginTransaction()
      const result = await work(executor(connection as CallersConnection))
      await connection.commit()
      connection.release()
      return result
    } catch (error) {
      await abandon(connection)
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

async function abandon(connection: PoolConnection): Promise<void> {
  try {
    await connection.rollback()
    connection.release()
  } catch {
    connection.destroy()
  }
}

function executor(connection: CallersConnection): Executor {
  return {
    async all<Row>(sql: string, values: readonly Value[] = []): Promise<Row[]> {
      const [rows] = (await connection.execute(sql, [...values])) as [RowDataPacket[], unknown]
      return rows as Row[]
    },
    async run(sql: string, values: readonly Value[] = []): Promise<Changed> {
      const [header] = (await connection.execute(sql, [...values])) as [ResultSetHeader, unknown]
      return { changed: header.affectedRows, insertId: Number(header.insertId) }
    },
  }
}

/** What an operator can mend at connect becomes a sentence; the password is never part of it. */
function connectComplaint(error: unknown, url: URL): Complaint | undefined {
  const where = url.searchParams.get('socket') ?? `${url.hostname}:${url.port || 3306}`
  const user = decodeURIComponent(url.username)
  const options = { cause: error }
  switch (errno(error)) {
    case 1045:
    case 1698:
      return new Complaint(
        EXIT.badConfig,
        `The database at ${where} refused the user "${user}" or its password. Correct QUEUE_URL.`,
        options,
      )
    case 1044:
      return new Complaint(
        EXIT.badConfig,
        `The user "${user}" may not use the database "${databaseName(url)}" at ${where}. Grant it, or correct QUEUE_URL.`,
        options,
      )
    case 1049:
      return new Complaint(
        EXIT.badConfig,
        `There is no database "${databaseName(url)}" at ${where}. Create it, or correct QUEUE_URL.`,
        options,
      )
    case 1040:
      return new Complaint(
        EXIT.unavailable,
        `The database at ${where} has no connection left (max_connections). Try again, or allow more.`,
        options,
      )
  }
  const code = (error as { code?: string }).code ?? ''
  if (LOST_CODES.has(code) || ['ENOTFOUND', 'EAI_AGAIN', 'ENOENT'].includes(code)) {
    return new Complaint(
      EXIT.unavailable,
      `The database at ${where} cannot be reached (${code}). Check that it runs and that QUEUE_URL is right.`,
      options,
    )
  }
  return undefined
}

function errno(error: unknown): number {
  return Number((error as { errno?: number }).errno ?? 0)
}

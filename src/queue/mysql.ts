/**
 * MySQL, MariaDB, Galera.
 *
 * Every statement is prepared on the server (`execute`): with NO_BACKSLASH_ESCAPES the client's own escaping is an
 * injection. Every connection reads at READ COMMITTED, counts time in UTC and refuses what does not fit,
 * whatever the server's defaults are.
 */
import type { PoolConnection, PoolOptions, ResultSetHeader } from 'mysql2'
import { type AgainOptions, again } from './again.ts'
import type { AddedColumn, Changed, Dialect, Driver, Executor, GivenColumns, Value } from './driver.ts'
import { type Answer, ask, discard, MysqlConnections, tell } from './mysql-connections.ts'
import { errorNumber, isConnectionLost, isRolledBack, isUnavailable, type MysqlPlace, named } from './mysql-errors.ts'

/** One for claims, one for finishes, one for the lease, one for what is asked beside, one to wait for news: none of them waits for another. */
const CONNECTIONS = 5
/** mysql2 makes room for all of them at once, for each connection, and 16,000 unless it is told: half a megabyte. */
const PREPARED_LIMIT = 500

/** A text is a file's name or something as short: rows with wider columns would not be kept in memory. A longer one is an error. */
const GIVEN_TYPES = { whole: 'BIGINT', text: 'VARCHAR(256) CHARACTER SET utf8mb4' } as const

function given(columns: GivenColumns): string {
  const parts = Object.entries(columns).map(
    ([name, type], place) => `${name} ${GIVEN_TYPES[type]} PATH '$[${place}]' ERROR ON ERROR`,
  )
  return `JSON_TABLE(?, '$[*]' COLUMNS (${parts.join(', ')})) AS given`
}

export const mysqlDialect: Dialect = {
  title: 'MySQL',
  ddl: 'mysql',
  added: 'ctime',
  // A conversion costs as much as all else that is read of a row with a long parameter.
  bytesOf: (column) =>
    `OCTET_LENGTH(CASE WHEN CHARSET(${column}) = 'utf8mb4' THEN ${column} ELSE CONVERT(${column} USING utf8mb4) END)`,
  now: 'CURRENT_TIMESTAMP(3)',
  fromNow: (ms) => `(CURRENT_TIMESTAMP(3) + INTERVAL (${ms}) * 1000 MICROSECOND)`,
  asMs: (column) => `CAST(UNIX_TIMESTAMP(${column}) * 1000 AS SIGNED)`,
  // A value arrives as a floating-point number, of which the division would lose a millisecond now and then.
  fromMs: (ms) => `FROM_UNIXTIME(CAST(${ms} AS SIGNED) / 1000)`,
  latestMs: 2_147_483_647_000,
  orIgnore: (column) => `ON DUPLICATE KEY UPDATE ${column} = ${column}`,
  addUp: (table, columns) =>
    `ON DUPLICATE KEY UPDATE ${columns.map((it) => `${it} = ${table}.${it} + VALUES(${it})`).join(', ')}`,
  thisMinute: 'FROM_UNIXTIME(FLOOR(UNIX_TIMESTAMP() / 60) * 60)',
  forUpdate: 'FOR UPDATE',
  useIndex: (index) => `FORCE INDEX (${index})`,
  byPrimaryKey: 'FORCE INDEX (PRIMARY)',
  stateIndex: () => ({ index: 'queue_claim', hasQueue: true }),
  queueIndex: 'queue_claim',
  finishedIndexes: [{ index: 'queue_finished', states: ['done', 'failed', 'cancelled'] }],
  given,
  updateGiven: (columns, set, where) =>
    `UPDATE ${given(columns)} STRAIGHT_JOIN queue FORCE INDEX (PRIMARY) ON queue.id = given.id
        SET ${set}
      WHERE ${where}`,
  limitedBranch: (select) => `(${select})`,
  migratesItself: false,
  batchMs: 50,
  restMs: 0,
  maxValues: 60_000,
  isDuplicate: (error) => errorNumber(error) === 1062,
  isAlreadyThere: (error) => [1060, 1061, 1091].includes(errorNumber(error)),
  runningIndex: 'queue_claim',
  isMissingTable: (error) => errorNumber(error) === 1146,
  isTransient: isRolledBack,
  isConnectionLost,
  isUnavailable,
}

/** What MariaDB has and MySQL has not: compound statements outside of stored programs. Looking by itself costs it a tenth of being asked. */
const COMPOUND: Pick<Dialect, 'compound' | 'waitUntil'> = {
  compound: (variables, statements) =>
    `BEGIN NOT ATOMIC
       ${Object.entries(variables)
         .map(([name, type]) => `DECLARE ${name} ${type};\n`)
         .join('')}
       ${statements.join(';\n')};
     END`,
  waitUntil: (condition, everyMs, turns, answer) =>
    `BEGIN NOT ATOMIC
       DECLARE turns INT DEFAULT 0;
       REPEAT
         DO SLEEP(${Number(everyMs) / 1_000});
         SET turns = turns + 1;
       UNTIL turns >= ${Number(turns)} OR ${condition} END REPEAT;
       ${answer};
     END`,
}

/**
 * @param url  `mysql://user:password@host:port/database`, with `?socket=/path` for a Unix socket
 * @param answerMs  how long a statement may take, unless it is slow, before the connection counts as lost
 * @param waiting  how long to wait for a server that cannot be reached; undefined when the first statement is to find out
 * @throws Complaint when it cannot be used, at once when waiting would not help
 */
export async function openMysql(url: URL, answerMs: number, waiting: AgainOptions | undefined): Promise<Driver> {
  const driver = new MysqlDriver(await MysqlConnections.create(poolOptions(url), answerMs), placeOf(url))
  if (waiting === undefined) return driver
  try {
    await again(mysqlDialect, waiting, () => driver.run('DO 0'))
    return driver
  } catch (error) {
    await driver.close()
    throw error
  }
}

/** A connection that a caller opened: rows are added in the caller's own transaction. */
export interface CallersConnection {
  execute(sql: string, values?: Value[]): Promise<unknown>
}

export function borrowMysql(connection: CallersConnection): Executor & { readonly dialect: Dialect } {
  const answer = async (sql: string, values: readonly Value[]) =>
    ((await connection.execute(sql, [...values])) as [Answer])[0]
  return { dialect: mysqlDialect, ...executor(answer) }
}

function poolOptions(url: URL): PoolOptions {
  const socketPath = url.searchParams.get('socket')
  return {
    ...(socketPath === null ? { host: url.hostname, port: Number(url.port || 3306) } : { socketPath }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: databaseName(url),
    charset: 'utf8mb4',
    connectionLimit: CONNECTIONS,
    enableKeepAlive: true,
    maxPreparedStatements: PREPARED_LIMIT,
    // The number of rows changed, not of rows found: a guarded write that found nothing to change changed nothing.
    flags: ['-FOUND_ROWS'],
  }
}

function placeOf(url: URL): MysqlPlace {
  return {
    where: url.searchParams.get('socket') ?? `${url.hostname}:${url.port || 3306}`,
    user: decodeURIComponent(url.username),
    database: databaseName(url),
  }
}

export function databaseName(url: URL): string {
  return decodeURIComponent(url.pathname.replace(/^\//, ''))
}

class MysqlDriver implements Driver {
  dialect: Dialect = mysqlDialect
  readonly all: Executor['all']
  readonly run: Executor['run']
  readonly #connections: MysqlConnections
  readonly #place: MysqlPlace

  constructor(connections: MysqlConnections, place: MysqlPlace) {
    this.#connections = connections
    this.#place = place
    connections.onServer = (version) => {
      if (isMariadb(version)) this.dialect = { ...this.dialect, ...COMPOUND }
    }
    const { all, run } = executor((sql, values) =>
      this.#use((connection, limitMs) => ask(connection, sql, values, limitMs)),
    )
    this.all = all
    this.run = run
  }

  noteAdded(added: AddedColumn): void {
    if (added !== this.dialect.added) this.dialect = { ...this.dialect, added }
  }

  transaction<T>(work: (tx: Executor) => Promise<T>, { slow } = { slow: false }): Promise<T> {
    return this.#use((connection, limitMs) => transact(connection, work, slow ? undefined : limitMs))
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  async #use<T>(work: (connection: PoolConnection, limitMs: number) => Promise<T>): Promise<T> {
    try {
      return await this.#connections.use(work)
    } catch (error) {
      throw named(error, this.#place)
    }
  }
}

/**
 * Without a limit for its statements, a transaction waits for whoever uses a table as long as the server's own settings
 * say.
 */
async function transact<T>(
  connection: PoolConnection,
  work: (tx: Executor) => Promise<T>,
  limitMs: number | undefined,
): Promise<T> {
  const slow = limitMs === undefined
  try {
    if (slow) await tell(connection, 'SET SESSION lock_wait_timeout = DEFAULT', limitMs)
    await tell(connection, 'START TRANSACTION', limitMs)
    const result = await work(executor((sql, values) => ask(connection, sql, values, limitMs)))
    await tell(connection, 'COMMIT', limitMs)
    return result
  } catch (error) {
    // A connection that cannot roll back takes its transaction with it.
    if (!isConnectionLost(error)) await tell(connection, 'ROLLBACK', limitMs).catch(() => discard(connection))
    throw error
  } finally {
    if (slow) discard(connection)
  }
}

/** A compound statement answers with its rows, and then with how it ended. */
function rowsOf(answer: Answer): unknown {
  const isCompound = Array.isArray(answer) && Array.isArray(answer[0])
  return isCompound ? answer[0] : answer
}

/** `10.11.6-MariaDB`, or with `5.5.5-` before it. Another one may stand before the server and give its own. */
function isMariadb(version: string): boolean {
  return /mariadb/i.test(version)
}

function executor(answer: (sql: string, values: readonly Value[]) => Promise<Answer>): Executor {
  return {
    async all<Row>(sql: string, values: readonly Value[] = []): Promise<Row[]> {
      return rowsOf(await answer(sql, values)) as Row[]
    },
    async run(sql: string, values: readonly Value[] = []): Promise<Changed> {
      const { affectedRows, insertId } = (await answer(sql, values)) as ResultSetHeader
      return { changed: affectedRows, insertId: Number(insertId) }
    },
  }
}

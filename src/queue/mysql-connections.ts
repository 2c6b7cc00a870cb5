/**
 * Connections to MySQL that keep nobody waiting for ever.
 *
 * A TCP connection can fall silent without ending: a firewall drops it, a host vanishes. mysql2 limits neither the
 * preparation of a statement nor the wait for a connection, so everything asked here has a time limit. When it is over,
 * the connection is thrown away, and so are the idle ones, which are as old; what was asked may yet have happened.
 */
import type { Duplex } from 'node:stream'
import type { Pool, PoolConnection, PoolOptions, ResultSetHeader, RowDataPacket } from 'mysql2'
import type { Value } from './driver.ts'
import { isConnectionLost, isReadOnly, NoAnswer } from './mysql-errors.ts'

const CLOSE_LIMIT_MS = 1_000

export type Answer = RowDataPacket[] | ResultSetHeader

export class MysqlConnections {
  readonly #pool: Pool
  readonly #answerMs: number
  readonly #open = new Set<PoolConnection>()
  readonly #idle = new Set<PoolConnection>()
  /** Told with the first connection what the server calls itself: `8.0.36`, `10.11.6-MariaDB`. */
  onServer: ((version: string) => void) | undefined

  /** @param answerMs  how long connecting, and each statement, may take */
  static async create(options: PoolOptions, answerMs: number): Promise<MysqlConnections> {
    const { default: mysql } = await import('mysql2')
    return new MysqlConnections(mysql.createPool({ ...options, connectTimeout: answerMs }), answerMs)
  }

  private constructor(pool: Pool, answerMs: number) {
    this.#pool = pool
    this.#answerMs = answerMs
    pool.on('connection', (connection) => this.#prepare(connection))
    pool.on('acquire', (connection) => this.#idle.delete(connection))
    pool.on('release', (connection) => this.#idle.add(connection))
  }

  /** `work` with a connection of its own, and the time that a statement on it may take. */
  async use<T>(work: (connection: PoolConnection, limitMs: number) => Promise<T>): Promise<T> {
    const connection = await this.#take()
    try {
      const result = await work(connection, this.#answerMs)
      connection.release()
      return result
    } catch (error) {
      if (isConnectionLost(error)) this.#discardIdle()
      if (isConnectionLost(error) || isReadOnly(error)) discard(connection)
      else connection.release()
      throw error
    }
  }

  /** The server is told; whatever still waits for an answer a moment later is told that there is none. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_LIMIT_MS)
      this.#pool.end(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    for (const connection of this.#open) streamOf(connection).destroy()
  }

  /** Waits a little longer than connecting may take. */
  #take(): Promise<PoolConnection> {
    const limitMs = this.#answerMs * 1.5
    return new Promise((resolve, reject) => {
      let late = false
      const timer = setTimeout(() => {
        late = true
        reject(new NoAnswer('connection', limitMs))
      }, limitMs)
      this.#pool.getConnection((error, connection) => {
        clearTimeout(timer)
        if (error) reject(error)
        else if (late) connection.release()
        else resolve(connection)
      })
    })
  }

  #prepare(connection: PoolConnection): void {
    const stream = streamOf(connection)
    this.onServer?.(versionOf(connection))
    this.onServer = undefined
    this.#open.add(connection)
    stream.once('close', () => {
      this.#open.delete(connection)
      this.#idle.delete(connection)
    })
    // Whoever waits for an answer is told of an error; without anybody waiting it would end the process.
    connection.on('error', () => {})
    for (const statement of sessionSettings(this.#answerMs)) {
      connection.query(statement, (error) => {
        if (error) stream.destroy(error)
      })
    }
  }

  #discardIdle(): void {
    for (const connection of this.#idle) discard(connection)
    this.#idle.clear()
  }
}

/**
 * Whatever the server's defaults are. A lock is given up well before the connection would be, which the server would not
 * notice while it waits. READ COMMITTED stands alone: MySQL and MariaDB name its variable differently.
 */
function sessionSettings(answerMs: number): string[] {
  const seconds = (share: number) => Math.max(1, Math.floor((answerMs * share) / 1_000))
  return [
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    `SET SESSION autocommit = 1, SESSION time_zone = '+00:00', SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
         SESSION innodb_lock_wait_timeout = ${seconds(0.5)}, SESSION lock_wait_timeout = ${seconds(0.8)}`,
  ]
}

/**
 * One statement, prepared on the server, with its values beside it.
 *
 * @param limitMs  undefined for a statement that may take as long as it likes
 */
export function ask(
  connection: PoolConnection,
  sql: string,
  values: readonly Value[],
  limitMs: number | undefined,
): Promise<Answer> {
  return answered(limitMs, (done) => connection.execute(sql, [...values], done))
}

/** A statement without values, of a kind that MySQL does not prepare: of transactions. */
export function tell(connection: PoolConnection, sql: string, limitMs: number | undefined): Promise<Answer> {
  return answered(limitMs, (done) => connection.query(sql, done))
}

function answered(
  limitMs: number | undefined,
  begin: (done: (error: Error | null, answer: Answer) => void) => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = limitMs === undefined ? undefined : setTimeout(() => reject(new NoAnswer('answer', limitMs)), limitMs)
    begin((error, answer) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve(answer)
    })
  })
}

/** `destroy` of mysql2 waits for the other side to agree, and a silent one never does. */
export function discard(connection: PoolConnection): void {
  connection.destroy()
  streamOf(connection).destroy()
}

function streamOf(connection: PoolConnection): Duplex {
  return (connection as unknown as { readonly stream: Duplex }).stream
}

function versionOf(connection: PoolConnection): string {
  const { _handshakePacket: greeting } = connection as unknown as {
    readonly _handshakePacket?: { readonly serverVersion?: string }
  }
  return greeting?.serverVersion ?? ''
}

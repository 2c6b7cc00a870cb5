/**
 * What the errors of MySQL, MariaDB, Galera and mysql2 mean: do it again, wait for it, or tell an operator.
 *
 * A number of the server decides by the lists below; only an error without one is judged by mysql2's `fatal` and the
 * system's codes. mysql2 calls a refused password fatal too, and waiting does not cure that.
 */
import { Complaint, EXIT, type ExitCode } from '../exit.ts'

/** The unit was rolled back or not begun; after a moment it goes through. */
const ROLLED_BACK = new Set([
  1020, // record has changed since last read (innodb_snapshot_isolation)
  1180, // error during COMMIT: Galera
  1205, // lock wait timeout, of rows or of the table's definition
  1206, // the lock table is full
  1213, // deadlock; on Galera also a lost certification
  1317, // somebody killed the query
  1637, // too many transactions at once
  3100, // group replication refused the commit
  3101, // group replication rolled the commit back
])

/** Nothing is accepted for now; that may last minutes. */
const UNAVAILABLE = new Set([
  1021, // disk full
  1037, // out of memory
  1040, // too many connections
  1041, // out of memory
  1047, // Galera: the node is not, or not yet, part of the majority
  1114, // table full: mostly the disk
  1129, // host blocked after many connection errors, until somebody flushes that
  1135, // cannot create a thread
  1203, // max_user_connections
  1226, // a limit of this user
  1290, // --read-only, --super-read-only
  1792, // the transaction is read-only
  1836, // read-only mode
  1874, // InnoDB is read-only
  1969, // MariaDB: max_statement_time is over
  3024, // MySQL: max_execution_time is over
  3032, // offline mode
  3168, // server is not available
  3675, // disk full
  3989, // the schema is read-only
  4081, // MySQL: global connection limit
  4082, // MySQL: connection limit of the user
  9001, // ProxySQL: no server behind it
])

/** The connection ends, and the answer with it. */
const CONNECTION_ENDS = new Set([
  ...[1053, 1077, 1079, 1927, 3169, 4031], // shutdown, killed, idle for too long
  ...[1152, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1184], // broken in the middle of something
  ...[2002, 2003, 2006, 2013, 2055], // what a proxy says when it has lost the server
])

const LOST_CODES = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** The server does not let anybody in by the way that the account names. */
const AUTHENTICATION = new Set([1251, 1275, 1524])

/** A server that may write again will be another one: a connection to this one is of no use. */
const READ_ONLY = new Set([1290, 1792, 1836, 1874, 3989])

/** The server did not answer in time. What was asked may yet happen. */
export class NoAnswer extends Error {
  readonly fatal = true

  constructor(what: string, limitMs: number) {
    super(`no ${what} within ${limitMs / 1_000} s`)
    this.name = 'NoAnswer'
  }
}

/** The server's number of an error, also of one that has become a sentence; 0 when it has none. */
export function errorNumber(error: unknown): number {
  return Math.max(0, Number((sourceOf(error) as { errno?: number }).errno ?? 0) || 0)
}

export function isRolledBack(error: unknown): boolean {
  return ROLLED_BACK.has(errorNumber(error))
}

export function isUnavailable(error: unknown): boolean {
  return UNAVAILABLE.has(errorNumber(error))
}

export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.has(errorNumber(error))
}

export function isConnectionLost(error: unknown): boolean {
  const number = errorNumber(error)
  if (number > 0) return CONNECTION_ENDS.has(number)
  const { code = '', fatal } = sourceOf(error) as { code?: string; fatal?: boolean }
  return !code.startsWith('AUTH_') && (fatal === true || LOST_CODES.has(code))
}

/** What a sentence may say about where the database is: everything but the password. */
export interface MysqlPlace {
  /** `host:port`, or the path of a socket. */
  readonly where: string
  readonly user: string
  readonly database: string
}

/** What an operator can mend becomes a sentence, with the error as its cause; everything else stays what it was. */
export function named(error: unknown, place: MysqlPlace): unknown {
  if (error instanceof Complaint) return error
  const [exitCode, sentence] = wordsFor(error as ServerError, place) ?? []
  return exitCode === undefined || sentence === undefined ? error : new Complaint(exitCode, sentence, { cause: error })
}

interface ServerError {
  readonly errno?: number
  readonly code?: string
  readonly message: string
}

function wordsFor(error: ServerError, { where, user, database }: MysqlPlace): [ExitCode, string] | undefined {
  const { message, code = '' } = error
  const number = errorNumber(error)
  switch (number) {
    case 1045:
    case 1698:
      return [EXIT.badConfig, `The database at ${where} refused the user "${user}" or its password. Correct QUEUE_URL.`]
    case 1130:
    case 1820:
    case 1862:
    case 3118:
    case 3955:
    case 4150:
    case 4151:
      return [
        EXIT.badConfig,
        `The database at ${where} does not let the user "${user}" in (${message}). Mend its account.`,
      ]
    case 1044:
      return [
        EXIT.badConfig,
        `The user "${user}" may not use the database "${database}" at ${where}. Grant it, or correct QUEUE_URL.`,
      ]
    case 1049:
      return [EXIT.badConfig, `There is no database "${database}" at ${where}. Create it, or correct QUEUE_URL.`]
    case 1142:
    case 1143:
    case 1227:
      return [EXIT.badConfig, `The user "${user}" at ${where} lacks a privilege (${message}). Grant it.`]
    case 1054:
    case 1146:
    case 1932:
      return [
        EXIT.badConfig,
        `The queue tables of the database "${database}" at ${where} are not what they were (${message}). "queuectl doctor" says what is missing; or correct QUEUE_URL.`,
      ]
    case 1064:
      return [
        EXIT.badConfig,
        `The database at ${where} is too old for this program, whose SQL it does not understand. Use MariaDB 10.6, MySQL 8.0, or a later one.`,
      ]
    case 1153:
      return [
        EXIT.badData,
        `A write was larger than the database at ${where} accepts. Raise its max_allowed_packet, or add fewer tasks at once.`,
      ]
    case 1205:
      return [
        EXIT.unavailable,
        `The queue tables of the database "${database}" at ${where} are locked (${message}). SHOW FULL PROCESSLIST tells by whom: end that, or wait for it.`,
      ]
    case 1040:
    case 1203:
    case 1226:
      return [
        EXIT.unavailable,
        `The database at ${where} has no connection left (${number === 1040 ? 'max_connections' : message}). Try again, or allow more.`,
      ]
  }
  if (READ_ONLY.has(number))
    return [EXIT.unavailable, `The database at ${where} is read-only. Make it writable, or correct QUEUE_URL.`]
  if (UNAVAILABLE.has(number))
    return [EXIT.unavailable, `The database at ${where} does nothing for now (${message}). Look at the server.`]
  if (code.startsWith('AUTH_') || AUTHENTICATION.has(number))
    return [
      EXIT.badConfig,
      `Logging in to the database at ${where} is not possible (${message}). Change the user's plugin.`,
    ]
  if (isConnectionLost(error))
    return [
      EXIT.unavailable,
      `The database at ${where} cannot be reached (${code || message}). Check that it runs and that QUEUE_URL is right.`,
    ]
  return undefined
}

function sourceOf(error: unknown): object {
  const source = error instanceof Complaint ? error.cause : error
  return typeof source === 'object' && source !== null ? source : {}
}

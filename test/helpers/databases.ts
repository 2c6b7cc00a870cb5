/**
 * The real databases that tests run on. A test of the queue is one text, looped over them:
 *
 *     for (const database of DATABASES) {
 *       test(`a stale result is refused (${database.name})`, async (t) => {
 *         const { url } = await database.create(t)
 *
 * SQLite is always there; a MySQL or MariaDB server is when TEST_MYSQL_URL names one, which `npm test` sees to.
 */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { afterwards, temporaryDirectory } from './cleanup.ts'
import { RUN_MARK } from './marked.ts'

export interface Database {
  readonly name: 'sqlite' | 'mariadb'
  /** A fresh, empty database, without our tables; removed when the test ends, passed or failed. */
  create(t: TestContext): Promise<{ /** What QUEUE_URL takes. */ url: string }>
}

const SECONDS_TO_WAIT_FOR_LOCKS = 1

const serverUrl = process.env.TEST_MYSQL_URL

const sqlite: Database = {
  name: 'sqlite',
  async create(t) {
    return { url: `sqlite:${join(temporaryDirectory(t), 'queue.db')}` }
  },
}

/** The character set is left to the server: ours must not depend on it. */
function mariadb(server: string): Database {
  return {
    name: 'mariadb',
    async create(t) {
      const name = `${prefixOf(process.env[RUN_MARK])}${randomBytes(6).toString('hex')}`
      await withConnection(server, (connection) => connection.query(`CREATE DATABASE ${name}`))
      afterwards(t, () => withConnection(server, (connection) => drop(connection, name)))
      const url = new URL(server)
      url.pathname = `/${name}`
      return { url: url.href }
    },
  }
}

export const DATABASES: readonly Database[] =
  serverUrl === undefined || serverUrl === '' ? [sqlite] : [sqlite, mariadb(serverUrl)]

/**
 * Drops what the tests of one run left on a server: those of a test that was killed, or that forgot.
 *
 * @returns the names
 */
export async function dropDatabasesOf(run: string, server: string): Promise<string[]> {
  const names: string[] = []
  await withConnection(server, async (connection) => {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(
      'SELECT schema_name AS name FROM information_schema.schemata',
    )
    names.push(...rows.map(({ name }) => String(name)).filter((name) => name.startsWith(prefixOf(run))))
    for (const name of names) await drop(connection, name)
  })
  return names
}

function prefixOf(run = ''): string {
  return `cm_test_${run}_`
}

async function withConnection(server: string, use: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await mysql.createConnection({ uri: server })
  try {
    await use(connection)
  } finally {
    await connection.end()
  }
}

/** A failed test may have left a transaction open, which DROP would wait for: then its connection is ended. */
async function drop(connection: Connection, name: string): Promise<void> {
  await connection.query(`SET SESSION lock_wait_timeout = ${SECONDS_TO_WAIT_FOR_LOCKS}`)
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${name}`)
  } catch {
    await endConnectionsTo(connection, name)
    await connection.query(`DROP DATABASE IF EXISTS ${name}`)
  }
}

async function endConnectionsTo(connection: Connection, name: string): Promise<void> {
  const [rows] = await connection.query<mysql.RowDataPacket[]>(
    `SELECT id FROM information_schema.processlist WHERE db = '${name}'`,
  )
  for (const { id } of rows) await connection.query(`KILL ${Number(id)}`).catch(() => {})
}

/**
 * What a server's errors mean. Those that can be had from a server of our own are had there; the others are numbers of
 * MySQL, MariaDB and Galera, whose meaning their manuals give.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { Complaint, EXIT } from '../../src/exit.ts'
import type { Driver } from '../../src/queue/driver.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { mysqlDialect } from '../../src/queue/mysql.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

const MEANINGS = [
  ['isTransient', [1020, 1180, 1205, 1213, 1317, 3101]],
  ['isUnavailable', [1040, 1047, 1129, 1203, 1226, 1290, 1792, 1836, 3032]],
  ['isConnectionLost', [1053, 1927, 4031, 2006, 2013]],
  [undefined, [1044, 1045, 1049, 1054, 1062, 1064, 1142, 1146, 1153, 1264, 1366, 1406, 4151]],
] as const

test('an error is one thing only: rolled back, refused for now, lost, or for good', () => {
  for (const [meaning, numbers] of MEANINGS) {
    for (const errno of numbers) {
      // mysql2 calls everything fatal that a server says before it lets one in.
      const error = Object.assign(new Error('refused'), { errno, fatal: true })
      const found = (['isTransient', 'isUnavailable', 'isConnectionLost'] as const).filter((is) =>
        mysqlDialect[is](error),
      )
      assert.deepEqual(found, meaning === undefined ? [] : [meaning], `${errno}`)
    }
  }
})

test('an error of the system, or one that mysql2 calls fatal, is a lost connection', () => {
  for (const error of [
    Object.assign(new Error('read'), { code: 'ECONNRESET', errno: -104 }),
    Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }),
    Object.assign(new Error('lookup'), { code: 'EAI_AGAIN', errno: -3001, fatal: true }),
    Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true }),
  ]) {
    assert.equal(mysqlDialect.isConnectionLost(error), true, error.message)
  }
  assert.equal(mysqlDialect.isConnectionLost(new Error('Pool is closed.')), false)
  assert.equal(mysqlDialect.isConnectionLost(new TypeError('a mistake')), false)
})

test('a password that was changed in the middle of a run is a sentence without the password', { skip }, async (t) => {
  const { db, root, user } = await openAs(t, 'ALL')
  await db.run('DO 0')
  await root.query(`ALTER USER ${user}@'%' IDENTIFIED BY 'another'`)
  await endConnectionsOf(root, user)

  const error = await complaintOf(db)

  assert.equal(error.exitCode, EXIT.badConfig)
  assert.match(error.message, /refused the user "\w+" or its password\. Correct QUEUE_URL\.$/)
  assert.doesNotMatch(error.message, /secret/)
})

test('an account that was locked in the middle of a run is a sentence', { skip }, async (t) => {
  const { db, root, user } = await openAs(t, 'ALL')
  await root.query(`ALTER USER ${user}@'%' ACCOUNT LOCK`)
  await endConnectionsOf(root, user)

  const error = await complaintOf(db)

  assert.equal(error.exitCode, EXIT.badConfig)
  assert.match(error.message, /does not let the user "\w+" in \(.*locked\)\. Mend its account\.$/)
})

test('a table that was dropped, and one of another version, are a sentence', { skip }, async (t) => {
  const { db, root, database } = await openAs(t, 'ALL')
  await root.query(`ALTER TABLE ${database}.queue DROP COLUMN cpu_ms`)

  const changed = await complaintOf(db, 'SELECT cpu_ms FROM queue')
  await root.query(`DROP TABLE ${database}.queue`)
  const dropped = await complaintOf(db)

  for (const error of [changed, dropped]) {
    assert.equal(error.exitCode, EXIT.badConfig)
    assert.match(error.message, /are not what they were \(.+\)\. "queuectl doctor" says/)
  }
  assert.equal(db.dialect.isMissingTable(dropped), true)
})

test('a privilege that is missing is a sentence', { skip }, async (t) => {
  const { db } = await openAs(t, 'SELECT')

  const error = await complaintOf(db, "INSERT INTO queue (task) VALUES ('a')")

  assert.equal(error.exitCode, EXIT.badConfig)
  assert.match(error.message, /lacks a privilege \(INSERT command denied .+\)\. Grant it\.$/)
})

test('a write that is too large is a sentence, and is not done again', { skip }, async (t) => {
  const { db, root } = await openAs(t, 'ALL')
  const [[{ size }]] = (await root.query('SELECT @@max_allowed_packet AS size')) as unknown as [[{ size: number }]]

  const error = await db.run('INSERT INTO queue (task) VALUES (?)', ['x'.repeat(size + 1_000_000)]).catch((it) => it)

  assert.equal(db.dialect.isTransient(error) || db.dialect.isUnavailable(error), false)
  // Some servers hang up before they have said why.
  if (!db.dialect.isConnectionLost(error)) assert.match(error.message, /^A write was larger than .+ max_allowed_packet/)
})

test('a server that does not know our SQL is told to be too old, and is not asked again', { skip }, async (t) => {
  const { db } = await openAs(t, 'ALL')

  const error = await db.all("SELECT id FROM TABLE_OF_A_LATER_ONE(?, '$')", ['[]']).catch((it) => it)

  assert.equal(db.dialect.isTransient(error) || db.dialect.isUnavailable(error), false)
  assert.equal(error.exitCode, EXIT.badConfig)
  assert.match(error.message, /is too old for this program.+ Use MariaDB 10\.6, MySQL 8\.0, or a later one\.$/)
})

test('a user with as many connections as it may have is refused for now', { skip }, async (t) => {
  const { url, root, user } = await openAs(t, 'ALL')
  await root.query(`ALTER USER ${user}@'%' WITH MAX_USER_CONNECTIONS 1`)
  const first = await openDriver(url, '/')
  afterwards(t, () => first.close())

  const error = await openDriver(url, '/').catch((it) => it)

  assert.equal(mysqlDialect.isUnavailable(error), true)
  assert.equal(error.exitCode, EXIT.unavailable)
  assert.match(error.message, /has no connection left \(.*max_user_connections.*\)\. Try again, or allow more\.$/)
})

test('a table that somebody has locked is a sentence, and passes', { skip }, async (t) => {
  const { url, root, database } = await openAs(t, 'ALL')
  const db = await openDriver(`${url}?timeout=2s`, '/')
  afterwards(t, () => db.close())
  await root.query(`LOCK TABLES ${database}.queue WRITE`)
  afterwards(t, () => root.query('UNLOCK TABLES'))

  const error = await db.all('SELECT id FROM queue LIMIT 1').catch((it) => it)

  assert.equal(db.dialect.isTransient(error), true)
  assert.equal(error.exitCode, EXIT.unavailable)
  assert.match(error.message, /^The queue tables of the database ".+" at .+ are locked \(.+\)\. SHOW FULL PROCESSLIST/)
})

interface OpenedAs {
  readonly db: Driver
  readonly url: string
  /** The administrator's connection. */
  readonly root: Connection
  readonly user: string
  readonly database: string
}

/** The queue's tables, open for a user of our own with these privileges on them. */
async function openAs(t: TestContext, privileges: string): Promise<OpenedAs> {
  const { url: rootUrl } = (await mariadb?.create(t)) ?? { url: '' }
  const first = await openDriver(rootUrl, '/')
  await migrate(first)
  await first.close()

  const url = new URL(rootUrl)
  const database = url.pathname.slice(1)
  const user = `u${database.slice(-12)}`
  const root = await mysql.createConnection({ uri: rootUrl })
  afterwards(t, async () => {
    await root.query(`DROP USER ${user}@'%'`)
    await root.end()
  })
  await root.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'secret'`)
  await root.query(`GRANT ${privileges} ON ${database}.* TO ${user}@'%'`)
  url.username = user
  url.password = 'secret'
  const db = await openDriver(url.href, '/')
  afterwards(t, () => db.close())
  return { db, url: url.href, root, user, database }
}

async function endConnectionsOf(root: Connection, user: string): Promise<void> {
  await root.query(`KILL USER ${user}`)
}

/** The sentence that a statement ends with, once the connection is known to be gone. */
async function complaintOf(db: Driver, sql = 'SELECT id FROM queue'): Promise<Complaint> {
  for (let tries = 0; ; tries++) {
    const error = await db.all(sql).catch((it) => it)
    if (tries < 10 && db.dialect.isConnectionLost(error)) continue
    assert.ok(error instanceof Complaint, String(error))
    return error
  }
}

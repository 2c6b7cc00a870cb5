import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { DATABASES, dropDatabasesOf } from './databases.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'TEST_MYSQL_URL is not set'

for (const database of DATABASES) {
  test(`each test gets a database of its own (${database.name})`, async (t) => {
    const first = await database.create(t)
    const second = await database.create(t)

    assert.notEqual(first.url, second.url)
    assert.match(first.url, database.name === 'sqlite' ? /^sqlite:\/.+\/queue\.db$/ : /^mysql:\/\/.+@.+\/cm_test_\w+$/)
  })
}

test('a SQLite file is removed when its test ends', async (t) => {
  const [sqlite] = DATABASES
  let file = ''

  await t.test('inside', async (inner) => {
    const created = await sqlite?.create(inner)
    file = created?.url.slice('sqlite:'.length) ?? ''
    new DatabaseSync(file).exec('CREATE TABLE t (n INT)')
    assert.ok(existsSync(file))
  })

  assert.ok(!existsSync(file))
})

test('a MariaDB database is dropped when its test ends with a transaction still open', { skip }, async (t) => {
  let url = ''

  await t.test('inside', async (inner) => {
    url = (await mariadb?.create(inner))?.url ?? ''
    const connection = await mysql.createConnection(url)
    connection.on('error', () => {}) // it will be ended from outside
    await connection.query('CREATE TABLE t (n INT)')
    await connection.beginTransaction()
    await connection.query('INSERT INTO t VALUES (1)')
  })

  assert.deepEqual(await databasesCalled(url), [])
})

test('the databases of one run can be dropped, and only those', { skip }, async (t) => {
  const kept = (await mariadb?.create(t))?.url ?? ''
  const server = process.env.TEST_MYSQL_URL ?? ''
  const connection = await mysql.createConnection(server)
  await connection.query('CREATE DATABASE cm_test_another_1')
  await connection.end()

  const dropped = await dropDatabasesOf('another', server)

  assert.deepEqual(dropped, ['cm_test_another_1'])
  assert.equal((await databasesCalled(kept)).length, 1)
})

async function databasesCalled(url: string): Promise<RowDataPacket[]> {
  const name = new URL(url).pathname.slice(1)
  const connection = await mysql.createConnection(process.env.TEST_MYSQL_URL ?? '')
  const [rows] = await connection.query<RowDataPacket[]>(`SHOW DATABASES LIKE '${name}'`)
  await connection.end()
  return rows
}

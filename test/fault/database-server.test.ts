/** A server that crashes, refuses, locks or hangs up: one of the test's own, which others do not use. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { afterwards } from '../helpers/cleanup.ts'
import { type PrivateServer, startMariadb } from '../helpers/mariadb.ts'
import { waitFor } from '../helpers/processes.ts'
import {
  type Administration,
  allDoneOnce,
  type DatabaseProject,
  databaseProject,
  dismissed,
  ordinaryUser,
  ranOnce,
  skip,
} from './database-project.ts'

let server: PrivateServer

before(async () => {
  if (skip === false) server = await startMariadb({ durable: true })
})

after(() => server?.stop())

test('killed and started again while tasks run: each runs once', { skip }, async (t) => {
  const { project } = await served(t)
  await project.insert(...Array.from({ length: 200 }, () => ({ task: 'tally' })))
  const worker = project.start('do-queue', ['--concurrency', '4', '--batch', '20'])
  await waitFor(() => project.lines('runs').length > 40, { what: 'some programs to run' })

  await server.kill9()
  await project.databaseLost()
  await server.restart()

  await allDoneOnce(project, worker, 1)
})

test('read-only for a while: results wait, nothing is claimed, and it goes on by itself', { skip }, async (t) => {
  const { project, root } = await served(t)
  const worker = await project.working(3, ['--watch'])
  afterwards(t, () => root.query('SET GLOBAL read_only = 0'))

  await root.query('SET GLOBAL read_only = 1')
  project.release('go')
  await project.databaseLost()
  assert.match(
    project.events('database-lost').join(),
    /The database at 127\.0\.0\.1:\d+ is read-only\. Make it writable/,
  )
  await root.query('SET GLOBAL read_only = 0')

  await project.finished()
  await allDoneOnce(project, await dismissed(worker), 1)
})

test('no connection left: it is waited for, and said', { skip }, async (t) => {
  const { project, root, user, url } = await served(t)
  const worker = await project.working(3)
  await root.query('SET GLOBAL max_connections = 10')
  afterwards(t, () => root.query('SET GLOBAL max_connections = 500'))

  worker.kill('SIGSTOP') // else it is back before the others are there
  await endConnectionsOf(root, user)
  const others = await takeAll(t, url)
  worker.kill('SIGCONT')
  const attempts = () => count(root, 'Connections') // those that are refused count too
  const before = await attempts()
  project.release('go')
  await waitFor(async () => (await attempts()) > before + 1, { what: 'the worker to be refused, and to ask again' })
  await project.databaseLost()
  for (const connection of others) connection.destroy()

  await allDoneOnce(project, worker, 1)
})

test('rows that somebody holds locked are waited for, without a word', { skip }, async (t) => {
  const { project, root, database } = await served(t, '2s')
  const worker = await project.working(3)

  await root.beginTransaction()
  await root.query(`UPDATE ${database}.queue SET mtime = mtime`)
  project.release('go')
  const waits = () => count(root, 'Innodb_row_lock_waits')
  const before = await waits()
  await waitFor(async () => (await waits()) >= before + 2, { what: 'a lock to be waited for again' })
  await root.commit()

  await allDoneOnce(project, worker, 0)
})

test('a deadlock that the worker loses: its results are booked after it', { skip }, async (t) => {
  const { project, root, database } = await served(t)
  const worker = await project.working(2)
  const [first, second] = (await project.rows()).map(({ id }) => id)
  await root.query(`CREATE TABLE ${database}.weight (n INT PRIMARY KEY AUTO_INCREMENT) ENGINE=InnoDB`)

  await root.beginTransaction()
  // Of two, the one that has written less is rolled back.
  await root.query(`INSERT INTO ${database}.weight SELECT NULL FROM information_schema.columns LIMIT 500`)
  await root.query(`UPDATE ${database}.queue SET mtime = mtime WHERE id = ?`, [second])
  project.release('go')
  const waits = async () => (await count(root, 'Innodb_row_lock_current_waits')) > 0
  await waitFor(waits, { what: 'the worker to wait for the second row' })
  await root.query(`UPDATE ${database}.queue SET mtime = mtime WHERE id = ?`, [first])
  await root.commit()

  assert.ok((await count(root, 'Innodb_deadlocks')) > 0)
  await allDoneOnce(project, worker, 0)
})

test('connections that the server closed because a frozen worker was silent are replaced', { skip }, async (t) => {
  const { project, root, user } = await served(t)
  await root.query('SET GLOBAL wait_timeout = 1')
  afterwards(t, () => root.query('SET GLOBAL wait_timeout = 28800'))
  const worker = await project.working(3)
  const open = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = '${user}'`

  worker.kill('SIGSTOP')
  await waitFor(async () => (await numberOf(root, open)) === 0, { what: 'the server to close its connections' })
  project.release('go')
  worker.kill('SIGCONT')

  const { code, stderr } = await worker.exited
  assert.deepEqual([code, stderr], [0, ''])
  await ranOnce(project)
  assert.ok(project.events('database-lost').length <= 1)
  await project.nothingIsLeft()
})

test('a password that is changed while programs run ends the worker with a sentence, and nothing is lost', {
  skip,
}, async (t) => {
  const { project, root, user } = await served(t)
  const worker = await project.working(3, ['--watch'])

  await root.query(`ALTER USER ${user}@'%' IDENTIFIED BY 'another'`)
  await endConnectionsOf(root, user)
  project.release('go')
  const { code, stderr } = await worker.exited

  assert.equal(code, 78)
  assert.match(stderr, /^do-queue: The database at .+ refused the user "\w+" or its password\. Correct QUEUE_URL\.\n$/)
  await root.query(`ALTER USER ${user}@'%' IDENTIFIED BY 'secret'`)
  await booksTheRest(project)
})

test('tables that vanish while programs run end the worker with a sentence, and nothing is lost', {
  skip,
}, async (t) => {
  const { project, root, database } = await served(t)
  const worker = await project.working(3, ['--watch'])

  await root.query(`RENAME TABLE ${database}.queue TO ${database}.away`)
  project.release('go')
  const { code, stderr } = await worker.exited

  assert.equal(code, 78)
  assert.match(
    stderr,
    /^do-queue: The queue tables of the database "\w+" .+ "queuectl doctor" says what is missing; or correct QUEUE_URL\.\n$/,
  )
  await root.query(`RENAME TABLE ${database}.away TO ${database}.queue`)
  await booksTheRest(project)
})

for (const [what, change, sentence] of [
  ['a wrong password', (url: URL) => (url.password = 'wrong'), /refused the user "\w+" or its password/],
  ['no such database', (url: URL) => (url.pathname = '/nowhere'), /(may not use|There is no) .*database "nowhere"/],
  ['no tables', (url: URL) => (url.pathname = '/empty'), /has no queue tables yet\. Run "queuectl migrate"/],
] as const) {
  test(`${what} is not waited for, also by a worker that watches`, { skip }, async (t) => {
    const { project, root, user, url } = await served(t)
    await root.query('CREATE DATABASE IF NOT EXISTS empty')
    await root.query(`GRANT ALL ON empty.* TO ${user}@'%'`)
    const changed = new URL(url)
    change(changed)

    const began = performance.now()
    const { code, stderr } = await project.run('do-queue', ['--watch', '--url', changed.href])

    assert.equal(code, 78)
    assert.match(stderr, sentence)
    assert.doesNotMatch(stderr, /wrong|secret/)
    assert.ok(performance.now() - began < 8_000)
  })
}

interface Served extends Administration {
  readonly project: DatabaseProject
  readonly database: string
}

async function served(t: TestContext, timeout = '10s'): Promise<Served> {
  const administration = await ordinaryUser(t, server)
  const { url } = administration
  const project = await databaseProject(t, url, `${url}?timeout=${timeout}`)
  return { ...administration, project, database: new URL(url).pathname.slice(1) }
}

/** The next worker books what the journals of the last one tell, and runs nothing. */
async function booksTheRest(project: DatabaseProject): Promise<void> {
  const { code, stderr } = await project.run('do-queue')
  assert.deepEqual([code, stderr], [0, ''])
  await ranOnce(project)
}

async function endConnectionsOf(root: Connection, user: string): Promise<void> {
  await root.query(`KILL USER ${user}`)
}

/** Connects until the server takes no more. */
async function takeAll(t: TestContext, url: string): Promise<Connection[]> {
  const taken: Connection[] = []
  afterwards(t, () => {
    for (const connection of taken) connection.destroy()
  })
  for (;;) {
    try {
      taken.push(await mysql.createConnection({ uri: url }))
    } catch (error) {
      assert.equal((error as { errno?: number }).errno, 1040)
      return taken
    }
  }
}

async function count(root: Connection, status: string): Promise<number> {
  return numberOf(
    root,
    `SELECT variable_value AS n FROM information_schema.global_status WHERE variable_name = '${status}'`,
  )
}

async function numberOf(root: Connection, sql: string): Promise<number> {
  const [rows] = await root.query<mysql.RowDataPacket[]>(sql)
  return Number(rows[0]?.n)
}

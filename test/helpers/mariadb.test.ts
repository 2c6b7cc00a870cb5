import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { answers, startMariadb } from './mariadb.ts'
import { isAlive } from './marked.ts'
import { startProgram, waitFor } from './processes.ts'
import { findServer } from './server-program.ts'

const skip = findServer() === undefined && 'this machine has no server program'

test('a private server answers, keeps committed rows over a crash and an orderly restart, and leaves nothing', {
  skip,
}, async (t) => {
  const server = await startMariadb({ extraArguments: ['--innodb-lock-wait-timeout=7'] })
  t.after(server.stop)
  const firstPid = server.pid

  await query(server.url, 'CREATE DATABASE d')
  await query(server.url, 'CREATE TABLE d.row (n INT)')
  await query(server.url, 'INSERT INTO d.row VALUES (4)')
  await server.kill9()
  assert.ok(!(await answers(server.url)))
  await server.restart()
  await server.restart()

  assert.notEqual(server.pid, firstPid)
  assert.deepEqual(await query(server.url, 'SELECT n FROM d.row'), [{ n: 4 }])
  const settings =
    'SELECT @@innodb_lock_wait_timeout AS wait, @@innodb_flush_log_at_trx_commit AS flush, @@log_bin AS log'
  assert.deepEqual(await query(server.url, settings), [{ wait: 7, flush: 1, log: 0 }])

  await server.stop()

  assert.ok(!isAlive(server.pid))
  assert.ok(!existsSync(server.directory))
})

test('a server that cannot start says why', { skip }, async () => {
  await assert.rejects(startMariadb({ extraArguments: ['--no-such-option'] }), /did not come up[\s\S]*no-such-option/)
})

test('a server is gone when the process that started it is killed with SIGKILL', { skip }, async (t) => {
  const parent = startProgram(process.execPath, ['--input-type=module', '-e', PARENT], { cwd: import.meta.dirname, t })
  const { pid, directory } = JSON.parse(await waitFor(() => parent.stdout, { timeoutMs: 60_000, what: 'the server' }))
  assert.ok(isAlive(pid))

  parent.kill('SIGKILL')

  await waitFor(() => !isAlive(pid), { what: 'the end of the server' })
  await waitFor(() => !existsSync(directory), { what: 'the removal of its directory' })
})

const PARENT = `
  import { startMariadb } from './mariadb.ts'
  const { pid, directory } = await startMariadb()
  console.log(JSON.stringify({ pid, directory }))
  setInterval(() => {}, 1000)
`

async function query(url: string, sql: string): Promise<RowDataPacket[]> {
  const connection = await mysql.createConnection(url)
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql)
    return Array.isArray(rows) ? rows.map((row) => ({ ...row }) as RowDataPacket) : []
  } finally {
    await connection.end()
  }
}

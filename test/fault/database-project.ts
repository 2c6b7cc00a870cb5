/**
 * What the tests of a database that goes away share: a project whose commands reach it by way of a proxy, and what must be
 * true in the end.
 *
 *     const project = await proxiedProject(t)
 *     await project.insert({ task: 'tally' })
 *     project.proxy.silence()
 *
 * The test itself asks the database directly. The programs write down that they ran (`tally`, `slow`).
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import type { PrivateServer } from '../helpers/mariadb.ts'
import { type Running, waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'

export interface DatabaseProject extends QueueProject {
  /** Tasks that wait for the file `go`; resolves with the worker when all their programs run. */
  working(count: number, args?: readonly string[], task?: 'slow' | 'fails'): Promise<Running>
  /** Resolves when the worker has found that the database is away. */
  databaseLost(): Promise<unknown>
  /** Resolves when every task is finished. */
  finished(): Promise<unknown>
}

export interface ProxiedProject extends DatabaseProject {
  readonly proxy: DatabaseProxy
}

export const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
export const skip = mariadb === undefined && 'there is no MySQL server'

/** Writes down that it runs, and waits for the file `go`. */
export const slow = `#!/bin/sh
echo "$TASK_ID" >>runs
echo $$ >"started.$TASK_ID"
while [ ! -e go ]; do sleep 0.02; done
`
const fails = `${slow}exit 1
`

/** @param timeout  how long the commands wait for an answer */
export async function proxiedProject(t: TestContext, timeout = '1s'): Promise<ProxiedProject> {
  const { url } = await (mariadb as Database).create(t)
  const proxy = await startProxy(t, url)
  return { ...(await databaseProject(t, url, `${proxy.url}?timeout=${timeout}`)), proxy }
}

/** @param commandsUrl  what stands in `.env`, when it is another than the test's own */
export async function databaseProject(t: TestContext, url: string, commandsUrl = url): Promise<DatabaseProject> {
  const database: Database = { name: 'mariadb', create: async () => ({ url }) }
  const project = await queueProject(t, database, { tasks: { slow, fails }, env: { QUEUE_URL: commandsUrl } })
  return {
    ...project,
    async working(count, args = [], task = 'slow') {
      const ids = await project.insert(...Array.from({ length: count }, () => ({ task })))
      const worker = project.start('do-queue', ['--concurrency', String(count), ...args])
      for (const id of ids) await project.started(id)
      return worker
    },
    databaseLost: () =>
      waitFor(() => project.events('database-lost').length > 0, { what: 'the loss to be said', timeoutMs: 20_000 }),
    finished: () => {
      const isFinished = async () =>
        (await project.states()).every((state) => !['ready', 'running', 'scheduled'].includes(state))
      return waitFor(isFinished, { what: 'the tasks to be finished', timeoutMs: 20_000 })
    },
  }
}

/**
 * Each task ran once and is done at the first attempt, an outage was said once, and so was its end.
 *
 * @param worker  leaves by itself
 * @param outages  how many there were that the worker must have noticed
 */
export async function allDoneOnce(project: QueueProject, worker: Running, outages: number): Promise<void> {
  const { code, stderr } = await worker.exited

  assert.deepEqual([code, stderr], [0, ''])
  await ranOnce(project)
  assert.equal(project.events('database-lost').length, outages, project.events('database-lost').join('\n'))
  assert.equal(project.events('database-back').length, outages)
  assert.deepEqual(project.events('claim-lost'), [])
  await project.nothingIsLeft()
}

/** Each task ran once and is done at the first attempt. */
export async function ranOnce(project: QueueProject): Promise<void> {
  const rows = await project.rows()
  assert.deepEqual(
    rows.map(({ id, status, attempts }) => `${id} ${status} ${attempts}`),
    rows.map(({ id }) => `${id} done 1`),
  )
  assert.deepEqual(
    project
      .lines('runs')
      .map(Number)
      .toSorted((a, b) => a - b),
    rows.map(({ id }) => id),
  )
}

/** SIGTERM to a worker that stays. */
export async function dismissed(worker: Running): Promise<Running> {
  worker.kill('SIGTERM')
  await worker.exited
  return worker
}

export interface Administration {
  /** The database's URL, for a user who may use nothing else. */
  readonly url: string
  readonly user: string
  readonly root: Connection
}

/** A database of a private server, an ordinary user of it, and the administrator's own connection. */
export async function ordinaryUser(t: TestContext, server: PrivateServer): Promise<Administration> {
  const name = `shop_${randomBytes(4).toString('hex')}`
  const root = await mysql.createConnection({ uri: server.url })
  root.on('error', () => {})
  afterwards(t, () => root.destroy())
  await root.query(`CREATE DATABASE ${name}`)
  await root.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'secret'`)
  await root.query(`GRANT ALL ON ${name}.* TO ${name}@'%'`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  url.username = name
  url.password = 'secret'
  return { url: url.href, user: name, root }
}

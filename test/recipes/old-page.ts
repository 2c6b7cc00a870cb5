/**
 * A site with the queue table of old: the table, its producer in PHP, its cronMission and doQueue, and a project of ours beside it.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import {
  type Ended,
  makeProject,
  type Project,
  type Running,
  runBin,
  runProgram,
  startBin,
  startProgram,
} from '../helpers/processes.ts'

export interface OldPage extends Project {
  readonly connection: Connection
  query<Row = Record<string, string | number | null>>(sql: string): Promise<Row[]>
  /** `php producer.php …` */
  produce(...args: readonly (string | number)[]): Running
  /** What the crontab started each minute. */
  cronMission(total: number): Promise<Ended>
  queuectl(...args: readonly string[]): Promise<Ended>
  startQueuectl(...args: readonly string[]): Running
  doQueue(...args: readonly string[]): Promise<Ended>
  /** The numbers that programs have noted, ascending. */
  notes(): number[]
}

const HERE = join(import.meta.dirname, 'old-page')
const LONG_MS = 300_000

/** @param table  a CREATE TABLE without its name */
export async function oldPage(t: TestContext, table: string): Promise<OldPage> {
  const database = DATABASES.find(({ name }) => name === 'mariadb')
  assert.ok(database, 'a MariaDB server is needed')
  const { url } = await database.create(t)
  const connection = await mysql.createConnection({ uri: url, charset: 'utf8mb4' })
  afterwards(t, () => connection.end())
  await connection.query(`CREATE TABLE queue ${table}`)

  const project = makeProject(t, { env: { QUEUE_URL: url } })
  const oldTasks = project.path('old-tasks')
  mkdirSync(oldTasks)
  for (const name of ['note.php', 'note_twice.php']) copyFileSync(join(HERE, 'task/note.php'), join(oldTasks, name))
  for (const name of ['note.php', 'note-twice.php'])
    copyFileSync(join(HERE, 'task/note.php'), project.path('tasks', name))
  const { hostname, port, pathname } = new URL(url)
  const env = {
    OLD_HOST: hostname,
    OLD_PORT: port,
    OLD_DATABASE: pathname.slice(1),
    OLD_TASKS: oldTasks,
    OLD_NOTES: project.path('notes'),
  }
  const inside = { cwd: project.directory, env, t, timeoutMs: LONG_MS }
  return {
    ...project,
    connection,
    query: async <Row>(sql: string) => (await connection.query<RowDataPacket[]>(sql))[0] as Row[],
    produce: (...args) => startProgram('php', [join(HERE, 'producer.php'), ...args.map(String)], inside),
    cronMission: (total) => runProgram('php', [join(HERE, 'cronMission.php'), String(total)], inside),
    queuectl: (...args) => runBin('queuectl', args, inside),
    startQueuectl: (...args) => startBin('queuectl', args, inside),
    doQueue: (...args) => runBin('do-queue', args, inside),
    notes: () =>
      project
        .lines('notes')
        .map(Number)
        .toSorted((a, b) => a - b),
  }
}

export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i)
}

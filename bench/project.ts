/**
 * Where do-queue is measured: a project directory with a queue of its own, in a MariaDB that was started for it or in SQLite,
 * and each commit on disk before it is answered, as it is for a user.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import type { NewTask } from '../src/queue/new-task.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { keep } from '../test/helpers/keeper.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { type Cost, cpuSecondsOf, measure } from './measure.ts'
import { OUR_BUILD } from './options.ts'

export interface Project {
  readonly directory: string
  readonly url: string
  readonly db: Driver
  /** All that a command is given. */
  readonly environment: Readonly<Record<string, string>>
  /** CPU that the database server has used so far; 0 of an embedded one, whose use is the command's own. */
  serverCpuSeconds(): number
  close(): Promise<void>
}

export type Database = 'mariadb' | 'sqlite'

/** What one run of a command cost. */
export interface RunCost {
  readonly seconds: number
  /** Of all its processes and of the database server. */
  readonly cpuSeconds: number
  /** Of the command's own process; NaN where that is no Node. */
  readonly ownCpuSeconds: number
}

const OWN_CPU = join(import.meta.dirname, 'own-cpu.cjs')
const MICROSECONDS = 1_000_000
const TELLS_ITS_ENVIRONMENT = `#!/bin/sh\ncat /proc/$$/environ > "$HOME/environment"\n`

export async function makeProject(database: Database): Promise<Project> {
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const directory = makeDirectory()
  const keeper = keep(directory) // removes it, also when we are stopped
  mkdirSync(join(directory, 'tasks'))
  const server =
    database === 'sqlite'
      ? undefined
      : await startMariadb({ durable: true, extraArguments: ['--innodb-buffer-pool-size=256M'] })
  if (server !== undefined) await createDatabase(`${server.url}/mysql`)
  const url = server === undefined ? `sqlite:${join(directory, 'queue.db')}` : `${server.url}/bench`
  const db = await openDriver(url, directory)
  await migrate(db)
  return {
    ...{ directory, url, db },
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory },
    serverCpuSeconds: () => (server === undefined ? 0 : cpuSecondsOf(server.pid)),
    async close() {
      await db.close()
      await server?.stop()
      await keeper.close()
      clearInterval(stayAwake)
    },
  }
}

/** The queue holds just these tasks afterwards. */
export async function fill({ db, url }: Project, tasks: readonly NewTask[]): Promise<void> {
  await db.run(db.dialect.ddl === 'mysql' ? 'TRUNCATE TABLE queue' : 'DELETE FROM queue')
  if (tasks.length === 0) return
  const queue = await openQueue(url)
  await queue.addMany(tasks)
  await queue.close()
}

/** The command line of a do-queue that empties the queue; to be run by `runNode`. */
export function doQueueOf(build: string, { url }: Project, concurrency: number): string[] {
  return [join(build, 'bin/do-queue.js'), '--concurrency', String(concurrency), '--url', url]
}

/** Runs a command, and sees what the server used meanwhile. */
export function runCommand(
  project: Project,
  command: readonly string[],
  surroundings: { environment?: Readonly<Record<string, string>>; stdin?: string } = {},
): RunCost {
  const serverBefore = project.serverCpuSeconds()
  const cost = measure(command, { directory: project.directory, environment: project.environment, ...surroundings })
  return costOf(cost, project.serverCpuSeconds() - serverBefore, Number.NaN)
}

/** The same of a Node program, of which it is also known what its own process used. */
export function runNode(
  project: Project,
  script: readonly string[],
  { environment = project.environment, stdin }: { environment?: Readonly<Record<string, string>>; stdin?: string } = {},
): RunCost {
  const file = join(project.directory, 'own-cpu')
  const cost = runCommand(project, [process.execPath, '--require', OWN_CPU, ...script], {
    environment: { ...environment, OWN_CPU: file },
    ...(stdin === undefined ? {} : { stdin }),
  })
  return { ...cost, ownCpuSeconds: Number(readFileSync(file, 'utf8')) / MICROSECONDS }
}

function costOf({ seconds, cpuSeconds }: Cost, serverCpuSeconds: number, ownCpuSeconds: number): RunCost {
  return { seconds, cpuSeconds: cpuSeconds + serverCpuSeconds, ownCpuSeconds }
}

/** @throws Error when tasks are left, or did not end well */
export async function requireDone({ db }: Project, tasks: number): Promise<void> {
  const [row] = await db.all<{ done: number }>('SELECT COUNT(*) AS done FROM queue WHERE status = 1')
  if (Number(row?.done) !== tasks) throw new Error(`do-queue left with ${row?.done} of ${tasks} tasks done.`)
}

/**
 * The environment that do-queue gives a task program. Whoever runs the same program for comparison gives it the same: an exec
 * costs more the more there is of it.
 */
export async function taskEnvironment(project: Project): Promise<Readonly<Record<string, string>>> {
  const program = join(project.directory, 'tasks', 'environment')
  writeFileSync(program, TELLS_ITS_ENVIRONMENT, { mode: 0o755 })
  await fill(project, [{ task: 'environment' }])
  runNode(project, doQueueOf(OUR_BUILD, project, 1))
  await requireDone(project, 1)
  const pairs = readFileSync(join(project.directory, 'environment'), 'utf8')
    .split('\0')
    .filter((pair) => pair !== '')
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}

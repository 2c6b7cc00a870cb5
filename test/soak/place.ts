/**
 * Where one round of a soak takes place: a project on a database of its own, its commands, and what runs of it.
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import mysql from 'mysql2/promise'
import type { Driver } from '../../src/queue/driver.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { openDriver } from '../../src/queue/url.ts'
import { removeWorkerDirectory } from '../../src/worker/worker-directory.ts'
import { parentOf } from '../fault/fault-project.ts'
import type { PrivateServer } from '../helpers/mariadb.ts'
import { killMarked, type MarkedProcess, markedProcesses } from '../helpers/marked.ts'
import { type BinName, type Ended, runBin } from '../helpers/processes.ts'

export interface Place {
  /** The project. */
  readonly directory: string
  readonly db: Driver
  /** Where there is one to kill. */
  readonly server: PrivateServer | undefined
  run(name: BinName, args?: readonly string[]): Promise<Ended>
  /** Everything of it that runs now, but for a command of ours. */
  processes(): Processes
  /** Ends whatever still runs. */
  close(): Promise<void>
}

export interface Processes {
  readonly workers: readonly MarkedProcess[]
  readonly runners: readonly MarkedProcess[]
  /** Those that sign, not what they fork. */
  readonly programs: readonly MarkedProcess[]
  readonly ticks: readonly MarkedProcess[]
  /** Anything else: what programs start, and programs that have lost their runner. */
  readonly others: readonly MarkedProcess[]
}

export const SHARDS = 4
export const CONCURRENCY = 3
/** For rows that bring no list: three attempts. */
export const RETRY = '250ms,500ms'

const ROOT = resolve(import.meta.dirname, '../..')
const MARK = 'CRON_MISSION_SOAK'
const SCHEDULE = `import { defineSchedule, every } from 'cron-mission'

export default defineSchedule({
  timezone: 'system',
  jobs: {
    soak: { when: every('1m'), queue: 'default', shards: ${SHARDS}, concurrency: ${CONCURRENCY}, retry: '${RETRY}', grace: '3s' },
  },
})
`

/** What workers left behind in a place that is closed, with their inputs, which lie elsewhere. */
export function clearPlace(directory: string): void {
  const state = join(directory, '.queue')
  if (!existsSync(state)) return
  for (const name of readdirSync(state)) removeWorkerDirectory(join(state, name))
}

/** @param directory  is made, and left to whoever gave it */
export async function makePlace(directory: string, server: PrivateServer | undefined): Promise<Place> {
  makeProject(directory)
  const url = server === undefined ? 'sqlite:queue.db' : await makeDatabase(server)
  writeFileSync(join(directory, '.env'), `QUEUE_URL=${url}\n`)
  const db = await openDriver(url, directory)
  await migrate(db)

  const mark = randomBytes(8).toString('hex')
  return {
    directory,
    db,
    server,
    run: (name, args = []) => runBin(name, args, { cwd: directory, env: { [MARK]: mark } }),
    processes: () => sorted(markedProcesses(MARK, mark)),
    async close() {
      await killMarked(MARK, mark)
      await db.close()
    },
  }
}

function makeProject(directory: string): void {
  for (const name of ['.', 'tasks', 'node_modules']) mkdirSync(join(directory, name))
  symlinkSync(ROOT, join(directory, 'node_modules/cron-mission'))
  writeFileSync(join(directory, 'schedule.ts'), SCHEDULE)
  writeFileSync(join(directory, 'signed'), '')
  copyFileSync(join(ROOT, 'test/fixtures/tasks/sign'), join(directory, 'tasks/sign'))
  chmodSync(join(directory, 'tasks/sign'), 0o755)
}

export async function makeDatabase(server: PrivateServer): Promise<string> {
  const name = `soak_${randomBytes(4).toString('hex')}`
  const connection = await mysql.createConnection({ uri: server.url })
  await connection.query(`CREATE DATABASE ${name}`)
  await connection.end()
  return `${server.url}/${name}`
}

function sorted(all: readonly MarkedProcess[]): Processes {
  const kinds = Map.groupBy(all, ({ command }) => {
    if (command.startsWith('do-queue') || command.includes('/do-queue.js')) return 'workers'
    if (command.includes('/cron-mission.js')) return 'ticks'
    if (command === '/bin/sh') return 'runners'
    return command.includes('/tasks/sign') ? 'programs' : 'others'
  })
  const of = (kind: keyof Processes) => kinds.get(kind) ?? []
  const runners = new Set(of('runners').map(({ pid }) => pid))
  const { own = [], forked = [] } = Object.groupBy(of('programs'), ({ pid }) =>
    runners.has(parentOf(pid) ?? 0) ? 'own' : 'forked',
  )
  return {
    workers: of('workers'),
    runners: of('runners'),
    programs: own,
    ticks: of('ticks'),
    others: [...of('others'), ...forked],
  }
}

/**
 * What the benches of starts share: a project on each database, and sides that are run in turn.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import type { Side } from './comparison.ts'
import { measure } from './measure.ts'
import { OUR_BUILD } from './options.ts'

/** A project directory with a database of its own, and one program, `nothing`. */
export interface StartProject {
  readonly database: 'SQLite' | 'MariaDB'
  readonly directory: string
  readonly db: Driver
}

/** What is run and measured as a whole. */
export interface Contender {
  readonly name: string
  readonly ours: boolean
  readonly directory: string
  readonly command: () => readonly string[]
  /** Made before the measured run. */
  readonly prepare?: () => Promise<void>
  /** How many runs the command makes, to be divided by. */
  readonly runs: number
}

const REPEATED = 'n=$1; shift; while [ "$n" -gt 0 ]; do "$@" || exit; n=$((n - 1)); done'

/** `work` with a project on each database; all of it is gone afterwards. */
export async function withProjects<T>(work: (projects: readonly StartProject[]) => Promise<T>): Promise<T> {
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: true })
  const projects: StartProject[] = []
  try {
    projects.push(await makeProject('SQLite', (directory) => `sqlite:${join(directory, 'queue.db')}`))
    await createDatabase(`${server.url}/mysql`)
    projects.push(await makeProject('MariaDB', () => `${server.url}/bench`))
    return await work(projects)
  } finally {
    for (const { db, directory } of projects) {
      await db.close()
      rmSync(directory, { recursive: true, force: true })
    }
    await server.stop()
    clearInterval(stayAwake)
  }
}

async function makeProject(
  database: StartProject['database'],
  urlOf: (directory: string) => string,
): Promise<StartProject> {
  const directory = makeDirectory()
  const url = urlOf(directory)
  mkdirSync(join(directory, 'tasks'))
  copyFileSync('/bin/true', join(directory, 'tasks', 'nothing'))
  writeFileSync(join(directory, '.env'), `QUEUE_URL=${url}\n`)
  const db = await openDriver(url, directory)
  await migrate(db)
  return { database, directory, db }
}

/** One after the other: the shell counts hundredths of seconds, so that one run alone is too short to be measured. */
export function repeated(runs: number, command: readonly string[]): string[] {
  return ['/bin/sh', '-c', REPEATED, 'sh', String(runs), ...command]
}

export function nodes(runs: number, name: string): Contender {
  const command = () => repeated(runs, [process.execPath, '-e', '0'])
  return { name, ours: false, directory: '/', command, runs: 1 }
}

/** The name of a side, where several builds are measured. */
export function nameOf(name: string, build: string): string {
  return build === OUR_BUILD ? name : `${name}, ${build}`
}

/** Cron's, with a home of its own. */
export function environmentOf(directory: string): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory }
}

/** CPU milliseconds of each, in turn, again and again, so that a disturbance meets everybody; the first round only warms up. */
export async function cpuOf(contenders: readonly Contender[], rounds: number): Promise<Side[]> {
  const samples = contenders.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { prepare, directory, command, runs }] of contenders.entries()) {
      await prepare?.()
      const { cpuSeconds } = measure(command(), { directory, environment: environmentOf(directory) })
      if (round > 0) samples[i]?.push((cpuSeconds * 1_000) / runs)
    }
  }
  return contenders.map(({ name, ours }, i) => ({ name, ours, samples: samples[i] ?? [] }))
}

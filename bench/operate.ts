/**
 * What `queuectl` needs to answer over a queue with a long history: a million finished tasks, a hundred thousand that are ready.
 *
 * A person waits for each of these. What is told is a command's own time: its wall clock without that of `queuectl --version`,
 * which is run right before it, so that what the machine does besides meets both.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../src/exit.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { type Comparison, comparisonText } from './comparison.ts'
import { DONE, FAILED, fill, LOG, OUTPUT_BYTES, READY } from './operate-rows.ts'
import { readOptions, text, whole } from './options.ts'
import type { Found } from './report.ts'
import { spread } from './statistics.ts'

interface Project {
  readonly database: string
  readonly directory: string
}

interface Options {
  readonly rounds: number
  /** One verb of queuectl instead of all. */
  readonly only: string | undefined
}

const QUEUECTL = join(import.meta.dirname, '..', 'dist/bin/queuectl.js')
/** More of its own than this, and a person notices. */
const LIMIT_MS = 200
const PROBLEMS_FOUND = 1
const RIVAL = '--version'

/** Ids go by how the rows are made: those that are done first, then those that failed, then those that wait. */
const A_DONE_ONE = String(DONE / 2)
const A_FAILED_ONE = String(DONE + FAILED / 2)
const A_READY_ONE = String(DONE + FAILED + READY / 2)

const COMMANDS: readonly (readonly string[])[] = [
  ['list'],
  ['list', '--oldest'],
  ['list', '--status', 'failed', '--finished-since', '1h'],
  ['list', '--queue', 'mail', '--status', 'ready'],
  ['list', '--queue', 'orders', '--task', 'thumbnail', '--status', 'done'],
  ['list', '--key', 'customer-7'],
  ['list', '--param', 'uid=4711'],
  ['list', '--error', 'SIGSEGV'],
  ['list', '--since', '1h'],
  ['show', A_DONE_ONE],
  ['show', A_FAILED_ONE],
  ['why', A_READY_ONE],
  ['why', A_FAILED_ONE],
  ['logs', A_DONE_ONE],
  ['stats'],
  ['stats', '--queue', 'mail', '--since', '7d'],
  ['top', '--once'],
  ['export', '--from-id', A_DONE_ONE, '--to-id', A_DONE_ONE],
  ['metrics'],
  ['doctor'],
]

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, { rounds: whole(9), only: text() })
  const { rounds, only } = options
  const commands = COMMANDS.filter(([verb]) => only === undefined || verb === only)
  if (commands.length === 0)
    throw new Complaint(EXIT.usage, `--only is ${only}. Name a command of queuectl that reads.`)
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: false, extraArguments: ['--innodb-buffer-pool-size=1G'] })
  const projects: Project[] = []
  try {
    projects.push(await makeProject('sqlite', (directory) => `sqlite:${join(directory, 'queue.db')}`))
    await createDatabase(`${server.url}/mysql`)
    projects.push(await makeProject('mariadb', () => `${server.url}/bench`))
    process.stdout.write(`${DONE} done, ${READY} ready, ${FAILED} failed; ${rounds} rounds after one to warm up\n`)
    const comparisons = projects.map((project) => compare(project, commands, rounds))
    process.stdout.write(comparisons.map(comparisonText).join(''))
    return { options, comparisons }
  } finally {
    for (const { directory } of projects) rmSync(directory, { recursive: true, force: true })
    await server.stop()
    clearInterval(stayAwake)
  }
}

async function makeProject(database: string, urlOf: (directory: string) => string): Promise<Project> {
  const directory = makeDirectory()
  const url = urlOf(directory)
  for (const name of ['tasks', 'logs']) mkdirSync(join(directory, name))
  for (const task of ['send-msg', 'sync-order', 'notify-payment', 'thumbnail'])
    writeFileSync(join(directory, 'tasks', task), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(directory, 'logs', LOG), `${'x'.repeat(OUTPUT_BYTES - 1)}\n`.repeat(1_000))
  writeFileSync(join(directory, '.env'), `QUEUE_URL=${url}\n`)
  const db = await openDriver(url, directory)
  try {
    await migrate(db)
    await fill(db)
    if (db.dialect.ddl === 'mysql') await db.run('ANALYZE TABLE queue, tally')
  } finally {
    await db.close()
  }
  return { database, directory }
}

function compare(project: Project, commands: typeof COMMANDS, rounds: number): Comparison {
  const version = { name: RIVAL, ours: false, samples: [] as number[] }
  const sides = commands.map((command) => ({ name: command.join(' '), ours: true, samples: [] as number[], command }))
  for (let round = 0; round <= rounds; round++) {
    const versions = sides.map(({ samples, command }) => {
      const start = wallMs(project, ['--version'])
      const whole = wallMs(project, command)
      if (round > 0) samples.push(whole - start)
      return start
    })
    if (round > 0) version.samples.push(spread(versions).median)
  }
  return {
    id: project.database,
    title: `queuectl over ${DONE.toLocaleString('en')} finished tasks, ${project.database}: ms beyond those of --version`,
    ...{ unit: 'ms', better: 'less', rival: RIVAL },
    sides: [version, ...sides.map(({ name, ours, samples }) => ({ name, ours, samples }))],
    goals: sides.map(({ name }) => ({ side: name, unit: 'ms', atMost: LIMIT_MS })),
  }
}

/** @throws Error when the command does not answer */
function wallMs({ directory }: Project, args: readonly string[]): number {
  const startedAt = performance.now()
  const { status, signal } = spawnSync(process.execPath, [QUEUECTL, ...args], {
    cwd: directory,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1_048_576,
  })
  const ms = performance.now() - startedAt
  const isAnswer = status === 0 || (status === PROBLEMS_FOUND && args[0] === 'doctor')
  if (!isAnswer) throw new Error(`queuectl ${args.join(' ')} ended with ${status ?? signal}.`)
  return ms
}

/**
 * What `queuectl` needs to answer over a queue with a long history: a million finished tasks, a hundred thousand that are ready.
 *
 * A person waits for each of these. What is told is a command's own time: its wall clock without that of `queuectl --version`,
 * which is run right before it, so that what the machine does besides meets both.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Complaint, EXIT } from '../src/exit.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { machine } from './machine.ts'
import { DONE, FAILED, fill, LOG, OUTPUT_BYTES, READY } from './operate-rows.ts'
import { type Spread, spread, table } from './statistics.ts'

interface Project {
  readonly database: string
  readonly directory: string
}

/** Milliseconds, or why there are none. */
type Result = Spread | string

const QUEUECTL = join(import.meta.dirname, '..', 'dist/bin/queuectl.js')
/** More of its own than this, and a person notices. */
const LIMIT_MS = 200
const PROBLEMS_FOUND = 1

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

export async function run(args: readonly string[]): Promise<object> {
  const { rounds, commands } = readOptions(args)
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: false, extraArguments: ['--innodb-buffer-pool-size=1G'] })
  const projects: Project[] = []
  try {
    const on = machine()
    process.stdout.write(`${on.cpus} × ${on.cpu}, ${on.kernel}, load ${on.load}\nnode ${on.node}, ${on.mariadb}\n`)
    projects.push(await makeProject('sqlite', (directory) => `sqlite:${join(directory, 'queue.db')}`))
    await createDatabase(`${server.url}/mysql`)
    projects.push(await makeProject('mariadb', () => `${server.url}/bench`))
    process.stdout.write(`${DONE} done, ${READY} ready, ${FAILED} failed; ${rounds} rounds after one to warm up\n`)
    const results = commands.map((command) => ({
      command: command.join(' '),
      times: projects.map((project) => ownTime(project, command, rounds)),
    }))
    print(projects, results)
    return { machine: on, rounds, limitMs: LIMIT_MS, databases: projects.map(({ database }) => database), results }
  } finally {
    for (const { directory } of projects) rmSync(directory, { recursive: true, force: true })
    await server.stop()
    clearInterval(stayAwake)
  }
}

function readOptions(args: readonly string[]): { rounds: number; commands: typeof COMMANDS } {
  const { rounds = '9', only } = parsed(args)
  if (!/^[1-9]\d{0,2}$/.test(rounds))
    throw new Complaint(EXIT.usage, `--rounds is ${rounds}. Use a whole number from 1.`)
  const commands = COMMANDS.filter(([verb]) => only === undefined || verb === only)
  if (commands.length === 0)
    throw new Complaint(EXIT.usage, `--only is ${only}. Name a command of queuectl that reads.`)
  return { rounds: Number(rounds), commands }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], options: { rounds: text, only: text } }).values
  } catch (error) {
    throw new Complaint(EXIT.usage, `${(error as Error).message.replace(/\.?$/, '.')} Use --rounds and --only <verb>.`)
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

function ownTime(project: Project, command: readonly string[], rounds: number): Result {
  const times: number[] = []
  while (times.length <= rounds) {
    const version = wallMs(project, ['--version'])
    const whole = wallMs(project, command)
    if (typeof version === 'string' || typeof whole === 'string') return String(whole)
    times.push(whole - version)
  }
  return spread(times.slice(1))
}

/** @returns milliseconds, or the exit code of a command that did not work */
function wallMs({ directory }: Project, args: readonly string[]): number | string {
  const startedAt = performance.now()
  const { status, signal } = spawnSync(process.execPath, [QUEUECTL, ...args], {
    cwd: directory,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1_048_576,
  })
  const ms = performance.now() - startedAt
  const isAnswer = status === 0 || (status === PROBLEMS_FOUND && args[0] === 'doctor')
  return isAnswer ? ms : `exit ${status ?? signal}`
}

interface CommandTimes {
  readonly command: string
  /** By database. */
  readonly times: readonly Result[]
}

function print(projects: readonly Project[], results: readonly CommandTimes[]): void {
  const head = ['own time in ms', ...projects.flatMap(({ database }) => [database, 'min', 'max']), '']
  const rows = results.map(({ command, times }) => {
    const isSlow = times.some((result) => typeof result !== 'string' && result.median > LIMIT_MS)
    return [command, ...times.flatMap(figures), isSlow ? `over ${LIMIT_MS}` : '']
  })
  process.stdout.write(`\n${table([head, ...rows])}`)
}

function figures(result: Result): string[] {
  if (typeof result === 'string') return [result, '', '']
  return [result.median, result.min, result.max].map((ms) => ms.toFixed(0))
}

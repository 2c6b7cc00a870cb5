/**
 * What a minute costs in which nothing is due: `cron-mission` as crontab runs it, against `node -e 0`.
 *
 * Most minutes of most schedules are such minutes, on every host, all year. A bare Node is the peer because no program of
 * Node's can cost less. What is compared is CPU, user and system; the database server's is not in it. Below that stands the
 * minute in which a job starts ten shards, to their end, against ten bare Nodes.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Complaint, EXIT } from '../src/exit.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { localTime } from '../src/time/zone.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { type Machine, machine } from './machine.ts'
import { measure } from './measure.ts'
import { type Spread, spread, table } from './statistics.ts'

interface Options {
  readonly rounds: number
  /** Runs that are measured together: the shell counts hundredths of seconds. */
  readonly runs: number
  /** The dist/ directories whose tick is measured: ours, and what it is compared with. */
  readonly builds: readonly string[]
}

/** A project directory with a database of its own. */
interface Project {
  readonly database: string
  readonly directory: string
  readonly db: Driver
}

interface Rival {
  readonly name: string
  /** Made before the measured run. */
  readonly prepare?: () => Promise<void>
  readonly directory: string
  readonly command: () => readonly string[]
  /** How often the command is run, to be divided by. */
  readonly runs: number
}

/** CPU milliseconds of one run of each rival, the peer first, by round. */
type Rounds = readonly (readonly number[])[]

const OUR_BUILD = join(import.meta.dirname, '..', 'dist')
const JOBS = 20
const SHARDS = 10
const ZONE = 'Europe/Berlin'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const REPEATED = 'n=$1; shift; while [ "$n" -gt 0 ]; do "$@" || exit; n=$((n - 1)); done'
const USAGE = 'Use --rounds, --runs and --compare (a dist directory of another build).'

export async function run(args: readonly string[]): Promise<object> {
  const options = readOptions(args)
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: true })
  const projects: Project[] = []
  try {
    const on = machine()
    printMachine(on, options)
    projects.push(await makeProject('sqlite', (directory) => `sqlite:${join(directory, 'queue.db')}`))
    await createDatabase(`${server.url}/mysql`)
    projects.push(await makeProject('mariadb', () => `${server.url}/bench`))
    const idle = await compare(idleRivals(projects, options), options.rounds)
    print(`A tick that finds nothing due, ${JOBS} jobs`, idleRivals(projects, options), idle)
    for (const project of projects) await requireNothingStarted(project)
    const shards = await compare(shardRivals(projects, options), Math.ceil(options.rounds / 3))
    print(`A tick that starts ${SHARDS} shards, one task each, to their end`, shardRivals(projects, options), shards)
    return { machine: on, options, idle, shards }
  } finally {
    for (const { db, directory } of projects) {
      await db.close()
      rmSync(directory, { recursive: true, force: true })
    }
    await server.stop()
    clearInterval(stayAwake)
  }
}

function readOptions(args: readonly string[]): Options {
  const { rounds = '15', runs = '10', compare = [] } = parsed(args)
  return {
    rounds: wholeNumber('rounds', rounds),
    runs: wholeNumber('runs', runs),
    builds: [OUR_BUILD, ...compare.map((directory) => resolve(directory))],
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], options: { rounds: text, runs: text, compare: { ...text, multiple: true } } })
      .values
  } catch (error) {
    throw new Complaint(EXIT.usage, `${(error as Error).message.replace(/\.?$/, '.')} ${USAGE}`)
  }
}

function wholeNumber(flag: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Complaint(EXIT.usage, `--${flag} is ${text}. Use a whole number from 1.`)
  return Number(text)
}

async function makeProject(database: string, urlOf: (directory: string) => string): Promise<Project> {
  const directory = makeDirectory()
  const url = urlOf(directory)
  mkdirSync(join(directory, 'tasks'))
  copyFileSync('/bin/true', join(directory, 'tasks', 'nothing'))
  writeFileSync(join(directory, '.env'), `QUEUE_URL=${url}\n`)
  writeFileSync(join(directory, 'schedule.ts'), scheduleText(quietJobs()))
  writeFileSync(join(directory, 'shards.ts'), scheduleText([`mail: { when: every('1m'), queue: 'mail', shards: 10 },`]))
  const db = await openDriver(url, directory)
  await migrate(db)
  return { database, directory, db }
}

function scheduleText(jobs: readonly string[]): string {
  return [
    `import { cron, daily, defineSchedule, every } from 'cron-mission'`,
    `export default defineSchedule({ timezone: '${ZONE}', jobs: {`,
    ...jobs,
    '} })\n',
  ].join('\n')
}

/** None of them is due in the two hours to come. */
function quietJobs(): string[] {
  return Array.from({ length: JOBS }, (_, i) => {
    const [hour, minute] = localTime(ZONE, Date.now() + (2 + i) * HOUR_MS)
      .slice('2026-11-20T'.length, '2026-11-20T18:04'.length)
      .split(':')
    const when = i % 2 === 0 ? `daily('${hour}:${minute}')` : `cron('${minute} ${hour} * * 1-6')`
    return `'job-${i}': { when: ${when}, queue: 'queue-${i}', shards: 4, timeout: '15m' },`
  })
}

function idleRivals(projects: readonly Project[], { builds, runs }: Options): Rival[] {
  const repeated = (command: readonly string[]) => ['/bin/sh', '-c', REPEATED, 'sh', String(runs), ...command]
  const ticks = projects.flatMap(({ database, directory }) =>
    builds.map((build) => ({
      name: nameOf(database, build),
      directory,
      command: () => repeated([process.execPath, join(build, 'bin/cron-mission.js')]),
      runs,
    })),
  )
  return [{ name: 'node -e 0', directory: '/', command: () => repeated([process.execPath, '-e', '0']), runs }, ...ticks]
}

/** Each tick is of a minute of its own and finds one task in every shard. */
function shardRivals(projects: readonly Project[], { builds }: Options): Rival[] {
  const peer = ['/bin/sh', '-c', REPEATED, 'sh', String(SHARDS), process.execPath, '-e', '0']
  const ticks = projects.flatMap(({ database, directory, db }) =>
    builds.map((build) => ({
      name: nameOf(database, build),
      directory,
      prepare: async () => {
        for (let bucket = 0; bucket < SHARDS; bucket++)
          await db.run(`INSERT INTO queue (task, queue, bucket) VALUES ('nothing', 'mail', ?)`, [bucket])
      },
      command: () => [
        ...[process.execPath, join(build, 'bin/cron-mission.js')],
        ...['--schedule', 'shards.ts', '--wait', '--at', new Date(nextMinute()).toISOString()],
      ],
      runs: 1,
    })),
  )
  return [{ name: `${SHARDS} × node -e 0`, directory: '/', command: () => peer, runs: 1 }, ...ticks]
}

let lastMinute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 6 * HOUR_MS

function nextMinute(): number {
  lastMinute += MINUTE_MS
  return lastMinute
}

function nameOf(database: string, build: string): string {
  return build === OUR_BUILD ? database : `${database}, ${build}`
}

/** All of them in turn, again and again, so that a disturbance meets everybody; the first round only warms up. */
async function compare(rivals: readonly Rival[], rounds: number): Promise<Rounds> {
  const played: number[][] = []
  while (played.length <= rounds) {
    const round: number[] = []
    for (const { prepare, directory, command, runs } of rivals) {
      await prepare?.()
      const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory }
      round.push((measure(command(), { directory, environment }).cpuSeconds * 1_000) / runs)
    }
    played.push(round)
  }
  return played.slice(1)
}

async function requireNothingStarted({ database, db }: Project): Promise<void> {
  const [row] = await db.all<{ count: number }>('SELECT COUNT(*) AS count FROM slot')
  if (Number(row?.count) !== 0) throw new Error(`A job was due meanwhile (${database}). Run the bench again.`)
}

function printMachine(on: Machine, { rounds, runs }: Options): void {
  process.stdout.write(
    `${on.cpus} × ${on.cpu}, ${on.kernel}, load ${on.load}\nnode ${on.node}, ${on.mariadb}\n` +
      `${rounds} rounds after one to warm up, ${runs} runs each\n`,
  )
}

function print(title: string, rivals: readonly Rival[], rounds: Rounds): void {
  const rows = rivals.map(({ name }, i) => {
    const cpu = spread(rounds.map((round) => round[i] ?? Number.NaN))
    const ratio = spread(rounds.map((round) => (round[i] ?? Number.NaN) / (round[0] ?? Number.NaN)))
    return [name, ...figures(cpu, 1), ...figures(ratio, 2)]
  })
  const head = ['', 'CPU ms', 'min', 'max', 'ratio', 'min', 'max']
  process.stdout.write(`\n${title}\n${table([head, ...rows])}`)
}

function figures({ median, min, max }: Spread, digits: number): string[] {
  return [median, min, max].map((value) => value.toFixed(digits))
}

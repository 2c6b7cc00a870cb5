/**
 * How fast tasks are run: `do-queue` against `xargs -P -n1`, on a program that does nothing.
 *
 * xargs is the peer because it does the least there is to do: fork, exec, wait. do-queue does that and claims every row,
 * books its outcome durably, collects output, writes a log line and the journal. Both run the same copy of `true` with the
 * same arguments in the same environment; the queue is filled between the rounds, outside the time.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Complaint, EXIT } from '../src/exit.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { type Machine, machine } from './machine.ts'
import { type Cost, cpuSecondsOf, measure, type Surroundings } from './measure.ts'
import { type Spread, spread, table } from './statistics.ts'

interface Options {
  readonly rounds: number
  readonly tasks: number
  readonly concurrency: number
  readonly database: 'mariadb' | 'sqlite'
  /** The dist/ directories whose do-queue is measured: ours, and what it is compared with. */
  readonly builds: readonly string[]
}

interface Round {
  readonly xargs: Cost
  /** One for each build, in their order. */
  readonly doQueue: readonly DoQueueCost[]
}

interface DoQueueCost extends Cost {
  /** Of the database server meanwhile; 0 for an embedded one. */
  readonly serverCpuSeconds: number
  /** Of a run on the empty queue: start and end. */
  readonly empty: Cost
}

/** Where the bench runs: a project directory and a database of its own. */
interface Place {
  readonly directory: string
  readonly program: string
  readonly arguments: string
  readonly url: string
  readonly db: Driver
  readonly emptyTheQueue: string
  readonly serverCpuSeconds: () => number
  readonly close: () => Promise<void>
}

const OUR_BUILD = join(import.meta.dirname, '..', 'dist')
const TASK = 'nothing'
const USAGE = 'Use --rounds, --tasks, --concurrency, --database and --compare (a dist directory of another build).'

export async function run(args: readonly string[]): Promise<object> {
  const options = readOptions(args)
  const place = await preparePlace(options)
  try {
    const on = machine()
    printMachine(on, options)
    await playRound(place, options) // warms caches, the compile cache and the server's buffers
    const rounds: Round[] = []
    while (rounds.length < options.rounds) {
      const round = await playRound(place, options)
      rounds.push(round)
      printRound(rounds.length, round)
    }
    printSummary(rounds, options)
    return { machine: on, options, ratios: options.builds.map((_, build) => ratios(rounds, build)), rounds }
  } finally {
    await place.close()
  }
}

function readOptions(args: readonly string[]): Options {
  const { values } = parsed(args)
  const { database = 'mariadb', compare = [] } = values
  if (database !== 'mariadb' && database !== 'sqlite')
    throw new Complaint(EXIT.usage, `--database is ${database}. Use mariadb or sqlite.`)
  return {
    rounds: wholeNumber('rounds', values.rounds ?? '5'),
    tasks: wholeNumber('tasks', values.tasks ?? '5000'),
    concurrency: wholeNumber('concurrency', values.concurrency ?? '4'),
    database,
    builds: [OUR_BUILD, ...compare.map((directory) => resolve(directory))],
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: text,
        tasks: text,
        concurrency: text,
        database: text,
        compare: { type: 'string', multiple: true },
      },
    })
  } catch (error) {
    throw new Complaint(EXIT.usage, `${(error as Error).message.replace(/\.?$/, '.')} ${USAGE}`)
  }
}

function wholeNumber(flag: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Complaint(EXIT.usage, `--${flag} is ${text}. Use a whole number from 1.`)
  return Number(text)
}

async function preparePlace({ tasks, database }: Options): Promise<Place> {
  const directory = makeDirectory()
  const program = join(directory, 'tasks', TASK)
  mkdirSync(join(directory, 'tasks'))
  copyFileSync('/bin/true', program)
  const list = join(directory, 'arguments')
  writeFileSync(list, params(tasks).join('\n'))
  const shared = { directory, program, arguments: list }
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true })
  if (database === 'sqlite') {
    const url = `sqlite:${join(directory, 'queue.db')}`
    const db = await migrated(url)
    const close = () => db.close().then(removeDirectory)
    return { ...shared, url, db, emptyTheQueue: 'DELETE FROM queue', serverCpuSeconds: () => 0, close }
  }
  const server = await startMariadb({ durable: true, extraArguments: ['--innodb-buffer-pool-size=256M'] })
  const url = `${server.url}/bench`
  const administration = await openDriver(`${server.url}/mysql`, directory)
  await administration.run('CREATE DATABASE bench')
  await administration.close()
  const db = await migrated(url)
  return {
    ...shared,
    url,
    db,
    emptyTheQueue: 'TRUNCATE TABLE queue',
    serverCpuSeconds: () => cpuSecondsOf(server.pid),
    async close() {
      const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
      await db.close()
      await server.stop()
      clearInterval(stayAwake)
      removeDirectory()
    },
  }
}

async function migrated(url: string): Promise<Driver> {
  const db = await openDriver(url, '/')
  await migrate(db)
  return db
}

function params(tasks: number): string[] {
  return Array.from({ length: tasks }, (_, i) => `uid=${i + 1}`)
}

async function playRound(place: Place, options: Options): Promise<Round> {
  const { directory, program, url } = place
  const surroundings = { directory, environment: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: directory } }
  const concurrency = String(options.concurrency)
  const xargs = measure(['xargs', `-P${concurrency}`, '-n1', program], { ...surroundings, stdin: place.arguments })
  const doQueue: DoQueueCost[] = []
  for (const build of options.builds) {
    const command = [process.execPath, join(build, 'bin/do-queue.js'), '--concurrency', concurrency, '--url', url]
    doQueue.push(await measureDoQueue(place, options, command, surroundings))
  }
  return { xargs, doQueue }
}

async function measureDoQueue(
  place: Place,
  { tasks }: Options,
  command: readonly string[],
  surroundings: Surroundings,
): Promise<DoQueueCost> {
  const empty = measure(command, surroundings)
  await fill(place, tasks)
  const serverBefore = place.serverCpuSeconds()
  const cost = measure(command, surroundings)
  const serverCpuSeconds = place.serverCpuSeconds() - serverBefore
  const [row] = await place.db.all<{ done: number }>('SELECT COUNT(*) AS done FROM queue WHERE status = 1')
  if (Number(row?.done) !== tasks) throw new Error(`do-queue left with ${row?.done} of ${tasks} tasks done.`)
  return { ...cost, serverCpuSeconds, empty }
}

async function fill({ db, url, emptyTheQueue }: Place, tasks: number): Promise<void> {
  await db.run(emptyTheQueue)
  const queue = await openQueue(url)
  await queue.addMany(params(tasks).map((param) => ({ task: TASK, param })))
  await queue.close()
}

interface Ratios {
  readonly whole: Spread
  readonly withoutStart: Spread
  /** Tasks per CPU second, the database server's included: steadier than the clock when others are at work. */
  readonly perCpu: Spread
}

/** How many times xargs' throughput do-queue has, pair by pair. */
function ratios(rounds: readonly Round[], build: number): Ratios {
  const pairs = rounds.map(({ xargs, doQueue }) => ({ xargs, ours: doQueue[build] as DoQueueCost }))
  const start = spread(pairs.map(({ ours }) => ours.empty.seconds)).median
  const cpu = ({ cpuSeconds, serverCpuSeconds }: DoQueueCost) => cpuSeconds + serverCpuSeconds
  return {
    whole: spread(pairs.map(({ xargs, ours }) => xargs.seconds / ours.seconds)),
    withoutStart: spread(pairs.map(({ xargs, ours }) => xargs.seconds / (ours.seconds - start))),
    perCpu: spread(pairs.map(({ xargs, ours }) => xargs.cpuSeconds / cpu(ours))),
  }
}

function printMachine(on: Machine, { rounds, tasks, concurrency, database }: Options): void {
  process.stdout.write(
    `${on.cpus} × ${on.cpu}, ${on.kernel}, load ${on.load}\n` +
      `node ${on.node}, ${on.mariadb}, sh is ${on.shell}, ${on.xargs}\n` +
      `${tasks} tasks, concurrency ${concurrency}, ${database}, ${rounds} rounds after one to warm up\n\n`,
  )
}

function printRound(number: number, { xargs, doQueue }: Round): void {
  const each = doQueue.map(({ seconds }) => `${seconds.toFixed(2)} s (${(xargs.seconds / seconds).toFixed(3)})`)
  process.stdout.write(`round ${number}: xargs ${xargs.seconds.toFixed(2)} s, do-queue ${each.join(', ')}\n`)
}

function printSummary(rounds: readonly Round[], { tasks, builds }: Options): void {
  const row = (name: string, costs: readonly Cost[], server: readonly number[]) => {
    const seconds = spread(costs.map((cost) => cost.seconds))
    return [
      name,
      ...[seconds.median, seconds.min, seconds.max].map((value) => value.toFixed(3)),
      ...[seconds.median, seconds.max, seconds.min].map((value) => (tasks / value).toFixed(0)),
      spread(costs.map((cost) => cost.cpuSeconds)).median.toFixed(2),
      server.length === 0 ? '' : spread(server).median.toFixed(2),
    ]
  }
  const head = ['', 'median s', 'min', 'max', 'tasks/s', 'min', 'max', 'CPU s', 'server CPU s']
  const rows = [head, row('xargs', rounds.map(({ xargs }) => xargs), [])] // biome-ignore format: one row a line
  for (const [i, build] of builds.entries()) {
    const costs = rounds.map(({ doQueue }) => doQueue[i] as DoQueueCost)
    const server = costs.map(({ serverCpuSeconds }) => serverCpuSeconds)
    rows.push(row(`do-queue${i === 0 ? '' : ` of ${build}`}`, costs, server))
    rows.push(
      row(
        '  on an empty queue',
        costs.map(({ empty }) => empty),
        [],
      )
        .with(4, '')
        .with(5, '')
        .with(6, ''),
    )
  }
  process.stdout.write(`\n${table(rows)}\ntimes the throughput of xargs, pair by pair: median (min to max)\n`)
  for (const [i, build] of builds.entries()) {
    const { whole, withoutStart, perCpu } = ratios(rounds, i)
    process.stdout.write(
      `  ${i === 0 ? 'do-queue' : build}: ${text(whole)}\n` +
        `    without its start ${text(withoutStart)}; per CPU second, server included ${text(perCpu)}\n`,
    )
  }
}

function text({ median, min, max }: Spread): string {
  return `${median.toFixed(3)} (${min.toFixed(3)} to ${max.toFixed(3)})`
}

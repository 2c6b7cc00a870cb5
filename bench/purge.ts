/**
 * What a purge costs the workers: how long claims take while `queuectl purge` deletes, against how long they take without it.
 *
 * Four workers drain a queue the whole time. Stretches with a purge and without follow each other, A B A B …, so both see the
 * same machine. It is about two ratios: the 99th percentile of the claims with to that without, and rows deleted a second to rows
 * that the workers finish, which is how fast new ones come to be deleted.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Complaint, EXIT } from '../src/exit.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { machine } from './machine.ts'
import type { WorkerReport } from './purge-worker.ts'
import { spread, table } from './statistics.ts'

interface Options {
  readonly rounds: number
  /** Of each stretch. */
  readonly seconds: number
  /** Rows that finished long ago. */
  readonly rows: number
  /** Rows that the workers find. */
  readonly ready: number
  readonly pace: number
  readonly databases: readonly ('mariadb' | 'sqlite')[]
}

/** One stretch without a purge, or with one. */
interface Stretch {
  readonly claims: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Tasks that the workers finished a second. */
  readonly finishedPerSecond: number
  readonly deletedPerSecond: number
}

interface Round {
  readonly without: Stretch
  readonly with: Stretch
}

const WORKERS = 4
const QUEUECTL = join(import.meta.dirname, '..', 'dist', 'bin', 'queuectl.js')
const USAGE = 'Use --rounds, --seconds, --rows, --ready, --pace and --database (mariadb or sqlite).'
const DAY_MS = 86_400_000
const ROWS_AT_ONCE = 1_000
/** Of a second: a round shorter than this part was cut off by the end of the old rows. */
const FULL_PART_MS = 900

export async function run(args: readonly string[]): Promise<object> {
  const options = readOptions(args)
  const on = machine()
  const about = `${options.rows} old rows, ${options.ready} ready, ${WORKERS} workers, pace ${options.pace} %`
  process.stdout.write(`${on.cpus} × ${on.cpu}, load ${on.load}, node ${on.node}, ${on.mariadb}\n${about}\n`)
  const results: Record<string, readonly Round[]> = {}
  for (const database of options.databases) {
    const rounds = await (database === 'mariadb' ? onMariadb(options) : onSqlite(options))
    print(database, rounds)
    results[database] = rounds
  }
  return { machine: on, options, results }
}

function readOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { rounds: text, seconds: text, rows: text, ready: text, pace: text, database: text },
    })
    const whole = (name: 'rounds' | 'seconds' | 'rows' | 'ready' | 'pace', usual: number) => {
      const number = Number(values[name] ?? usual)
      if (Number.isInteger(number) && number > 0) return number
      throw new Error(`--${name} is ${values[name]}`)
    }
    const { database } = values
    if (database !== undefined && database !== 'mariadb' && database !== 'sqlite')
      throw new Error(`--database is ${database}`)
    return {
      rounds: whole('rounds', 5),
      seconds: whole('seconds', 5),
      rows: whole('rows', 500_000),
      ready: whole('ready', 100_000),
      pace: whole('pace', 50),
      databases: database === undefined ? ['mariadb', 'sqlite'] : [database],
    }
  } catch (error) {
    throw new Complaint(EXIT.usage, `${(error as Error).message.replace(/\.?$/, '.')} ${USAGE}`)
  }
}

async function onMariadb(options: Options): Promise<Round[]> {
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: true, extraArguments: ['--innodb-buffer-pool-size=1G'] })
  try {
    const administration = await openDriver(`${server.url}/mysql`, '/')
    await administration.run('CREATE DATABASE bench')
    await administration.close()
    return await play(`${server.url}/bench`, options)
  } finally {
    await server.stop()
    clearInterval(stayAwake)
  }
}

async function onSqlite(options: Options): Promise<Round[]> {
  const directory = makeDirectory()
  try {
    return await play(`sqlite:${join(directory, 'queue.db')}`, options)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function play(url: string, options: Options): Promise<Round[]> {
  const db = await openDriver(url, '/')
  await migrate(db)
  await fill(db, options)
  const workers = Array.from({ length: WORKERS }, (_, shard) =>
    fork(join(import.meta.dirname, 'purge-worker.ts'), [url, String(shard), String(WORKERS)]),
  )
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  await sleep(2_000)
  const spans = []
  for (let round = 0; round < options.rounds; round++) {
    const without = { from: Date.now(), to: 0, deleted: 0 }
    await sleep(options.seconds * 1_000)
    without.to = Date.now()
    const span = { without, with: await purgeFor(url, options) }
    // What a purge has left when it is through is no measure of one that works.
    if (span.with.to - span.with.from < options.seconds * FULL_PART_MS) break
    spans.push(span)
  }
  const reports = await Promise.all(workers.map(reportOf))
  await db.close()
  return spans.map((span) => ({ without: stretchOf(span.without, reports), with: stretchOf(span.with, reports) }))
}

interface Span {
  readonly from: number
  readonly to: number
  readonly deleted: number
}

/** From its first batch on; what its start takes is not in it. */
async function purgeFor(url: string, { seconds, pace }: Options): Promise<Span> {
  const flags = ['purge', '--url', url, '--older-than', '30d', '--json', '--yes']
  const child = spawn(process.execPath, [QUEUECTL, ...flags, '--max-time', `${seconds}s`, '--pace', String(pace)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (bytes) => {
    printed += bytes
  })
  await once(child, 'close')
  const to = Date.now()
  const { deleted, ms } = JSON.parse(printed) as { deleted: number; ms: number }
  return { from: to - ms, to, deleted }
}

async function reportOf(worker: ChildProcess): Promise<WorkerReport> {
  const report = once(worker, 'message')
  worker.send('end')
  return (await report)[0] as WorkerReport
}

function stretchOf({ from, to, deleted }: Span, reports: readonly WorkerReport[]): Stretch {
  const isIn = ({ at }: { readonly at: number }) => at >= from && at < to
  const times = reports.flatMap(({ claims }) => claims.filter(isIn).map(({ ms }) => ms)).toSorted((a, b) => a - b)
  const finished = reports.flatMap((report) => report.finished.filter(isIn)).reduce((sum, { tasks }) => sum + tasks, 0)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  const seconds = (to - from) / 1_000
  return {
    claims: times.length,
    ...{ p50: at(0.5), p99: at(0.99), max: at(1) },
    ...{ finishedPerSecond: finished / seconds, deletedPerSecond: deleted / seconds },
  }
}

async function fill(db: Driver, { rows, ready }: Options): Promise<void> {
  const { fromNow } = db.dialect
  const old = (i: number) => `('t', 'uid=${i}&n=0', 1, ${i % 60}, ${i + 1}, ${fromNow(`-${40 * DAY_MS - i}`)})`
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    const values = Array.from({ length: Math.min(ROWS_AT_ONCE, rows - start) }, (_, i) => old(start + i))
    await db.run(
      `INSERT INTO queue (task, param, status, bucket, claim_token, finished_at) VALUES ${values.join(', ')}`,
    )
  }
  for (let start = 0; start < ready; start += ROWS_AT_ONCE) {
    const values = Array.from({ length: Math.min(ROWS_AT_ONCE, ready - start) }, (_, i) => `('t', 'n=${i}', ${i % 60})`)
    await db.run(`INSERT INTO queue (task, param, bucket) VALUES ${values.join(', ')}`)
  }
}

function print(database: string, rounds: readonly Round[]): void {
  if (rounds.length === 0) {
    process.stdout.write(`\n${database}: the purge was through before its first round was over. Give it more --rows.\n`)
    return
  }
  const cells = (name: string, { claims, p50, p99, max, finishedPerSecond, deletedPerSecond }: Stretch) => [
    ...[name, String(claims), p50.toFixed(2), p99.toFixed(2), max.toFixed(1)],
    ...[finishedPerSecond.toFixed(0), deletedPerSecond.toFixed(0)],
  ]
  const head = [database, 'claims', 'p50 ms', 'p99 ms', 'max ms', 'finished/s', 'deleted/s']
  const rows = rounds.flatMap((round) => [cells('without', round.without), cells('with a purge', round.with)])
  process.stdout.write(`\n${table([head, ...rows])}`)
  const ratio = (of: (round: Round) => number) => {
    const { median, min, max } = spread(rounds.map(of))
    return `${median.toFixed(2)} (${min.toFixed(2)} to ${max.toFixed(2)})`
  }
  process.stdout.write(
    `times what it is without, median (min to max): p50 ${ratio((it) => it.with.p50 / it.without.p50)}, ` +
      `p99 ${ratio((it) => it.with.p99 / it.without.p99)}\n` +
      `rows deleted for each that is finished: ${ratio((it) => it.with.deletedPerSecond / it.with.finishedPerSecond)}\n`,
  )
}

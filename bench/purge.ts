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
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { startMariadb } from '../test/helpers/mariadb.ts'
import { createDatabase } from './bench-database.ts'
import { type Comparison, comparisonText } from './comparison.ts'
import { choices, readOptions, whole } from './options.ts'
import type { WorkerReport } from './purge-worker.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  /** Of each stretch. */
  readonly seconds: number
  /** Rows that finished long ago. */
  readonly rows: number
  /** Rows that the workers find. */
  readonly ready: number
  readonly pace: number
  readonly database: readonly ('mariadb' | 'sqlite')[]
}

/** One stretch without a purge, or with one. */
interface Stretch {
  readonly p50: number
  readonly p99: number
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
const WITHOUT = 'without a purge'
const WITH = 'with a purge'
const FINISHED = 'finished by the workers'
const DELETED = 'deleted by the purge'
const DAY_MS = 86_400_000
const ROWS_AT_ONCE = 1_000
/** Of a second: a round shorter than this part was cut off by the end of the old rows. */
const FULL_PART_MS = 900

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    ...{ rounds: whole(5), seconds: whole(5), rows: whole(500_000), ready: whole(100_000), pace: whole(50) },
    database: choices('mariadb', 'sqlite'),
  })
  const { rows, ready, pace } = options
  process.stdout.write(`${rows} old rows, ${ready} ready, ${WORKERS} workers, pace ${pace} %\n`)
  const comparisons: Comparison[] = []
  for (const database of options.database) {
    const rounds = await (database === 'mariadb' ? onMariadb(options) : onSqlite(options))
    if (rounds.length === 0)
      throw new Error(`${database}: the purge was through before its first round was over. Give it more --rows.`)
    comparisons.push(...comparisonsOf(database, rounds, options))
  }
  process.stdout.write(comparisons.map(comparisonText).join(''))
  return { options, comparisons }
}

async function onMariadb(options: Options): Promise<Round[]> {
  const stayAwake = setInterval(() => {}, 1_000) // nothing else keeps this process until the server has ended
  const server = await startMariadb({ durable: true, extraArguments: ['--innodb-buffer-pool-size=1G'] })
  try {
    await createDatabase(`${server.url}/mysql`)
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
    ...{ p50: at(0.5), p99: at(0.99) },
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

function comparisonsOf(database: string, rounds: readonly Round[], { rows, pace }: Options): Comparison[] {
  const about = `${database}, ${rows.toLocaleString('en')} old rows, ${WORKERS} workers, pace ${pace} %`
  const claims = (name: 'p50' | 'p99'): Comparison => ({
    ...{
      id: `${database}-claim-${name}`,
      title: `A claim, ${name}: ${about}`,
      unit: 'ms',
      better: 'less',
      rival: WITHOUT,
    },
    sides: [
      { name: WITHOUT, ours: true, samples: rounds.map((round) => round.without[name]) },
      { name: WITH, ours: true, samples: rounds.map((round) => round.with[name]) },
    ],
    goals: name === 'p99' ? [{ side: WITH, atMost: 2 }] : [],
  })
  const deleted: Comparison = {
    ...{
      id: `${database}-deleted`,
      title: `Rows deleted beside rows finished: ${about}`,
      unit: 'rows/s',
      better: 'more',
    },
    rival: FINISHED,
    sides: [
      { name: FINISHED, ours: true, samples: rounds.map((round) => round.with.finishedPerSecond) },
      { name: DELETED, ours: true, samples: rounds.map((round) => round.with.deletedPerSecond) },
    ],
    goals: [{ side: DELETED, atLeast: 1 }],
  }
  return [claims('p50'), claims('p99'), deleted]
}

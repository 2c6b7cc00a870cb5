/**
 * `npm run memory`: does a worker's memory stay flat? One worker runs a hundred thousand tiny programs, then others that
 * write a gigabyte in all. It takes two minutes.
 *
 *     node test/memory.ts                   100,000 tasks, on SQLite
 *     node test/memory.ts 20000 mariadb     fewer, on a MariaDB server of its own
 *
 * Measured from outside, once a second: the resident memory of the worker process, of the shells it has for its programs,
 * and its open descriptors. V8 and malloc take more memory when they are busy and keep it, though nothing in it is used;
 * that would hide a leak of the same size. So this worker's garbage is collected every second, its young generation may
 * not grow, its code is interpreted and never compiled, malloc gives back what is free, and the figure for a moment is the
 * least of the samples of the next few seconds: what is left is what the worker keeps. It fails when that is, in the end,
 * more than 5 % over what it was when a tenth of the tasks was done (it is warm then), or when more descriptors are open
 * than were at any time by then. How large a worker becomes that is left alone is not told by it.
 */

import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mysql from 'mysql2/promise'
import { grouped } from '../src/amount.ts'
import type { Driver } from '../src/queue/driver.ts'
import { migrate } from '../src/queue/migrate.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { openDriver } from '../src/queue/url.ts'
import { makeDirectory } from './helpers/cleanup.ts'
import { type Keeper, type Kept, keep } from './helpers/keeper.ts'
import { startMariadb } from './helpers/mariadb.ts'

interface Sample {
  readonly done: number
  /** Bytes. */
  readonly worker: number
  readonly shells: number
  readonly descriptors: number
}

/** The least of several samples; of the descriptors also the most. */
interface Least extends Sample {
  readonly mostDescriptors: number
}

interface Mark {
  readonly what: string
  /** Tasks that are done by then. */
  readonly at: number
}

const TASKS = 100_000
const MEBIBYTE = 1_048_576
/** How many programs write how much: the largest outputs that still go through the worker, and files that do not. */
const OUTPUTS = [
  { programs: 512, bytes: MEBIBYTE },
  { programs: 8, bytes: 62 * MEBIBYTE },
]
/** Some come first: what a worker keeps for the next output is no growth. */
const FIRST_OUTPUTS = [
  { programs: 256, bytes: MEBIBYTE },
  { programs: 2, bytes: 62 * MEBIBYTE },
]
const MOST_GROWTH = 0.05
const WINDOW = 5
const SAMPLE_MS = 1_000
const PATIENCE_MS = 900_000
const CONCURRENCY = 4
const ADDED_AT_ONCE = 2_000
const TIDY_V8 = [
  '--expose-gc',
  '--max-semi-space-size=1',
  '--no-sparkplug',
  '--no-maglev',
  '--no-opt',
  '--import=data:text/javascript,setInterval(globalThis.gc, 1000).unref()',
]
const TIDY_MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' }
const DO_QUEUE = resolve(import.meta.dirname, '../dist/bin/do-queue.js')

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(`memory: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}

async function main([given = `${TASKS}`, database = 'sqlite']: string[]): Promise<number> {
  const tasks = Number(given)
  if (!Number.isInteger(tasks) || tasks < 1_000 || !['sqlite', 'mariadb'].includes(database)) {
    console.error('memory: use node test/memory.ts [tasks, 1000 or more] [sqlite or mariadb]')
    return 64
  }
  const directory = makeDirectory()
  const keeper = keep(directory)
  const server = database === 'mariadb' ? await startMariadb() : undefined
  try {
    const url = server === undefined ? `sqlite:${join(directory, 'queue.db')}` : await makeDatabase(server.url)
    makeProject(directory, url)
    return await measure(keeper, directory, url, tasks)
  } finally {
    await keeper.close()
    await server?.stop()
  }
}

async function measure(keeper: Keeper, directory: string, url: string, tasks: number): Promise<number> {
  const db = await openDriver(url, directory)
  await migrate(db)
  const first = await addOutputs(url, FIRST_OUTPUTS)
  await add(url, tasks, 'nothing', '')
  const worker = startWorker(keeper, directory)
  try {
    const marks = [0.01, 0.1, 0.5, 1].map((share) => ({ what: grouped(tasks * share), at: first + tasks * share }))
    print('tasks', 'worker', 'shells', 'descriptors')
    const [, warm, , last] = await markAfterMark(db, worker, marks)
    const all = first + tasks + (await addOutputs(url, OUTPUTS))
    const [end] = await markAfterMark(db, worker, [{ what: 'and 1 GB of output', at: all }])
    if (warm === undefined || last === undefined || end === undefined) throw new Error('no samples')
    return verdict(warm, [last, end])
  } finally {
    await db.close()
    process.kill(worker.pid, 'SIGTERM')
    await worker.exited
  }
}

/** Samples until the window of the last mark is over. @returns the least of each window */
async function markAfterMark(db: Driver, worker: Kept, marks: readonly Mark[]): Promise<Least[]> {
  const samples: Sample[] = []
  const least: Least[] = []
  const deadline = performance.now() + PATIENCE_MS
  while (least.length < marks.length) {
    if (performance.now() > deadline) throw new Error('the worker has not done it all in a quarter of an hour')
    samples.push(await sample(db, worker))
    const mark = marks[least.length]
    const window = samples.filter(({ done }) => mark !== undefined && done >= mark.at).slice(0, WINDOW)
    if (mark !== undefined && window.length === WINDOW) {
      const found = leastOf(window)
      least.push(found)
      print(mark.what, megabytes(found.worker), megabytes(found.shells), `${found.descriptors}`)
    }
    await sleep(SAMPLE_MS)
  }
  return least
}

function verdict(warm: Least, later: readonly Least[]): number {
  const growth = Math.max(...later.map(({ worker }) => worker / warm.worker)) - 1
  const more = Math.max(...later.map(({ descriptors }) => descriptors)) - warm.mostDescriptors
  const isFlat = growth <= MOST_GROWTH && more <= 0
  console.log(
    `${isFlat ? 'flat' : 'NOT FLAT'}: memory ${percent(growth)} since a tenth was done (at most ${percent(MOST_GROWTH)}), descriptors ${signed(more)} (at most +0)`,
  )
  return isFlat ? 0 : 1
}

async function sample(db: Driver, { pid, child }: Kept): Promise<Sample> {
  if (child.exitCode !== null) throw new Error(`the worker has left with exit code ${child.exitCode}`)
  const [row] = await db.all<{ done: number }>('SELECT COUNT(*) AS done FROM queue WHERE status = 1')
  const shells = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return {
    done: Number(row?.done),
    worker: residentMemory(`${pid}`),
    shells: shells.map(residentMemory).reduce((sum, bytes) => sum + bytes, 0),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
}

/** Each by itself: what is open for a moment only is no leak, nor is what waits to be collected. */
function leastOf(samples: readonly Sample[]): Least {
  const least = (read: (sample: Sample) => number) => Math.min(...samples.map(read))
  return {
    done: least(({ done }) => done),
    worker: least(({ worker }) => worker),
    shells: least(({ shells }) => shells),
    descriptors: least(({ descriptors }) => descriptors),
    mostDescriptors: Math.max(...samples.map(({ descriptors }) => descriptors)),
  }
}

/** In bytes; 0 for a process that has ended. */
function residentMemory(pid: string): number {
  try {
    const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kibibytes) * 1_024
  } catch {
    return 0
  }
}

function makeProject(directory: string, url: string): void {
  mkdirSync(join(directory, 'tasks'))
  const programs = { nothing: '#!/bin/sh\n', pour: '#!/bin/sh\nhead -c "$1" /dev/zero\n' }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(directory, 'tasks', name), text)
    chmodSync(join(directory, 'tasks', name), 0o755)
  }
  writeFileSync(join(directory, '.env'), `QUEUE_URL='${url}'\n`)
}

async function makeDatabase(server: string): Promise<string> {
  const connection = await mysql.createConnection({ uri: server })
  await connection.query('CREATE DATABASE memory')
  await connection.end()
  return `${server}/memory`
}

/** @returns how many programs that are */
async function addOutputs(url: string, outputs: typeof OUTPUTS): Promise<number> {
  for (const { programs, bytes } of outputs) await add(url, programs, 'pour', `${bytes}`)
  return outputs.reduce((sum, { programs }) => sum + programs, 0)
}

async function add(url: string, programs: number, task: string, param: string): Promise<void> {
  const queue = await openQueue(url)
  for (let added = 0; added < programs; added += ADDED_AT_ONCE)
    await queue.addMany(Array.from({ length: Math.min(ADDED_AT_ONCE, programs - added) }, () => ({ task, param })))
  await queue.close()
}

function startWorker(keeper: Keeper, directory: string): Kept {
  const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env
  const args = [...TIDY_V8, DO_QUEUE, '--watch', '--quiet', '--concurrency', `${CONCURRENCY}`]
  return keeper.start(process.execPath, args, {
    output: join(directory, 'worker.out'),
    cwd: directory,
    env: { ...env, ...TIDY_MALLOC },
  })
}

function print(...cells: readonly string[]): void {
  const [first = '', ...others] = cells
  console.log(first.padEnd(20) + others.map((cell) => cell.padStart(13)).join(''))
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`
}

function signed(number: number): string {
  return `${number < 0 ? '' : '+'}${number}`
}

/**
 * What a worker holds: after a hundred thousand tasks, and then after a gigabyte of output, against what the same worker held
 * after its first thousand tasks.
 *
 * It is started as users start it, with no flag for V8 or malloc and no variable for them, and its resident memory is read from
 * outside. That swings with every collection of garbage, so each value is the median of many readings.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { grouped } from '../src/amount.ts'
import { openQueue } from '../src/queue/open-queue.ts'
import { type Kept, keep } from '../test/helpers/keeper.ts'
import { type Comparison, comparisonText } from './comparison.ts'
import { choice, OUR_BUILD, readOptions, whole } from './options.ts'
import { type Database, doQueueOf, fill, makeProject, type Project } from './project.ts'
import type { Found } from './report.ts'
import { spread } from './statistics.ts'

interface Options {
  readonly rounds: number
  readonly database: Database
  readonly tasks: number
  /** Programs that write a megabyte each. */
  readonly outputs: number
}

interface Reading {
  readonly done: number
  readonly bytes: number
}

const FEW = 1_000
const OUTPUT_BYTES = 1_000_000
const CONCURRENCY = 4
const READ_EVERY_MS = 100
/** Of so many readings in a row the median counts. */
const WINDOW = 20
/** Tasks behind those that are counted, so that the worker is read while it works, each time: idle it would be at one point of its swing. */
const BEHIND = 6_000
const PATIENCE_MS = 900_000
const RIVAL = `${grouped(FEW)} tasks`
const PROGRAMS = { nothing: '#!/bin/sh\n', pour: '#!/bin/sh\nhead -c "$1" /dev/zero\n' }

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    ...{ rounds: whole(2), database: choice<Database>('mariadb', 'sqlite') },
    ...{ tasks: whole(100_000), outputs: whole(1_000) },
  })
  const rounds: (readonly [number, number, number])[] = []
  for (let round = 0; round < options.rounds; round++) rounds.push(await measureOnce(options))
  const after = [`${grouped(options.tasks)} tasks`, `and ${grouped(options.outputs)} MB of output`] as const
  const comparison: Comparison = {
    ...{ id: 'resident', title: `What a worker of concurrency ${CONCURRENCY} has resident (RSS)` },
    ...{ unit: 'MB', better: 'less', rival: RIVAL },
    sides: [RIVAL, ...after].map((name, i) => ({ name, ours: true, samples: rounds.map((it) => it[i] ?? Number.NaN) })),
    goals: after.flatMap((side) => [
      { side, atMost: 1.05 },
      { side, atLeast: 0.95 },
    ]),
  }
  process.stdout.write(comparisonText(comparison))
  return { options, comparisons: [comparison] }
}

/** @returns MB: after few tasks, after all, and after the outputs */
async function measureOnce({ database, tasks, outputs }: Options): Promise<[number, number, number]> {
  const project = await makeProject(database)
  const keeper = keep(join(project.directory, 'nothing-else'))
  try {
    for (const [name, text] of Object.entries(PROGRAMS))
      writeFileSync(join(project.directory, 'tasks', name), text, { mode: 0o755 })
    await fill(
      project,
      Array.from({ length: tasks + BEHIND }, () => ({ task: 'nothing' })),
    )
    const [script = '', ...flags] = doQueueOf(OUR_BUILD, project, CONCURRENCY)
    const worker = keeper.start(process.execPath, [script, ...flags, '--watch', '--quiet'], {
      ...{ output: join(project.directory, 'worker.out'), cwd: project.directory, env: { ...project.environment } },
    })
    const few = await heldFrom(project, worker, Math.min(FEW, tasks))
    const all = await heldFrom(project, worker, tasks)
    const queue = await openQueue(project.url)
    await queue.addMany(Array.from({ length: outputs }, () => ({ task: 'pour', param: `${OUTPUT_BYTES}` })))
    await queue.addMany(Array.from({ length: BEHIND }, () => ({ task: 'nothing' })))
    await queue.close()
    const poured = await heldFrom(project, worker, tasks + BEHIND + outputs)
    process.kill(worker.pid, 'SIGTERM')
    await worker.exited
    return [few, all, poured]
  } finally {
    await keeper.close()
    await project.close()
  }
}

/** The median of the readings that begin when so many tasks are done, in MB. */
async function heldFrom(project: Project, worker: Kept, done: number): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS
  const found: Reading[] = []
  while (found.length < WINDOW) {
    if (performance.now() > deadline) throw new Error(`The worker has not done ${grouped(done)} tasks.`)
    if (worker.child.exitCode !== null) throw new Error(`The worker has left with ${worker.child.exitCode}.`)
    const now = await read(project, worker)
    if (now.done >= done) found.push(now)
    await sleep(READ_EVERY_MS)
  }
  return spread(found.map(({ bytes }) => bytes / 1_000_000)).median
}

async function read({ db }: Project, { pid }: Kept): Promise<Reading> {
  const [row] = await db.all<{ done: number }>('SELECT COUNT(*) AS done FROM queue WHERE status = 1')
  const [, kibibytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return { done: Number(row?.done), bytes: Number(kibibytes) * 1_024 }
}

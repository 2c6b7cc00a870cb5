/**
 * What it costs to find out that there is nothing to do: ten starts of `do-queue` on an empty queue, one for each shard, and
 * one start with all ten shards, against ten bare Nodes.
 *
 * A crontab that starts a worker for every shard each minute does this all day. CPU is user and system of the whole
 * process; the database server's is not in it. Memory is told twice: the most that a start ever had resident (peak RSS, with what
 * it shares), which counts while it runs, and what ten workers that stay have together (PSS: what several share is divided
 * among them).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeDirectory } from '../test/helpers/cleanup.ts'
import { type Comparison, comparisonText, type Goal } from './comparison.ts'
import { measure } from './measure.ts'
import { choices, directories, OUR_BUILD, readOptions, whole } from './options.ts'
import type { Found } from './report.ts'
import {
  type Contender,
  cpuOf,
  environmentOf,
  nameOf,
  nodes,
  type StartProject,
  withProjects,
} from './start-projects.ts'

interface Options {
  readonly rounds: number
  readonly of: readonly ('cpu' | 'memory')[]
  readonly compare: readonly string[]
}

const SHARDS = 10
const DO_QUEUE = join(OUR_BUILD, 'bin/do-queue.js')
const TEN_NODES = `${SHARDS} × node -e 0`
const TEN_IDLE_NODES = `${SHARDS} idle Nodes`
const EVERY_SHARD =
  'n=0; while [ "$n" -lt "$1" ]; do "$2" "$3" --quiet --total "$1" --shard "$n" || exit; n=$((n + 1)); done'
/** Kept by every side of a round about memory. */
const NOTE_PEAK = `process.on('exit', () => require('node:fs').appendFileSync(process.env.PEAKS, process.resourceUsage().maxRSS + '\\n'))`
/** Until what a start leaves behind has been collected. */
const SETTLE_MS = 6_000
const POLL_MS = 50
const MB = 1_000_000

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    ...{ rounds: whole(15), of: choices('cpu', 'memory'), compare: directories() },
  })
  const comparisons = await withProjects(async (projects) => [
    ...(options.of.includes('cpu') ? [await cpu(projects, options)] : []),
    ...(options.of.includes('memory') ? [peaks(projects, options), await residents(projects, options)] : []),
  ])
  process.stdout.write(comparisons.map(comparisonText).join(''))
  return { options, comparisons }
}

async function cpu(projects: readonly StartProject[], options: Options): Promise<Comparison> {
  return {
    ...{ id: 'empty-queue', title: `${SHARDS} starts of do-queue on an empty queue, and one with ${SHARDS} shards` },
    ...{ unit: 'CPU ms', better: 'less', rival: TEN_NODES },
    sides: await cpuOf(contenders(projects, options), options.rounds),
    goals: goalsOf(projects),
  }
}

function peaks(projects: readonly StartProject[], options: Options): Comparison {
  const all = contenders(projects, { ...options, compare: [] })
  const directory = makeDirectory()
  const [hook, list] = [join(directory, 'note-peak.cjs'), join(directory, 'peaks')]
  writeFileSync(hook, NOTE_PEAK)
  const samples = all.map((): number[] => [])
  try {
    for (let round = 0; round < memoryRounds(options); round++) {
      for (const [i, { directory, command }] of all.entries()) {
        rmSync(list, { force: true })
        const environment = { ...environmentOf(directory), NODE_OPTIONS: `--require=${hook}`, PEAKS: list }
        measure(command(), { directory, environment })
        const kilobytes = readFileSync(list, 'utf8').trim().split('\n').map(Number)
        samples[i]?.push(kilobytes.reduce((sum, one) => sum + one * 1_024, 0) / MB)
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return {
    ...{ id: 'peak-memory', title: 'The most that these starts have resident (RSS), added up' },
    ...{ unit: 'MB', better: 'less', rival: TEN_NODES },
    sides: all.map(({ name, ours }, i) => ({ name, ours, samples: samples[i] ?? [] })),
    goals: goalsOf(projects),
  }
}

async function residents(projects: readonly StartProject[], options: Options): Promise<Comparison> {
  const idleNode = ['-e', 'setInterval(() => {}, 1e9)']
  const doQueue = (shard: string) => [DO_QUEUE, '--watch', '--quiet', '--total', String(SHARDS), '--shard', shard]
  const crowds = [
    { name: TEN_IDLE_NODES, ours: false, project: undefined, lines: eachShard(() => idleNode) },
    ...projects.flatMap((project) => [
      { name: tenOn(project), ours: true, project, lines: eachShard((shard) => doQueue(shard)) },
      { name: oneOn(project), ours: true, project, lines: [doQueue('all')] },
    ]),
  ]
  const samples = crowds.map((): number[] => [])
  for (let round = 0; round < memoryRounds(options); round++) {
    for (const [i, { project, lines }] of crowds.entries()) samples[i]?.push(await residentOf(lines, project))
  }
  return {
    ...{ id: 'idle-memory', title: `What ${SHARDS} workers that stay (--watch) have together, idle (PSS)` },
    ...{ unit: 'MB', better: 'less', rival: TEN_IDLE_NODES },
    sides: crowds.map(({ name, ours }, i) => ({ name, ours, samples: samples[i] ?? [] })),
    goals: goalsOf(projects),
  }
}

/** MB of all these processes, each Node with one of the lines, when they have been idle for a while. */
async function residentOf(lines: readonly string[][], project: StartProject | undefined): Promise<number> {
  const directory = project?.directory ?? '/'
  const env = environmentOf(directory)
  const processes = lines.map((line) => spawn(process.execPath, line, { cwd: directory, env, stdio: 'ignore' }))
  try {
    if (project !== undefined) while ((await seatsOf(project)) < SHARDS) await sleep(POLL_MS)
    await sleep(SETTLE_MS)
    return processes.reduce((sum, one) => sum + proportionalBytes(one), 0) / MB
  } finally {
    await Promise.all(processes.map(ended))
  }
}

async function ended(process: ChildProcess): Promise<void> {
  const exit = process.exitCode === null ? once(process, 'exit') : undefined
  process.kill()
  await exit
}

async function seatsOf({ db }: StartProject): Promise<number> {
  const [row] = await db.all<{ count: number }>('SELECT COUNT(*) AS count FROM worker')
  return Number(row?.count)
}

function proportionalBytes({ pid }: ChildProcess): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? []
  return Number(kilobytes) * 1_024
}

/** Ten starts one after the other, and one with all the shards. */
function contenders(projects: readonly StartProject[], { compare }: Options): Contender[] {
  const ours = projects.flatMap((project) =>
    [OUR_BUILD, ...compare].flatMap((build): Contender[] => {
      const doQueue = join(build, 'bin/do-queue.js')
      const { directory } = project
      const ten = ['/bin/sh', '-c', EVERY_SHARD, 'sh', String(SHARDS), process.execPath, doQueue]
      const one = [process.execPath, doQueue, '--quiet', '--total', String(SHARDS), '--shard', 'all']
      return [
        { name: nameOf(tenOn(project), build), ours: true, directory, command: () => ten, runs: 1 },
        { name: nameOf(oneOn(project), build), ours: true, directory, command: () => one, runs: 1 },
      ]
    }),
  )
  return [nodes(SHARDS, TEN_NODES), ...ours]
}

function goalsOf(projects: readonly StartProject[]): Goal[] {
  return projects.flatMap((project) => [tenOn(project), oneOn(project)].map((side) => ({ side, atMost: 2 })))
}

function eachShard(line: (shard: string) => string[]): string[][] {
  return Array.from({ length: SHARDS }, (_, shard) => line(String(shard)))
}

function tenOn({ database }: StartProject): string {
  return `${SHARDS} × do-queue, ${database}`
}

function oneOn({ database }: StartProject): string {
  return `one with ${SHARDS} shards, ${database}`
}

/** Memory differs little from run to run. */
function memoryRounds({ rounds }: Options): number {
  return Math.ceil(rounds / 5)
}

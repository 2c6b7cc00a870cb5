/**
 * The same programs through other queues: from the first one enqueued to the last end booked.
 *
 * One rule for all: the queue is filled, then the workers are started, and their start is in the time. Each peer is set up as its
 * own documentation says for many jobs, and its handler runs the program as its users would. Two yardsticks are no queues:
 * `xargs -P`, the least there is to do, and a loop in Node, which is what the handler of a Node queue does and nothing else.
 */
import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comparison, comparisonText, figure } from './comparison.ts'
import { measure } from './measure.ts'
import { readOptions, text, whole, wholes } from './options.ts'
import { comparisonsOf, type Scenario, type Series } from './peers/found.ts'
import { openAll } from './peers/open-all.ts'
import type { Peer, Place } from './peers/peer.ts'
import { onStage, type Stage, versionsOf } from './peers/stage.ts'
import { type Load, type Run, timedRun } from './peers/timed-run.ts'
import type { Found } from './report.ts'

interface Options {
  readonly rounds: number
  readonly tasks: number
  readonly concurrency: readonly number[]
  /** Workers that share it, of queues whose worker can run several programs at a time. */
  readonly processes: number
  /** Only these, and ours: `BullMQ,Celery`. */
  readonly peers: string | undefined
}

interface Contestant extends Series {
  readonly runs: { readonly whole: Run; readonly single: Run }[]
  play(load: Load): Promise<Run>
}

/** About ten milliseconds of arithmetic. */
const SHORT_PROGRAM = '#!/bin/sh\ni=0\nwhile [ $i -lt 10000 ]; do i=$((i + 1)); done\n'
const SHORT_SHARE = 0.25
const WARM_UP_SHARE = 0.1
const NODE_LOOP = join(import.meta.dirname, 'spawn-loop.ts')

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(3),
    tasks: whole(2_000),
    concurrency: wholes([4, 10]),
    processes: whole(1),
    peers: text(),
  })
  return onStage(
    (place, services) => openAll(place, services, options.peers),
    async (stage) => {
      printPeers(stage.peers)
      const comparisons: Comparison[] = []
      for (const scenario of scenariosOf(options)) comparisons.push(...(await playScenario(stage, scenario, options)))
      const about = stage.peers.map(({ name, durability, settings }) => ({ name, durability, settings }))
      return { options: { ...options, about }, versions: versionsOf(stage.peers), comparisons }
    },
  )
}

function scenariosOf({ tasks, concurrency, processes }: Options): Scenario[] {
  const nothing = concurrency.map((atOnce) => ({ program: 'nothing', tasks, concurrency: atOnce, processes }) as const)
  const fewer = Math.ceil(tasks * SHORT_SHARE)
  return [...nothing, { program: 'short', tasks: fewer, concurrency: concurrency[0] ?? 4, processes }]
}

/** Every side in turn in every round. Of each: all the tasks, and one alone, which is what starting takes. */
async function playScenario(stage: Stage, scenario: Scenario, { rounds }: Options): Promise<Comparison[]> {
  putProgram(stage.place, scenario)
  const contestants = contestantsOf(stage)
  const warmUp = Math.ceil(scenario.tasks * WARM_UP_SHARE)
  for (const one of contestants) await one.play({ ...scenario, tasks: warmUp })
  for (let round = 1; round <= rounds; round++) {
    for (const one of contestants)
      one.runs.push({ whole: await one.play(scenario), single: await one.play({ ...scenario, tasks: 1 }) })
    const seconds = contestants.map(({ name, runs }) => `${name} ${figure(runs.at(-1)?.whole.workSeconds ?? 0)}`)
    process.stdout.write(`round ${round}, seconds of work: ${seconds.join(', ')}\n`)
  }
  const found = comparisonsOf(scenario, contestants)
  for (const comparison of found) process.stdout.write(comparisonText(comparison))
  return found
}

function putProgram({ program }: Place, { program: which }: Scenario): void {
  rmSync(program, { force: true })
  if (which === 'short') writeFileSync(program, SHORT_PROGRAM)
  else copyFileSync('/bin/true', program)
  chmodSync(program, 0o755)
}

function contestantsOf({ place, keeper, peers }: Stage): Contestant[] {
  const { program } = place
  const xargs = (atOnce: string) => ['xargs', `-P${atOnce}`, '-n1', program]
  const nodeLoop = (atOnce: string) => [process.execPath, NODE_LOOP, atOnce, program]
  return [
    { name: 'xargs', kind: 'yardstick', runs: [], play: async (load) => runLoop(place, xargs, load) },
    { name: 'a loop in Node', kind: 'yardstick', runs: [], play: async (load) => runLoop(place, nodeLoop, load) },
    ...peers.map((peer): Contestant => {
      const { name, ours } = peer
      return { name, kind: ours ? 'ours' : 'peer', runs: [], play: (load) => timedRun(keeper, peer, load) }
    }),
  ]
}

/** A yardstick gets the parameters on standard input; writing them down is not in its time. */
function runLoop(
  { directory, environment }: Place,
  command: (atOnce: string) => readonly string[],
  { tasks, concurrency }: Load,
): Run {
  const stdin = join(directory, 'arguments')
  writeFileSync(stdin, Array.from({ length: tasks }, (_, i) => `uid=${i + 1}\n`).join(''))
  const { seconds, cpuSeconds } = measure(command(String(concurrency)), { directory, environment, stdin })
  return { enqueueSeconds: 0, workSeconds: seconds, cpuSeconds }
}

function printPeers(peers: readonly Peer[]): void {
  const lines = peers.map(({ name, version, durability, settings }) => {
    const how = settings === '' ? '' : `\n    ${settings}`
    return `  ${name}: ${version}\n    ${durability}${how}\n`
  })
  process.stdout.write(`\n${lines.join('')}\n`)
}

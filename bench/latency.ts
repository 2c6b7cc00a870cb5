/**
 * From a task's being added until its program runs, where a worker waits with nothing to do; and what waiting costs.
 *
 * One task at a time, each after a pause of random length, so that a worker that looks at intervals is met at any point of
 * them. The time begins before the call that adds the task and ends in the first line of the program: committing, waking up,
 * claiming and starting are in it, for every side alike.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Keeper } from '../test/helpers/keeper.ts'
import { comparisonText, figure } from './comparison.ts'
import { readOptions, text, whole } from './options.ts'
import { type Idle, latencyComparisons, type Way } from './peers/latency-found.ts'
import { openWatching } from './peers/open-all.ts'
import type { Peer, Place } from './peers/peer.ts'
import { exactCpuSecondsOfTree } from './peers/process-tree.ts'
import { onStage, type Stage, versionsOf } from './peers/stage.ts'
import { makeStamp, startOf } from './peers/stamp.ts'
import { startWorkers, type Workers } from './peers/worker.ts'
import type { Found } from './report.ts'
import { spread } from './statistics.ts'

interface Options {
  readonly rounds: number
  /** Of each side in each round. */
  readonly tasks: number
  /** For how many seconds each worker's CPU is watched in each round. */
  readonly idle: number
  /** Only these, and ours: `BullMQ`. */
  readonly peers: string | undefined
}

const PAUSE_MS = { min: 50, max: 150 }
/** What starting and the first task have set going is over then. */
const SETTLED_MS = 1_500
const NANOSECONDS_PER_MS = 1_000_000

/** How tasks get to a side, and the figures. */
interface Measured {
  readonly way: Way
  readonly peer: Peer
  readonly verb: 'add' | 'insert'
}

export async function run(args: readonly string[]): Promise<Found> {
  const options = readOptions<Options>(args, {
    rounds: whole(5),
    tasks: whole(40),
    idle: whole(4),
    peers: text(),
  })
  return onStage(
    (place, services) => openWatching(place, services, options.peers),
    (stage) => playAll(stage, options),
  )
}

async function playAll({ place, keeper, peers }: Stage, options: Options): Promise<Found> {
  const language = await makeStamp(place.program)
  const versions = versionsOf(peers)
  process.stdout.write(`The program is in ${language}.\n${Object.entries(versions).map(line).join('')}\n`)
  const ways = peers.flatMap(waysOf)
  const idle: Idle[] = peers.map(({ name, ours }) => ({ name, ours, worker: [], server: [] }))
  for (let round = 1; round <= options.rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      const mine = ways.filter((one) => one.peer === peer)
      await playPeer(keeper, place, peer, mine, idle[i], options)
      const medians = mine.map(({ way }) => `${way.name} ${figure(spread(way.rounds.at(-1) ?? []).median)} ms`)
      process.stdout.write(`round ${round}, ${medians.join(', ')}\n`)
    }
  }
  const comparisons = latencyComparisons(
    ways.map(({ way }) => way),
    idle,
  )
  for (const comparison of comparisons) process.stdout.write(comparisonText(comparison))
  return { options: { ...options, language }, versions, comparisons }
}

function line([name, version]: [string, string]): string {
  return `  ${name}: ${version}\n`
}

/** Ours are added in two ways; a program of another language knows only the second. */
function waysOf(peer: Peer): Measured[] {
  const { name, ours } = peer
  const way = (words: string): Way => ({ name: words, ours, rounds: [], accepted: [] })
  if (!ours) return [{ way: way(name), peer, verb: 'add' }]
  return [
    { way: way(`${name}, library`), peer, verb: 'add' },
    { way: way(`${name}, INSERT`), peer, verb: 'insert' },
  ]
}

async function playPeer(
  keeper: Keeper,
  place: Place,
  peer: Peer,
  ways: readonly Measured[],
  idle: Idle | undefined,
  { tasks, idle: idleSeconds }: Options,
): Promise<void> {
  await peer.client.ask('reset')
  const workers = startWorkers(keeper, peer.workers(1, 1))
  try {
    await oneTask(place, peer, 'add') // it is ready when this one has run
    await sleep(SETTLED_MS)
    const before = cpuOf(peer, workers)
    const startedAt = performance.now()
    await sleep(idleSeconds * 1_000)
    const share = 100 / ((performance.now() - startedAt) / 1_000)
    const after = cpuOf(peer, workers)
    idle?.worker.push((after.worker - before.worker) * share)
    idle?.server.push((after.server - before.server) * share)
    for (const { way, verb } of ways) {
      const round: Times[] = []
      while (round.length < tasks) round.push(await oneTask(place, peer, verb))
      way.rounds.push(round.map(({ started }) => started))
      way.accepted.push(round.map(({ accepted }) => accepted))
    }
  } finally {
    await workers.stop()
  }
}

let words = 0

/** Of one task, in milliseconds since before the call that adds it. */
interface Times {
  /** When the call returned. */
  readonly accepted: number
  /** When the program ran. */
  readonly started: number
}

async function oneTask({ directory }: Place, { client, name }: Peer, verb: 'add' | 'insert'): Promise<Times> {
  await sleep(PAUSE_MS.min + Math.random() * (PAUSE_MS.max - PAUSE_MS.min))
  words += 1
  const word = `t${words}`
  const [addedAt = 0, accepted = 0] = await client.numbers(`${verb} ${word}`)
  const started = (await startOf(directory, word, name)) / NANOSECONDS_PER_MS - addedAt / NANOSECONDS_PER_MS
  if (started < 0) throw new Error(`${name}: the program of task ${word} ran before it was added.`)
  return { accepted, started }
}

function cpuOf({ server }: Peer, { pids }: Workers): { readonly worker: number; readonly server: number } {
  return {
    worker: pids.reduce((sum, pid) => sum + exactCpuSecondsOfTree(pid), 0),
    server: server === undefined ? 0 : exactCpuSecondsOfTree(server),
  }
}

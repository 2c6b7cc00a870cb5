/**
 * One peer's run of one round: its queue is filled, then its workers are started, and the time ends when the queue itself says that
 * nothing is unfinished.
 *
 * It is asked seldom at first and often towards the end, so that asking costs next to nothing and the end is seen within
 * a few milliseconds. All peers are asked alike.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Keeper } from '../../test/helpers/keeper.ts'
import type { Peer } from './peer.ts'
import { cpuSecondsOfTree } from './process-tree.ts'
import { startWorkers, type Workers } from './worker.ts'

export interface Load {
  readonly tasks: number
  readonly concurrency: number
  readonly processes: number
}

export interface Run {
  /** From the first task's being handed over until the last one is accepted. */
  readonly enqueueSeconds: number
  /** From the start of the workers until the last end is booked. */
  readonly workSeconds: number
  /** Of the workers, what they started, and the server, from start to end. */
  readonly cpuSeconds: number
}

const SHORTEST_WAIT_MS = 2
const LONGEST_WAIT_MS = 200
const PATIENCE_MS = 60_000

/** @throws an Error with the workers' last words when a program failed or nothing gets on */
export async function timedRun(keeper: Keeper, peer: Peer, { tasks, concurrency, processes }: Load): Promise<Run> {
  await peer.client.ask('reset')
  const [enqueueMs = 0] = await peer.client.numbers(`enqueue ${tasks}`)
  const serverBefore = serverSeconds(peer)
  const startedAt = performance.now()
  const workers = startWorkers(keeper, peer.workers(concurrency, processes))
  let cpuSeconds = 0
  let endedAt: number
  try {
    endedAt = await lastFinished(peer, workers, tasks, startedAt)
  } finally {
    cpuSeconds = await workers.stop()
  }
  return {
    enqueueSeconds: enqueueMs / 1_000,
    workSeconds: (endedAt - startedAt) / 1_000,
    cpuSeconds: cpuSeconds + serverSeconds(peer) - serverBefore,
  }
}

/** @returns when nothing was unfinished, twice in a row: a broker may hand a task over in two steps */
async function lastFinished(peer: Peer, workers: Workers, tasks: number, startedAt: number): Promise<number> {
  let left = tasks
  let changedAt = startedAt
  for (let endedAt: number | undefined; ; ) {
    const hasEnded = workers.hasEnded()
    const [unfinished = 0, failed = 0] = await peer.client.numbers('remaining')
    const now = performance.now()
    const said = () => `${unfinished} of ${tasks} tasks unfinished, ${failed} failed.\n${workers.lastWords()}`
    if (failed > 0) throw new Error(`${peer.name}: ${said()}`)
    if (unfinished === 0 && endedAt !== undefined) return endedAt
    endedAt = unfinished === 0 ? now : undefined
    if (unfinished < left) changedAt = now
    left = unfinished
    if (left > 0 && (hasEnded || now - changedAt > PATIENCE_MS))
      throw new Error(`${peer.name} ${hasEnded ? 'has left' : 'does not get on'}: ${said()}`)
    await sleep(nextLook(tasks - left, left, now - startedAt))
  }
}

/** Half of what the rest should take. */
function nextLook(done: number, left: number, elapsedMs: number): number {
  const expectedMs = done === 0 ? 0 : (left * elapsedMs) / done
  return Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, expectedMs / 2))
}

function serverSeconds({ server }: Peer): number {
  return server === undefined ? 0 : cpuSecondsOfTree(server)
}

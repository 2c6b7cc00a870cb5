/**
 * One look at the queues: every fact of a frame, by a few bounded statements.
 *
 * Each reads an index up to a bound or a table that is small by design, so a look costs the same whatever the history is; what
 * was read of the last hour is remembered by the `Pulse`.
 */
import type { Driver } from '../../queue/driver.ts'
import { NONE } from '../../queue/store/bounded.ts'
import { queueDepths } from '../../queue/store/depth.ts'
import { queuePauses } from '../../queue/store/queue-pause.ts'
import { runningClaims, runningTasksById } from '../../queue/store/running-now.ts'
import { EVERY, workersUnder } from '../../queue/store/stop.ts'
import { tallyMinutes } from '../../queue/store/tally-minutes.ts'
import { type TickRow, tickRows } from '../../queue/store/tick-row.ts'
import type { Explanation } from '../why/explanation.ts'
import { type SeenClaim, seenClaims, workerFacts } from './claims.ts'
import {
  type BoardFacts,
  type Detail,
  type HostFacts,
  isSame,
  type RunningFacts,
  type Wanted,
  type WorkerFacts,
} from './facts.ts'
import type { Problem } from './problems.ts'
import { Pulse } from './pulse.ts'
import { lookAtQueue } from './queue-detail.ts'

export interface LookOptions {
  /** This queue alone. */
  readonly queue?: string | undefined
  readonly wanted: Wanted
  readonly memory: BoardMemory
  /** What is wrong elsewhere: with the schedule, say. */
  readonly troubles: (db: Driver, ticks: readonly TickRow[], now: number) => Promise<readonly Problem[]>
  readonly host: (db: Driver) => Promise<HostFacts>
  /** Why a task stands as it does, as "queuectl why" has it. */
  readonly explain: (db: Driver, id: number) => Promise<Explanation>
}

/** What is not read anew at each look. */
export class BoardMemory {
  readonly pulse = new Pulse()
  #detail: { readonly of: Wanted; readonly at: number; readonly detail: Detail } | undefined

  /** What was opened changes slowly, and costs more than all else: it is read every few seconds. */
  async detail(of: Wanted, now: number, read: () => Promise<Detail>): Promise<Detail> {
    const known = this.#detail
    if (known !== undefined && isSame(known.of, of) && now - known.at < DETAIL_KEPT_MS) return known.detail
    const detail = await read()
    this.#detail = { of, at: now, detail }
    return detail
  }
}

const DETAIL_KEPT_MS = 3_000

/** Counting more would cost more than the number is worth. */
const DEPTH_CAP = 10_000
/** More than fit on any screen. */
const MOST_RUNNING = 100

export async function look(db: Driver, options: LookOptions): Promise<BoardFacts> {
  const { queue } = options
  const { pulse } = options.memory
  const { ticks, now } = await tickRows(db)
  pulse.add(await tallyMinutes(db, pulse.since(now)), now)
  const depths = await queueDepths(db, DEPTH_CAP)
  const processes = await workersUnder(db, { job: EVERY, host: EVERY })
  const claims = await runningClaims(db)
  const pauses = await queuePauses(db)
  const host = await options.host(db)
  const workers = processes.map((process) => workerFacts(process, claims, host))
  const named = [...depths, ...workers, ...pauses].flatMap(({ queue }) => queue ?? [])
  const names = [...new Set([...named, ...pulse.queues()])].filter((name) => queue === undefined || name === queue)
  return {
    now,
    queues: names.toSorted().map((name) => ({
      ...{ queue: name, ready: NONE, scheduled: NONE, running: NONE, held: NONE, failed: NONE },
      oldestReadyMs: undefined,
      ...depths.find((depth) => depth.queue === name),
      pace: pulse.pace(name, now),
    })),
    workers: workers.filter((worker) => queue === undefined || worker.queue === queue).toSorted(byPlace),
    running: await runningFacts(db, shown(seenClaims(claims, workers, host), options)),
    pauses: pauses.filter((pause) => queue === undefined || pause.queue === undefined || pause.queue === queue),
    ticks,
    troubles: await options.troubles(db, ticks, now),
    detail: await lookAt(db, options, now),
  }
}

/** Of a queue that is open everything; on the board what has begun, or may have. */
function shown(claims: readonly SeenClaim[], { queue, wanted }: LookOptions): SeenClaim[] {
  const only = wanted.kind === 'queue' ? wanted.queue : queue
  const those =
    only === undefined
      ? claims.filter(({ hasBegun }) => hasBegun !== false)
      : claims.filter((claim) => claim.queue === only)
  return those.slice(0, MOST_RUNNING)
}

/** With what they are; those that have ended meanwhile are left out. */
async function runningFacts(db: Driver, claims: readonly SeenClaim[]): Promise<RunningFacts[]> {
  const tasks = await runningTasksById(
    db,
    claims.map(({ id }) => id),
  )
  return claims.flatMap((claim) => {
    const task = tasks.get(claim.id)
    return task === undefined ? [] : { ...claim, ...task }
  })
}

async function lookAt(db: Driver, options: LookOptions, now: number): Promise<Detail | undefined> {
  const { wanted, memory, explain } = options
  if (wanted.kind === 'board') return undefined
  return memory.detail(wanted, now, async () =>
    wanted.kind === 'queue'
      ? { kind: 'queue', ...(await lookAtQueue(db, wanted.queue, memory.pulse, now)) }
      : { ...wanted, ...(await explain(db, wanted.id)) },
  )
}

function byPlace(a: WorkerFacts, b: WorkerFacts): number {
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return (
    compare(a.queue, b.queue) || (a.shards[0] ?? 0) - (b.shards[0] ?? 0) || compare(a.host, b.host) || a.pid - b.pid
  )
}

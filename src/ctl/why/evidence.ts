/**
 * All that is known about a task that a person asks about: from the database in a few bounded statements, and from this host.
 */
import type { Counted } from '../../amount.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { laneAhead, readyAhead } from '../../queue/store/ahead.ts'
import { type KeyTurn, keyTurn } from '../../queue/store/key-rule.ts'
import { type BegunMove, begunMoves, isHeldForMove, nameOfMove } from '../../queue/store/move-out.ts'
import { type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type QueueWorker, queueWorkers } from '../../queue/store/queue-workers.ts'
import { readTask, type TaskFacts } from '../../queue/store/read-task.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { readTally } from '../../queue/store/tally.ts'
import { type TickRow, tickRows } from '../../queue/store/tick-row.ts'
import { type PlannedPerKey, perKeyOf } from '../key-rule.ts'

export interface Evidence {
  readonly task: TaskFacts
  /** The workers of its queue, and the one that has it. */
  readonly workers: readonly LookedWorker[]
  readonly pauses: readonly QueuePause[]
  /** The move to another database that holds it. */
  readonly move: BegunMove | undefined
  /** The first task of its key that is in its way. */
  readonly blocker: TaskFacts | undefined
  /** How many of its key are. */
  readonly inLane: Counted | undefined
  /** Where its key is no lane but takes turns with others. */
  readonly keyInTurn: KeyInTurn | undefined
  /** Who may take it, and how many ready tasks come before it there. */
  readonly turn: Turn | undefined
  readonly ticks: readonly TickRow[]
}

export interface KeyInTurn extends KeyTurn {
  /** So many of its tasks run at once. */
  readonly perKey: number
}

export interface LookedWorker extends QueueWorker {
  /** It was of this host, and its process has ended. */
  readonly isGone: boolean
}

export interface Turn {
  /** The workers that hold its shard; of several totals there may be several. */
  readonly coveredBy: readonly LookedWorker[]
  /** The shard that it falls to. */
  readonly total: number
  readonly shard: number
  readonly ahead: Counted
  /** Tasks that this part of the queue has ended in a minute of late; undefined when that is not known. */
  readonly perMinute: number | undefined
}

/** What this host alone can tell. */
export interface Surroundings {
  readonly host: string
  readonly zone: string
  /** The list of delays for rows that bring none. */
  readonly retry: string
  /** Undefined for runs of a job's command. */
  readonly program: Program | undefined
  /** What the files of the worker that has it tell; undefined when they are not here. */
  readonly attempt: LiveAttempt | undefined
  /** The jobs of the schedule that work its queue; undefined when no schedule is known here. */
  readonly jobs: readonly JobOutlook[] | undefined
}

export type Program =
  | { readonly kind: 'program'; readonly path: string }
  | { readonly kind: 'unstartable'; readonly reason: string }

export type LiveAttempt =
  | { readonly kind: 'waits' }
  | { readonly kind: 'begun'; readonly startedAt: number; readonly bytes: number; readonly hasEnded: boolean }

export interface JobOutlook {
  readonly id: string
  /** Undefined where a function of the schedule says how many. */
  readonly shards: number | undefined
  /** Its workers are started whenever they are missing. */
  readonly isAlways: boolean
  /** When it is due next: UTC milliseconds. */
  readonly next: number | undefined
  /** What keeps it from being started. */
  readonly keptBack: KeptBack | undefined
  readonly last: { readonly slotAt: number; readonly verdict: string; readonly reason: string } | undefined
  /** The hosts that may start it; undefined for any. */
  readonly hosts: readonly string[] | undefined
}

export interface KeptBack {
  readonly how: 'paused' | 'stopped'
  /** `since 2026-11-20 18:04 by root@web-1: disk swap` */
  readonly words: string
  /** Undefined where the schedule itself says so. */
  readonly resume: string | undefined
}

/** Another worker is asked about its shard when this one was not heard from for so long: three beats. */
export const SILENT_MS = 45_000
/** The minutes that a rate is of. */
const RATE_MS = 10 * 60_000
const LEAST_RATE_MS = 5_000

/**
 * @param isGone   whether a process is known to have ended
 * @param planned  what the schedule says about keys
 * @returns undefined when there is no such task
 */
export async function gatherEvidence(
  db: Driver,
  id: number,
  isGone: (process: ProcessIdentity) => boolean,
  planned: PlannedPerKey,
): Promise<Evidence | undefined> {
  const task = await readTask(db, id)
  if (task === undefined) return undefined
  const isWaiting = ['ready', 'scheduled', 'held'].includes(task.state)
  const isAsked = isWaiting || task.state === 'running'
  const workers = isAsked
    ? (await queueWorkers(db, task.queue, task.workerId)).map((worker) => ({ ...worker, isGone: isGone(worker) }))
    : []
  const perKey = isWaiting && task.shardKey !== null ? await perKeyOf(db, task.queue, planned) : undefined
  const blocker = task.behind === null || perKey !== undefined ? undefined : await readTask(db, task.behind.id)
  const isKeyed = blocker !== undefined && task.shardKey !== null
  return {
    task,
    workers,
    blocker,
    move: isHeldForMove(task.heldFor) ? await moveOf(db, task.heldFor) : undefined,
    pauses: isWaiting ? await queuePauses(db) : [],
    inLane: isKeyed ? await laneAhead(db, task.queue, task.shardKey, id) : undefined,
    keyInTurn: await keyInTurnOf(db, task, perKey),
    turn: task.state === 'ready' ? await turnOf(db, task, workers) : undefined,
    ticks: isAsked ? (await tickRows(db)).ticks : [],
  }
}

async function keyInTurnOf(db: Driver, task: TaskFacts, perKey: number | undefined): Promise<KeyInTurn | undefined> {
  if (perKey === undefined || task.shardKey === null) return undefined
  return { perKey, ...(await keyTurn(db, task, task.shardKey)) }
}

async function moveOf(db: Driver, heldFor: string | null): Promise<BegunMove | undefined> {
  return (await begunMoves(db)).find(({ move }) => heldFor?.startsWith(nameOfMove(move)))
}

async function turnOf(db: Driver, task: TaskFacts, workers: readonly LookedWorker[]): Promise<Turn> {
  const { bucket, now } = task
  const able = workers.filter((worker) => isAtWork(worker, now) && !worker.isLeaving)
  const coveredBy = able.filter(({ total, shards }) => shards.includes(bucket % total))
  const first = coveredBy[0]
  const total = first?.total ?? Math.max(1, ...able.map((worker) => worker.total))
  const shard = bucket % total
  const buckets = bucketsOf(total, first?.shards ?? [shard])
  const ahead = await readyAhead(db, task, buckets)
  const covered = new Set(able.flatMap((worker) => bucketsOf(worker.total, worker.shards)))
  const ofQueue = first === undefined || ahead.count === 0 ? undefined : await recentRate(db, task, able)
  const perMinute = ofQueue === undefined ? undefined : (ofQueue * buckets.length) / covered.size
  return { coveredBy, total, shard, ahead, perMinute }
}

/** Attempts of the whole queue that ended in a minute, since the first that did of late. */
async function recentRate(
  db: Driver,
  { queue, now }: TaskFacts,
  workers: readonly LookedWorker[],
): Promise<number | undefined> {
  const rows = await readTally(db, { since: now - RATE_MS, queue })
  const first = rows[0]
  if (first === undefined) return undefined
  // Where all of it is of this minute, that is as long as somebody has been at work.
  const isOneMinute = rows.every(({ at }) => at === first.at)
  const begin = isOneMinute ? Math.max(first.at, Math.min(...workers.map(({ since }) => since))) : first.at
  const minutes = Math.max(LEAST_RATE_MS, now - begin) / 60_000
  return rows.reduce((sum, { attempts }) => sum + attempts, 0) / minutes
}

/** As far as is known it lives. */
export function isAtWork({ isGone, leaseUntil }: LookedWorker, now: number): boolean {
  return !isGone && leaseUntil > now
}

/**
 * `queuectl purge`: deletes what finished long ago, a little at a time.
 *
 * Every batch is a short transaction of its own, so whoever stops it, however rudely, has lost nothing, and the next purge goes
 * on. It works only for a part of the time, and no batch takes long: tasks are claimed and finished in between as if it was not
 * there.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import type { StatusName } from '../../queue/status.ts'
import { databaseNow } from '../../queue/store/clock.ts'
import {
  type Cursor,
  deleteFinished,
  type FinishedIndex,
  type FinishedTask,
  FROM_THE_OLDEST,
  nextFinished,
  tasksOfOpenSlots,
} from '../../queue/store/purge-tasks.ts'
import { PATIENCE_MS } from '../patience.ts'

export const FINISHED = ['done', 'failed', 'cancelled'] as const satisfies readonly StatusName[]
export type FinishedState = (typeof FINISHED)[number]

export interface PurgeRequest {
  /** UTC milliseconds: what finished before. */
  readonly before: number
  readonly states: readonly FinishedState[]
  /** One of these; undefined for any. */
  readonly queues?: readonly string[] | undefined
  readonly tasks?: readonly string[] | undefined
  /** Also what keeps its unique value for good: it may be given again then. */
  readonly freesUnique: boolean
}

export interface PurgePace {
  /** Percent of the time in which it works: 1 to 100. */
  readonly percent: number
  /** No batch is begun when this long has passed. */
  readonly maxMs: number
  /** When it is aborted, the batch that is under way is the last. */
  readonly stop: AbortSignal
  readonly onProgress: (deleted: number) => void
}

export interface Purged {
  readonly deleted: Readonly<Record<FinishedState, number>>
  readonly attempts: number
  /** They keep their unique value. */
  readonly keptUnique: number
  /** A tick has still to read how they ended. */
  readonly keptOpen: number
  readonly ended: 'all' | 'time' | 'stopped'
}

/** What a transaction costs by itself is shared by no fewer. */
const SMALLEST_BATCH = 100
const LARGEST_BATCH = 1_000

/** The database's clock decides what is old. @returns UTC milliseconds */
export async function purgeBefore(db: Driver, olderThanMs: number): Promise<number> {
  return (await databaseNow(db)) - olderThanMs
}

export async function purgeTasks(db: Driver, request: PurgeRequest, pace: PurgePace): Promise<Purged> {
  const startedAt = performance.now()
  const counts = { deleted: { done: 0, failed: 0, cancelled: 0 }, attempts: 0, keptUnique: 0, keptOpen: 0 }
  const judge = judgeOf(request, await tasksOfOpenSlots(db))
  let total = 0
  let size = SMALLEST_BATCH
  for (const index of indexesOf(db, request)) {
    for (let cursor: Cursor | undefined = FROM_THE_OLDEST; cursor !== undefined; ) {
      if (pace.stop.aborted) return { ...counts, ended: 'stopped' }
      const readAt = performance.now()
      if (readAt - startedAt >= pace.maxMs) return { ...counts, ended: 'time' }
      const past: Cursor = cursor
      const found: FinishedTask[] = await again(db.dialect, { forMs: PATIENCE_MS }, () =>
        nextFinished(db, index, request.before, past, size),
      )
      const readMs = performance.now() - readAt
      cursor = found.length < size ? undefined : found.at(-1)
      const verdicts = Map.groupBy(found, judge)
      const gone = await remove(db, verdicts.get('goes') ?? [], request.before)
      for (const state of gone.states) counts.deleted[state]++
      counts.attempts += gone.attempts
      counts.keptUnique += verdicts.get('unique')?.length ?? 0
      counts.keptOpen += verdicts.get('open')?.length ?? 0
      total += gone.states.length
      pace.onProgress(total)
      const tookMs = readMs + gone.tookMs
      size = nextSize(size, tookMs, db.dialect.batchMs)
      await rest(restAfter(tookMs, pace.percent, db.dialect.restMs), pace.stop)
    }
  }
  return { ...counts, ended: 'all' }
}

export interface PurgePreview {
  /** How many would be deleted, as far as was looked. */
  readonly found: Readonly<Record<FinishedState, number>>
  /** All were looked at; otherwise there may be more. */
  readonly isAll: boolean
  /** UTC milliseconds; undefined when none was found. */
  readonly oldest: number | undefined
  readonly newest: number | undefined
}

export const MOST_PREVIEWED = 100_000
const PREVIEW_MS = 100
const PREVIEW_WINDOW = 1_000

/** What would be deleted: counted up to a bound, and for a moment. */
export async function previewPurge(db: Driver, request: PurgeRequest): Promise<PurgePreview> {
  const endsAt = performance.now() + PREVIEW_MS
  const found = { done: 0, failed: 0, cancelled: 0 }
  const times: number[] = []
  const judge = judgeOf(request, await tasksOfOpenSlots(db))
  const preview = (isAll: boolean): PurgePreview => ({
    ...{ found, isAll },
    oldest: times.length === 0 ? undefined : Math.min(...times),
    newest: times.length === 0 ? undefined : Math.max(...times),
  })
  for (const index of indexesOf(db, request)) {
    for (let cursor: Cursor | undefined = FROM_THE_OLDEST; cursor !== undefined; ) {
      const page: FinishedTask[] = await nextFinished(db, index, request.before, cursor, PREVIEW_WINDOW)
      cursor = page.length < PREVIEW_WINDOW ? undefined : page.at(-1)
      const going = page.filter((task) => judge(task) === 'goes')
      for (const { state } of going) found[state as FinishedState]++
      times.push(...[going.at(0), going.at(-1)].flatMap((task) => task?.finishedAt ?? []))
      if (sumOf(found) >= MOST_PREVIEWED || performance.now() > endsAt) return preview(false)
    }
  }
  return preview(true)
}

export function sumOf(counts: Readonly<Record<FinishedState, number>>): number {
  return FINISHED.reduce((sum, state) => sum + counts[state], 0)
}

/** Of each index that has some of the states, the states that are asked for. */
function indexesOf({ dialect }: Driver, { states }: PurgeRequest): FinishedIndex[] {
  return dialect.finishedIndexes.filter((index) => index.states.some((state) => isAsked(states, state)))
}

type Verdict = 'goes' | 'unique' | 'open' | 'other'

function judgeOf({ states, queues, tasks, freesUnique }: PurgeRequest, open: ReadonlySet<number>) {
  return (it: FinishedTask): Verdict => {
    const isAskedFor =
      isAsked(states, it.state) && (queues?.includes(it.queue) ?? true) && (tasks?.includes(it.task) ?? true)
    if (!isAskedFor) return 'other'
    if (open.has(it.id)) return 'open'
    return it.keepsUnique && !freesUnique ? 'unique' : 'goes'
  }
}

function isAsked(states: readonly FinishedState[], state: string): boolean {
  return (states as readonly string[]).includes(state)
}

async function remove(db: Driver, tasks: readonly FinishedTask[], before: number) {
  if (tasks.length === 0) return { states: [], attempts: 0, tookMs: 0 }
  const states = new Map(tasks.map(({ id, state }) => [id, state as FinishedState]))
  const { ids, attempts, tookMs } = await deleteFinished(db, [...states.keys()], before, PATIENCE_MS)
  return { states: ids.flatMap((id) => states.get(id) ?? []), attempts, tookMs }
}

/** As many as would have taken the time that a batch may take; at most twice as many at once, for one batch may be lucky. */
function nextSize(size: number, tookMs: number, batchMs: number): number {
  const fitting = Math.round((size * batchMs) / Math.max(tookMs, 0.1))
  return Math.max(SMALLEST_BATCH, Math.min(fitting, size * 2, LARGEST_BATCH))
}

/** At full pace it does not rest at all: who asks for that has nobody beside it. */
function restAfter(tookMs: number, percent: number, leastMs: number): number {
  return percent === 100 ? 0 : Math.max(leastMs, (tookMs * (100 - percent)) / percent)
}

async function rest(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => {})
}

/**
 * How many tasks wait, run, are held and have failed, queue by queue.
 *
 * Nothing is counted to its end: what is up to the cap is exact, read from an index alone. Beyond it, tasks that are ready are
 * estimated from a few whole buckets, over which they spread evenly; of other states it is known that there are more.
 */
import { BUCKETS } from '../bucket.ts'
import type { Driver } from '../driver.ts'
import { STATUS } from '../status.ts'
import { type Bounded, estimate, NONE, upTo } from './bounded.ts'
import { oldestReady } from './oldest.ts'
import { runningByTask } from './running-count.ts'
import { limited } from './sql.ts'

export interface QueueDepth {
  readonly queue: string
  readonly ready: Bounded
  readonly scheduled: Bounded
  readonly running: Bounded
  readonly held: Bounded
  readonly failed: Bounded
  /** How long the oldest of those next in turn has waited; undefined when nothing is ready. */
  readonly oldestReadyMs: number | undefined
  /** Scheduled tasks whose time has come, and which nobody has made ready yet; counted up to a thousand. */
  readonly dueScheduled: number
}

export function nothingOf(queue: string): QueueDepth {
  const states = { ready: NONE, scheduled: NONE, running: NONE, held: NONE, failed: NONE }
  return { queue, ...states, oldestReadyMs: undefined, dueScheduled: 0 }
}

const DEPTH_CAP = 100_000
/** All that is counted beyond this many of a queue and state must not be more than so much together. */
const FEW = 5_000
const ALL_BEYOND = 300_000

/** Counted queue by queue, each in an index that knows the queue. */
const STATES = ['ready', 'scheduled', 'held', 'failed'] as const

type DepthState = (typeof STATES)[number]

const COUNTS_AT_ONCE = 100
const SAMPLED_BUCKETS = 3
const DUE_CAP = 1_000

/**
 * The queues that have tasks in one of these states, by name.
 *
 * @param cap  so many of each are counted; fewer where very many queues have very many tasks
 */
export async function queueDepths(db: Driver, cap = DEPTH_CAP): Promise<QueueDepth[]> {
  const running = new Map<string, Bounded>()
  for (const { queue, count } of await runningByTask(db)) running.set(queue, plus(running.get(queue) ?? NONE, count))
  const counts = await countAll(db, await queueNames(db), cap)
  const due = await dueByQueue(db)
  const names = [...new Set([...counts.keys(), ...running.keys()])].toSorted()
  const depths = await Promise.all(
    names.map(async (queue): Promise<QueueDepth> => {
      const { ready = NONE, scheduled = NONE, held = NONE, failed = NONE } = counts.get(queue) ?? {}
      return {
        queue,
        ready: ready.isExact ? ready : await estimateReady(db, queue, ready.count),
        running: running.get(queue) ?? NONE,
        ...{ scheduled, held, failed },
        oldestReadyMs: ready.count === 0 ? undefined : await oldestReady(db, queue),
        dueScheduled: due.get(queue) ?? 0,
      }
    }),
  )
  return depths.filter((depth) => STATES.some((state) => depth[state].count > 0) || depth.running.count > 0)
}

/**
 * From one name to the next by the indexes; MariaDB does not always skip from one to the next where it could, so it is not left
 * to a GROUP BY.
 */
async function queueNames(db: Driver): Promise<string[]> {
  const { useIndex, stateIndex } = db.dialect
  const branches = STATES.map(
    (state) => `SELECT MIN(queue) AS name FROM queue ${useIndex(stateIndex(state).index)}
      WHERE status = ${STATUS[state]} AND queue > ?`,
  )
  const names: string[] = []
  for (;;) {
    const last = names.at(-1) ?? ''
    const [row] = await db.all<{ name: string | null }>(
      `SELECT MIN(name) AS name FROM (${branches.join(' UNION ALL ')}) AS next`,
      branches.map(() => last),
    )
    if (row === undefined || row.name === null) return names
    names.push(row.name)
  }
}

type Counts = Partial<Record<DepthState, Bounded>>

interface Part {
  readonly queue: string
  readonly state: DepthState
}

async function countAll(db: Driver, queues: readonly string[], cap: number): Promise<Map<string, Counts>> {
  const found = new Map<string, Counts>()
  const note = (counted: readonly (Part & { count: Bounded })[]) => {
    for (const { queue, state, count } of counted) found.set(queue, { ...found.get(queue), [state]: count })
  }
  const parts = queues.flatMap((queue) => STATES.map((state) => ({ queue, state })))
  const counted = await countParts(db, parts, Math.min(cap, FEW))
  note(counted)
  const large = counted.filter(({ count }) => !count.isExact)
  const share = Math.min(cap, Math.floor(ALL_BEYOND / Math.max(1, large.length)))
  if (share > FEW) note(await countParts(db, large, share))
  return found
}

async function countParts(db: Driver, parts: readonly Part[], cap: number) {
  const { useIndex, stateIndex } = db.dialect
  const counted: (Part & { readonly count: Bounded })[] = []
  for (let start = 0; start < parts.length; start += COUNTS_AT_ONCE) {
    const batch = parts.slice(start, start + COUNTS_AT_ONCE)
    const branches = batch.map(
      ({ state }, i) => `SELECT ${i} AS part, (SELECT COUNT(*) FROM (
        SELECT 1 AS one FROM queue ${useIndex(stateIndex(state).index)}
         WHERE queue = ? AND status = ${STATUS[state]} LIMIT ${limited(cap + 1)}) AS capped) AS counted`,
    )
    const rows = await db.all<{ part: number; counted: number }>(
      branches.join(' UNION ALL '),
      batch.map(({ queue }) => queue),
    )
    for (const row of rows)
      counted.push({ ...(batch[Number(row.part)] as Part), count: upTo(cap, Number(row.counted)) })
  }
  return counted
}

/** Where even a few buckets are too much to be counted, it is known that there are more. */
async function estimateReady(db: Driver, queue: string, cap: number): Promise<Bounded> {
  const { useIndex, stateIndex } = db.dialect
  const branches = randomBuckets(SAMPLED_BUCKETS).map(
    (bucket) => `SELECT (SELECT COUNT(*) FROM (
      SELECT 1 AS one FROM queue ${useIndex(stateIndex('ready').index)}
       WHERE queue = ? AND status = 0 AND bucket = ${bucket} LIMIT ${limited(cap + 1)}) AS capped) AS counted`,
  )
  const rows = await db.all<{ counted: number }>(branches.join(' UNION ALL '), new Array(SAMPLED_BUCKETS).fill(queue))
  const found = rows.map(({ counted }) => upTo(cap, Number(counted)))
  const sampled = found.reduce((sum, { count }) => sum + count, 0)
  const guess = estimate(Math.max(cap, (sampled * BUCKETS) / SAMPLED_BUCKETS))
  return { ...guess, isLeast: found.some(({ isLeast }) => isLeast) }
}

export function randomBuckets(count: number): number[] {
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => ({ bucket, order: Math.random() }))
  return buckets
    .toSorted((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ bucket }) => bucket)
}

async function dueByQueue(db: Driver): Promise<Map<string, number>> {
  const rows = await db.all<{ queue: string; counted: number }>(
    `SELECT queue, COUNT(*) AS counted FROM (
       SELECT queue FROM queue ${db.dialect.useIndex('queue_due')}
        WHERE is_scheduled = 1 AND run_at <= ${db.dialect.now} LIMIT ${limited(DUE_CAP)}) AS due
      GROUP BY queue`,
  )
  return new Map(rows.map(({ queue, counted }) => [queue, Number(counted)]))
}

function plus(a: Bounded, b: Bounded): Bounded {
  const isExact = a.isExact && b.isExact
  return { count: a.count + b.count, isExact, isLeast: !isExact }
}

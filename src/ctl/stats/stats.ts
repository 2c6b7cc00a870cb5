/**
 * `queuectl stats`: what waits now, what ended since, and how long that took, by queue and task.
 *
 * What waits is counted up to a bound; what ended is in the tally. So it costs the same whatever the history is.
 */
import type { Driver } from '../../queue/driver.ts'
import { percentile } from '../../queue/duration-class.ts'
import { type Bounded, NONE } from '../../queue/store/bounded.ts'
import { databaseNow } from '../../queue/store/clock.ts'
import { nothingOf, type QueueDepth, queueDepths } from '../../queue/store/depth.ts'
import { isOfQueue, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type RunningCount, runningByTask } from '../../queue/store/running-count.ts'
import { sumTally, type TallyEnding, type TallySum, tallySince } from '../../queue/store/tally.ts'
import { taskDepths } from '../../queue/store/task-depth.ts'

export interface StatsRequest {
  /** UTC milliseconds. */
  readonly since: number
  readonly queue?: string | undefined
  readonly task?: string | undefined
}

export interface Stats {
  /** What ended is of this span: UTC milliseconds by the database's clock. It begins with a whole minute, or hour. */
  readonly from: number
  readonly to: number
  /** By name. */
  readonly queues: readonly QueueStats[]
  /** Those in force that concern what is told of. */
  readonly pauses: readonly QueuePause[]
  /** The names of queues that have something in them. */
  readonly known: readonly string[]
}

export interface QueueStats extends Ended, Omit<QueueDepth, 'ready' | 'running'> {
  readonly ready: Bounded
  readonly running: Bounded
  /** By name. */
  readonly tasks: readonly TaskStats[]
}

export interface TaskStats extends Ended {
  readonly task: string
  readonly ready: Bounded
  readonly running: Bounded
}

/** What ended in the span. */
export interface Ended {
  readonly attempts: Readonly<Record<TallyEnding, number>>
  readonly donePerMinute: number
  /** Milliseconds; undefined when nothing ran. */
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
  readonly ranMs: number
  readonly cpuMs: number
  readonly outputBytes: number
}

/** So many queues are looked at thoroughly; of more, each a little less. */
const MUCH_FOR = 4

export async function readStats(db: Driver, { since, queue, task }: StatsRequest): Promise<Stats> {
  const to = await databaseNow(db)
  const from = tallySince(Math.min(since, to), to)
  // Side by side where the database is a server: a person waits for it.
  const [ended, all, running, pauses] = await Promise.all([
    sumTally(db, { since: from, queue, task }),
    queueDepths(db),
    runningByTask(db),
    queuePauses(db),
  ])
  const depths = all.filter((depth) => queue === undefined || depth.queue === queue)
  const effort = Math.min(1, MUCH_FOR / Math.max(1, depths.length))
  const waiting = new Map(
    await Promise.all(
      depths.map(async (depth) => [depth.queue, await taskDepths(db, depth.queue, depth.ready, effort)] as const),
    ),
  )
  const names = [...new Set([...depths.map((depth) => depth.queue), ...ended.map((sum) => sum.queue)])].toSorted()
  const minutes = Math.max(1, (to - from) / 60_000)
  const queues = names.map((name) => {
    const depth = depths.find((one) => one.queue === name) ?? nothingOf(name)
    const ofQueue = {
      ended: ended.filter((sum) => sum.queue === name),
      running: running.filter((one) => one.queue === name),
      ready: waiting.get(name) ?? new Map<string, Bounded>(),
    }
    const tasks = tasksOf(ofQueue, task, minutes)
    return { ...(task === undefined ? depth : ofOneTask(depth, tasks)), ...sumUp(ofQueue.ended, minutes), tasks }
  })
  const isWanted = (one: QueueStats) => task === undefined || one.tasks.length > 0
  const concerned = (pause: QueuePause) =>
    (queue === undefined || isOfQueue(pause, queue)) &&
    (task === undefined || pause.task === undefined || pause.task === task)
  return {
    ...{ from, to, queues: queues.filter(isWanted) },
    pauses: pauses.filter(concerned),
    known: all.map((depth) => depth.queue),
  }
}

interface OfQueue {
  readonly ended: readonly TallySum[]
  readonly running: readonly RunningCount[]
  readonly ready: ReadonlyMap<string, Bounded>
}

function tasksOf({ ended, running, ready }: OfQueue, only: string | undefined, minutes: number): TaskStats[] {
  const byTask = Map.groupBy(ended, (sum) => sum.task)
  const names = new Set([...byTask.keys(), ...running.map((one) => one.task), ...ready.keys()])
  return [...names]
    .filter((task) => only === undefined || task === only)
    .toSorted()
    .map((task) => ({
      task,
      ready: ready.get(task) ?? NONE,
      running: running.find((one) => one.task === task)?.count ?? NONE,
      ...sumUp(byTask.get(task) ?? [], minutes),
    }))
}

function sumUp(sums: readonly TallySum[], minutes: number): Ended {
  const attempts = { done: 0, retried: 0, failed: 0, cancelled: 0, held: 0 }
  const durations = new Map<number, number>()
  let [ranMs, cpuMs, outputBytes] = [0, 0, 0]
  for (const sum of sums) {
    attempts[sum.ending] += sum.attempts
    durations.set(sum.durationClass, (durations.get(sum.durationClass) ?? 0) + sum.attempts)
    ranMs += sum.ranMs
    cpuMs += sum.cpuMs
    outputBytes += sum.outputBytes
  }
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(durations, share))
  return { attempts, donePerMinute: attempts.done / minutes, ...{ p50, p95, p99, ranMs, cpuMs, outputBytes } }
}

/** What is scheduled, held and failed is not known by task. */
function ofOneTask({ queue }: QueueDepth, [only]: readonly TaskStats[]): QueueDepth {
  return { ...nothingOf(queue), ready: only?.ready ?? NONE, running: only?.running ?? NONE }
}

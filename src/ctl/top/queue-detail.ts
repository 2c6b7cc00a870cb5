/** What the board shows of one queue besides: its task programs, and the tasks that failed last. */

import type { Driver } from '../../queue/driver.ts'
import { percentile } from '../../queue/duration-class.ts'
import { type FailedTask, failedTasks } from '../../queue/store/failed-tasks.ts'
import { selectTasks } from '../../queue/store/select.ts'
import { sumTally, tallySince } from '../../queue/store/tally.ts'
import { HOUR_MS } from '../../time/units.ts'
import type { Pace, Pulse } from './pulse.ts'

export interface QueueDetail {
  readonly queue: string
  /** Of which an attempt ended within the last hour. */
  readonly programs: readonly ProgramFacts[]
  /** The newest ones, as far as they were found at once. */
  readonly failures: readonly FailedTask[]
}

export interface ProgramFacts {
  readonly task: string
  readonly pace: Pace
  /** How long half of its attempts, and nearly all, took within the last hour; undefined when none ran. */
  readonly medianMs: number | undefined
  readonly slowMs: number | undefined
}

const SLOW_SHARE = 0.95
const MOST_FAILURES = 20
const FAILURES_BUDGET_MS = 10

export async function lookAtQueue(db: Driver, queue: string, pulse: Pulse, now: number): Promise<QueueDetail> {
  const since = tallySince(now - HOUR_MS, now)
  const sums = Map.groupBy(await sumTally(db, { since, queue }), ({ task }) => task)
  const programs = [...pulse.paceOfTasks(queue, now)].map(([task, pace]) => {
    const durations = new Map<number, number>()
    for (const { durationClass, attempts } of sums.get(task) ?? []) {
      durations.set(durationClass, (durations.get(durationClass) ?? 0) + attempts)
    }
    return { task, pace, medianMs: percentile(durations, 0.5), slowMs: percentile(durations, SLOW_SHARE) }
  })
  const { ids } = await selectTasks(
    db,
    { queues: [queue], states: ['failed'] },
    { order: 'newest', limit: MOST_FAILURES, budgetMs: FAILURES_BUDGET_MS },
  )
  return {
    queue,
    programs: programs.toSorted((a, b) => busyness(b) - busyness(a) || (a.task < b.task ? -1 : 1)),
    failures: await failedTasks(db, ids),
  }
}

/** Since the beginning of what is remembered, so that the order does not change every second. */
function busyness({ pace }: ProgramFacts): number {
  return pace.ended.reduce((sum, count) => sum + count, 0)
}

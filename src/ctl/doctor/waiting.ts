/** Ready tasks that nobody works: no worker of their queue lives, and no job of the schedule starts one. */

import { amount } from '../../amount.ts'
import { type Finding, problem } from '../../doctor/finding.ts'
import { isExecQueue } from '../../queue/exec-queue.ts'
import type { QueueDepth } from '../../queue/store/depth.ts'
import { pauseOfQueue, type QueuePause } from '../../queue/store/queue-pause.ts'
import { roughly } from '../../time/time-text.ts'

/** The queues that jobs of the schedule work; undefined where no tick has left a plan on this host. */
export type PlannedQueues = ReadonlySet<string> | undefined

/** Ticks come every minute, and a person may be about to start a worker. */
const WAITED_MS = 300_000

export function waitingFindings(
  depths: readonly QueueDepth[],
  worked: ReadonlySet<string>,
  planned: PlannedQueues,
  pauses: readonly QueuePause[],
): Finding[] {
  return depths.flatMap(({ queue, ready, oldestReadyMs = 0 }) => {
    const isNobodys = ready.count > 0 && !worked.has(queue) && planned?.has(queue) !== true
    if (!isNobodys || oldestReadyMs < WAITED_MS || pauseOfQueue(pauses, queue) !== undefined) return []
    const many = `${ready.isExact ? '' : 'about '}${amount(ready.count, 'ready task')}`
    const job = isExecQueue(queue) ? `the job "${queue.slice('exec:'.length)}"` : 'a job that works this queue'
    const schedule =
      planned === undefined
        ? 'and this host knows of no schedule that has one'
        : 'and no job of the schedule starts one'
    const otherwise = isExecQueue(queue) ? '' : `, or run "do-queue --queue ${queue}"`
    return [
      problem(
        'queues',
        `Queue ${queue} has ${many}, waiting for up to ${roughly(oldestReadyMs)}: no worker of it lives, ${schedule}. Put ${job} into the schedule${otherwise}.`,
      ),
    ]
  })
}

/**
 * `queuectl resume`: what was paused may be started again, and what was set aside for it waits for a worker again.
 *
 * The pause is lifted first: whoever sweeps lets go what is set aside from then on, so it is done also where this command is
 * killed in the middle.
 */

import { amount } from '../../amount.ts'
import type { Driver } from '../../queue/driver.ts'
import { pausedSubject } from '../../queue/pause-words.ts'
import {
  type QueuePause,
  type QueuePauseKey,
  queuePauseRows,
  queuePauses,
  removeQueuePauses,
} from '../../queue/store/queue-pause.ts'
import { countHeld, LettingGo } from '../../queue/store/set-aside.ts'
import { PATIENCE_MS } from '../patience.ts'
import { readableLine } from '../readable.ts'
import { pausedLines, sinceByAndWhy } from './pause-queue.ts'

/** What is to be resumed; neither a queue nor a task program: all that is paused. */
export type Resumed = QueuePauseKey

export interface ResumeResult {
  readonly lifted: readonly QueuePause[]
  /** Tasks that had been set aside, and wait again. */
  readonly released: number
  /** What is still paused, the oldest first. */
  readonly remaining: readonly QueuePause[]
}

/** Counted to say how far it is. */
const MOST_COUNTED = 200_000
const LONGEST_LINE = 1_000

/** @param onProgress  held tasks that were looked at, and how many there are, when that is known */
export async function resumeQueue(
  db: Driver,
  wanted: Resumed,
  onProgress: (done: number, total: number | undefined) => void,
): Promise<ResumeResult> {
  const lifted = (await queuePauses(db)).filter((pause) => isMeant(pause, wanted))
  await removeQueuePauses(db, lifted, PATIENCE_MS)
  const isOfQueueAlone = wanted.queue !== undefined && wanted.task === undefined
  const released = isOfQueueAlone ? 0 : await release(db, onProgress)
  return { lifted, released, remaining: await queuePauses(db) }
}

export function resumeLines(wanted: Resumed, { lifted, released, remaining }: ResumeResult, zone: string): string[] {
  const done =
    lifted.length === 0
      ? [`There is no pause${isAll(wanted) ? '' : ` of ${subjectOf(wanted)}`}.`]
      : lifted.map(
          (pause) => `The pause of ${pausedSubject(pause)} is lifted; it was paused ${sinceByAndWhy(pause, zone)}.`,
        )
  const tasks = amount(released, 'task that was set aside waits', 'tasks that were set aside wait')
  return [
    ...done.map((line) => readableLine(line, LONGEST_LINE)),
    ...(released === 0 ? [] : [`${tasks} again.`]),
    ...pausedLines(remaining, 'is still', zone),
  ]
}

/** A program that is named alone is resumed wherever it is paused. */
function isMeant(pause: QueuePause, wanted: Resumed): boolean {
  if (isAll(wanted)) return true
  return pause.task === wanted.task && (wanted.queue === undefined || pause.queue === wanted.queue)
}

function isAll({ queue, task }: Resumed): boolean {
  return queue === undefined && task === undefined
}

function subjectOf(wanted: Resumed): string {
  return wanted.queue === undefined ? `task program ${wanted.task}` : pausedSubject(wanted)
}

async function release(db: Driver, onProgress: (done: number, total: number | undefined) => void): Promise<number> {
  const rows = await queuePauseRows(db)
  const held = await countHeld(db, MOST_COUNTED)
  const total = held === MOST_COUNTED ? undefined : held
  const lettingGo = new LettingGo(db, PATIENCE_MS, true)
  let released = 0
  for (let changed = await lettingGo.step(rows); changed !== undefined; changed = await lettingGo.step(rows)) {
    released += changed
    onProgress(lettingGo.seen, total)
  }
  return released
}

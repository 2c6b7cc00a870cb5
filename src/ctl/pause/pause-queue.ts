/**
 * `queuectl pause`: nothing of a queue or of a task program is started for a while, and what runs goes on.
 */

import { amount } from '../../amount.ts'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { execQueue, isExecQueue } from '../../queue/exec-queue.ts'
import { checkQueueName } from '../../queue/new-task.ts'
import { pausedSubject, queueResumeCommand, sinceAndBy } from '../../queue/pause-words.ts'
import { queueDepths } from '../../queue/store/depth.ts'
import {
  addQueuePause,
  isOfQueue,
  type QueuePause,
  type QueuePaused,
  type QueuePauseKey,
  queuePauses,
} from '../../queue/store/queue-pause.ts'
import { countPrograms, EVERY, type PauseValue, workersUnder } from '../../queue/store/stop.ts'
import { PATIENCE_MS } from '../patience.ts'
import { readableLine } from '../readable.ts'

export interface PauseResult extends QueuePaused {
  /** Programs that run in its queues, whichever they are. */
  readonly programs: number
  /** It is a queue that no task is in but finished ones. */
  readonly isEmpty: boolean
  /** All that is paused now, the oldest first. */
  readonly all: readonly QueuePause[]
}

const LONGEST_LINE = 1_000
const LONGEST_NAME = 128

/** @throws Complaint (usage) when nothing that can be paused is named */
export function requirePausable(key: QueuePauseKey, verb: 'pause' | 'resume'): void {
  const { queue, task } = key
  if (queue !== undefined && isExecQueue(queue)) {
    const job = queue.slice(execQueue('').length)
    throw new Complaint(EXIT.usage, `${queue} has the runs of the job ${job}. "cron-mission ${verb} ${job}" does that.`)
  }
  if (queue !== undefined) checkQueueName(queue)
  if (task !== undefined && !isProgramName(task))
    throw new Complaint(
      EXIT.usage,
      `--task is ${JSON.stringify(readableLine(task, 80))}. Give the name of a task program as the tasks have it, such as send-msg.`,
    )
}

export async function pauseQueue(db: Driver, key: QueuePauseKey, value: PauseValue): Promise<PauseResult> {
  const paused = await addQueuePause(db, key, value, PATIENCE_MS)
  const workers = await workersUnder(db, { job: EVERY, host: EVERY })
  const programs = await countPrograms(
    db,
    workers.filter(({ queue }) => !isExecQueue(queue) && isOfQueue(key, queue)),
  )
  return { ...paused, programs, isEmpty: await isEmptyQueue(db, key), all: await queuePauses(db) }
}

/** One task of each queue and state is all that has to be counted. */
async function isEmptyQueue(db: Driver, { queue, task }: QueuePauseKey): Promise<boolean> {
  if (queue === undefined || task !== undefined) return false
  return (await queueDepths(db, 1)).every((depth) => depth.queue !== queue)
}

/** What was done, and what else is paused. A name that was mistyped is seen by there being nothing in it. */
export function pauseLines({ pause, before, programs, isEmpty, all }: PauseResult, zone: string): string[] {
  const goesOn = pause.task === undefined && programs > 0 ? `What runs goes on: ${amount(programs, 'program')}. ` : ''
  const replaced = before === undefined ? '' : `This takes the place of the pause ${sinceByAndWhy(before, zone)}. `
  const others = all.filter((one) => one.queue !== pause.queue || one.task !== pause.task)
  return [
    readableLine(
      `${pausedSentence(pause, 'is', zone)} ${replaced}${goesOn}"${queueResumeCommand(pause)}" lifts the pause.`,
      LONGEST_LINE,
    ),
    ...(isEmpty ? [`No task waits, runs or has failed in queue ${pause.queue} now: see that its name is right.`] : []),
    ...pausedLines(others, 'is also', zone),
  ]
}

/** A line for each pause: what is paused, since when, by whom, why, and what lifts it. */
export function pausedLines(pauses: readonly QueuePause[], is: string, zone: string): string[] {
  return pauses.map((pause) =>
    readableLine(`${pausedSentence(pause, is, zone)} "${queueResumeCommand(pause)}" lifts that.`, LONGEST_LINE),
  )
}

export function sinceByAndWhy(pause: QueuePause, zone: string): string {
  return `${sinceAndBy(pause, zone)}${pause.reason === undefined ? '' : ` (${pause.reason})`}`
}

function pausedSentence(pause: QueuePause, is: string, zone: string): string {
  const subject = pausedSubject(pause)
  return `${subject.charAt(0).toUpperCase()}${subject.slice(1)} ${is} paused ${sinceByAndWhy(pause, zone)}.`
}

function isProgramName(task: string): boolean {
  return task !== '' && [...task].length <= LONGEST_NAME && task.isWellFormed() && !/\p{Cc}/u.test(task)
}

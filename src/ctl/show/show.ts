/** `queuectl show`: every fact of one task, its attempts so far, and the times of those to come. */

import { join } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { pauseOfTask, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type Ending, type PastAttempt, readTask, type TaskFacts } from '../../queue/store/read-task.ts'
import { LET_GO } from '../../queue/store/set-aside.ts'
import { isoTime } from '../../time/time-text.ts'
import { jsonText } from '../json-lines.ts'
import { type PlannedPerKey, perKeyOf } from '../key-rule.ts'
import { queuePauseFacts } from '../pause/queue-pause-facts.ts'
import { paramMeaning } from './param-meaning.ts'
import { prospectOf, retryInForce } from './prospect.ts'
import { isWaiting, type ShowOptions, taskText } from './show-text.ts'

/**
 * @returns what to print
 * @throws Complaint (bad data) when there is no such task
 */
export async function runShow(
  db: Driver,
  id: number,
  options: ShowOptions & { readonly print: 'text' | 'json'; readonly plannedPerKey: PlannedPerKey },
): Promise<string> {
  const found = await readTask(db, id)
  if (found === undefined) {
    throw new Complaint(EXIT.badData, `There is no task ${id}. Its row was deleted, or it is in another database.`)
  }
  const task = await withoutLane(db, found, options.plannedPerKey)
  const pause = isWaiting(task) ? await pauseFor(db, task) : undefined
  return options.print === 'json' ? jsonText([taskFacts(task, pause, options)]) : taskText(task, pause, options)
}

/** Where keys take turns no task is behind another one of its key. */
async function withoutLane(db: Driver, task: TaskFacts, planned: PlannedPerKey): Promise<TaskFacts> {
  if (task.behind === null || (await perKeyOf(db, task.queue, planned)) === undefined) return task
  return { ...task, behind: null }
}

/** The stable names of `--json`. Times are ISO 8601, UTC. */
function taskFacts(task: TaskFacts, pause: QueuePause | undefined, { retry, logsDirectory }: ShowOptions) {
  const inForce = retryInForce(task, retry)
  const { when, attempts, end } = prospectOf(task, inForce.terms)
  return {
    id: task.id,
    state: task.state,
    cancelling: task.state === 'running' && task.cancelAt !== null,
    queue: task.queue,
    task: task.task,
    param: task.param,
    paramBytes: task.paramBytes,
    paramMeaning: paramMeaning(task.param) ?? null,
    priority: task.priority,
    bucket: task.bucket,
    shardKey: task.shardKey,
    uniqueKey: task.uniqueKey,
    keepUnique: task.keepUnique,
    attempts: task.attempts,
    maxAttempts: inForce.terms.maxAttempts,
    crashes: task.crashes,
    heldFor: task.heldFor,
    retry: inForce.list,
    retryOf: inForce.of,
    timeoutSeconds: task.timeoutSeconds,
    addedAt: isoTime(task.addedAt),
    changedAt: isoTime(task.changedAt),
    runAt: isoTime(task.runAt),
    expiresAt: isoTime(task.expiresAt),
    cancelAt: isoTime(task.cancelAt),
    paused: pause === undefined ? null : queuePauseFacts(pause),
    ...endingFacts(task, logsDirectory),
    workerId: task.workerId,
    worker: task.worker && { ...task.worker, retry: undefined },
    behind: task.behind,
    past: task.past.map((it) => pastFacts(it, logsDirectory)),
    next: { when, attempts: attempts.map(({ attempt, at }) => ({ attempt, at: isoTime(at) })), end },
  }
}

/** A person may have let it go although its program is paused. */
async function pauseFor(db: Driver, { queue, task, heldFor }: TaskFacts): Promise<QueuePause | undefined> {
  const pause = pauseOfTask(await queuePauses(db), queue, task)
  return pause?.task !== undefined && heldFor === LET_GO ? undefined : pause
}

function pastFacts(past: PastAttempt, logsDirectory: string) {
  return { attempt: past.attempt, outcome: past.outcome, ...endingFacts(past, logsDirectory) }
}

function endingFacts({ output, ...ending }: Ending, logsDirectory: string) {
  return {
    startedAt: isoTime(ending.startedAt),
    finishedAt: isoTime(ending.finishedAt),
    exitCode: ending.exitCode,
    exitSignal: ending.exitSignal,
    error: ending.error,
    cpuMs: ending.cpuMs,
    output: output && { path: join(logsDirectory, output.file), offset: output.offset, bytes: output.bytes },
  }
}

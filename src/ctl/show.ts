/** `queuectl show`: every fact of one task, its attempts so far, and the times of those to come. */
import { join } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'
import type { Driver } from '../queue/driver.ts'
import { type Ending, type PastAttempt, readTask, type TaskFacts } from '../queue/store/read-task.ts'
import { prospectOf, retryInForce } from './prospect.ts'
import { type ShowOptions, taskText } from './show-text.ts'

/**
 * @returns what to print
 * @throws Complaint (bad data) when there is no such task
 */
export async function runShow(
  db: Driver,
  id: number,
  options: ShowOptions & { readonly print: 'text' | 'json' },
): Promise<string> {
  const task = await readTask(db, id)
  if (task === undefined) {
    throw new Complaint(EXIT.badData, `There is no task ${id}. Its row was deleted, or it is in another database.`)
  }
  return options.print === 'json' ? `${JSON.stringify(taskFacts(task, options))}\n` : taskText(task, options)
}

/** The stable names of `--json`. Times are ISO 8601, UTC. */
function taskFacts(task: TaskFacts, { retry, logsDirectory }: ShowOptions) {
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
    priority: task.priority,
    bucket: task.bucket,
    shardKey: task.shardKey,
    uniqueKey: task.uniqueKey,
    keepUnique: task.keepUnique,
    attempts: task.attempts,
    maxAttempts: inForce.terms.maxAttempts,
    crashes: task.crashes,
    retry: inForce.list,
    retryOf: inForce.of,
    timeoutSeconds: task.timeoutSeconds,
    addedAt: iso(task.addedAt),
    changedAt: iso(task.changedAt),
    runAt: iso(task.runAt),
    expiresAt: iso(task.expiresAt),
    cancelAt: iso(task.cancelAt),
    ...endingFacts(task, logsDirectory),
    workerId: task.workerId,
    worker: task.worker && { ...task.worker, retry: undefined },
    behind: task.behind,
    past: task.past.map((it) => pastFacts(it, logsDirectory)),
    next: { when, attempts: attempts.map(({ attempt, at }) => ({ attempt, at: iso(at) })), end },
  }
}

function pastFacts(past: PastAttempt, logsDirectory: string) {
  return { attempt: past.attempt, outcome: past.outcome, ...endingFacts(past, logsDirectory) }
}

function endingFacts({ output, ...ending }: Ending, logsDirectory: string) {
  return {
    startedAt: iso(ending.startedAt),
    finishedAt: iso(ending.finishedAt),
    exitCode: ending.exitCode,
    exitSignal: ending.exitSignal,
    error: ending.error,
    cpuMs: ending.cpuMs,
    output: output && { path: join(logsDirectory, output.file), offset: output.offset, bytes: output.bytes },
  }
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

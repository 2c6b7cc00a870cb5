/**
 * What a task program finds in its environment.
 *
 * The worker's own environment, without the dispatcher's settings (its database URL holds a password), taken once when
 * the worker starts, with the job that it was started for; and per task the variables of the contract.
 */

import { quote } from '../host/quote.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'

/** The dispatcher's settings, and what was said of another task. */
const OURS = /^(QUEUE_|TASK_)/
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * For the runner, which hands it on to every program. Names that no shell can carry are left out.
 *
 * @param job  the job of the schedule that the worker was started for
 */
export function programEnvironment(own: NodeJS.ProcessEnv, job: string | null): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && IDENTIFIER.test(name) && !OURS.test(name)) kept[name] = value
  }
  if (job === null) return kept
  const { JOB_SLOT: _ofAnother, ...rest } = kept
  return { ...rest, JOB_ID: job }
}

/** The slot that a job's command runs for, as one more assignment: its row's parameter says so. */
export function slotAssignment({ param }: Pick<ClaimedTask, 'param'>): string {
  return `JOB_SLOT=${quote(param)}`
}

/** All that a program knows of its tasks before it is told of one. */
export function queueAssignment(queue: string): string {
  return `TASK_QUEUE=${quote(queue)}`
}

/**
 * The contract's variables as shell assignments, but for TASK_ID and TASK_KEY, which the runner makes of the id: what stands here
 * is the same for many tasks.
 */
export function taskAssignments(task: Described, maxAttempts: number): string {
  const expires = task.expiresAt === null ? '' : new Date(task.expiresAt).toISOString()
  return [
    `TASK_NAME=${quote(task.task)}`,
    queueAssignment(task.queue),
    `TASK_ATTEMPT=${task.attempt}`,
    `TASK_MAX_ATTEMPTS=${maxAttempts}`,
    `TASK_EXPIRES_AT=${quote(expires)}`,
  ].join(' ')
}

type Described = Pick<ClaimedTask, 'task' | 'queue' | 'attempt' | 'expiresAt'>

/** Remembers the assignments of the last task. */
export class TaskVariables {
  #task: Described | undefined
  #maxAttempts = 0
  #text = ''

  of(task: Described, maxAttempts: number): string {
    const last = this.#task
    const isAsLast =
      last?.task === task.task &&
      last.queue === task.queue &&
      last.attempt === task.attempt &&
      last.expiresAt === task.expiresAt &&
      this.#maxAttempts === maxAttempts
    if (!isAsLast) this.#text = taskAssignments(task, maxAttempts)
    this.#task = task
    this.#maxAttempts = maxAttempts
    return this.#text
  }
}

/**
 * What a task program finds in its environment.
 *
 * The worker's own environment, without the dispatcher's settings (its database URL holds a password), taken once when
 * the worker starts; and per task the variables of the contract.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { quote } from './quote.ts'

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

/** For the runner, which hands it on to every program. Names that no shell can carry are left out. */
export function programEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && IDENTIFIER.test(name) && !name.startsWith('QUEUE_') && !name.startsWith('TASK_'))
      kept[name] = value
  }
  return kept
}

/**
 * The contract's variables as shell assignments.
 *
 * @param installation  what makes TASK_KEY differ from that of another database with the same ids
 */
export function taskAssignments(task: ClaimedTask, installation: string, maxAttempts: number): string {
  const expires = task.expiresAt === null ? '' : new Date(task.expiresAt).toISOString()
  return [
    `TASK_ID=${task.id}`,
    `TASK_NAME=${quote(task.task)}`,
    `TASK_QUEUE=${quote(task.queue)}`,
    `TASK_ATTEMPT=${task.attempt}`,
    `TASK_MAX_ATTEMPTS=${maxAttempts}`,
    `TASK_KEY=${quote(`${installation}-${task.id}`)}`,
    `TASK_EXPIRES_AT=${quote(expires)}`,
  ].join(' ')
}

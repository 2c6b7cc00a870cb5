/**
 * From a claimed task and the program that it names to what a runner is told.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { AttemptSettings } from './attempt.ts'
import { slotAssignment, TaskVariables } from './environment.ts'
import { maxAttempts } from './next-state.ts'
import type { StartableProgram } from './program.ts'
import type { Command } from './program-runner.ts'
import { warmRequest } from './warm-answer.ts'

export class Commands {
  readonly #settings: AttemptSettings
  readonly #variables = new TaskVariables()

  constructor(settings: AttemptSettings) {
    this.#settings = settings
  }

  of(task: ClaimedTask, { command: words, warm }: StartableProgram): Command {
    const { command, installation, terms } = this.#settings
    const attempts = maxAttempts(task, terms.retry)
    const assignments = this.#variables.of(task, attempts)
    return {
      id: task.id,
      attempt: task.attempt,
      claimToken: task.claimToken,
      words,
      param: command === undefined ? task.param : undefined,
      assignments: command === undefined ? assignments : `${assignments} ${slotAssignment(task)}`,
      request: warm && warmRequest(task, installation, attempts),
    }
  }
}

/**
 * Several short tasks that a runner was told at once.
 *
 * Nothing may wait behind a program that turns out long: when one was seen running twice in a row, what has not begun is taken
 * back. Which that is, is certain as soon as the runner is recalled and the program that runs is known; otherwise the runner is
 * between two programs, and answers in a moment.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Command } from './program-runner.ts'
import type { Begun, Runner } from './runner.ts'
import type { SlotFiles } from './slot-files.ts'

export interface SeveralEvents {
  /** Its program runs, since then on the clock of `performance.now()`; with `isLast` nothing begins behind it. */
  onRunning(task: ClaimedTask, since: number, isLast: boolean): void
  /** They have not begun, and will not. */
  onReturned(tasks: readonly ClaimedTask[]): void
}

export class Several {
  readonly #tasks: readonly ClaimedTask[]
  readonly #runner: Runner
  readonly #files: SlotFiles
  readonly #events: SeveralEvents
  #seen = 0
  #isRecalled = false
  /** How many are not given back. */
  #kept: number

  constructor(tasks: readonly ClaimedTask[], runner: Runner, files: SlotFiles, events: SeveralEvents) {
    this.#tasks = tasks
    this.#runner = runner
    this.#files = files
    this.#events = events
    this.#kept = tasks.length
  }

  /** @returns those that were begun, in their order */
  async run(commands: readonly Command[]): Promise<readonly { readonly task: ClaimedTask; readonly begun: Begun }[]> {
    try {
      const all = await this.#runner.runAll(commands)
      if (all.length === 0 && !this.#runner.isGone) throw this.#files.journalComplaint()
      this.#keep(all.length)
      return all.map((begun, i) => ({ begun, task: this.#tasks[i] as ClaimedTask }))
    } finally {
      if (this.#isRecalled) this.#files.endRecall()
    }
  }

  /** Now and then: takes back what waits behind a program that ran at the last look already. */
  look(): void {
    if (this.#isRecalled) {
      this.recall()
      return
    }
    const { begun, ended } = this.#runner.progress()
    if (begun === ended) return
    this.#tellRunning(begun, false)
    if (begun === this.#seen) this.recall()
    this.#seen = begun
  }

  /** Takes back what has not begun; when it is not certain what that is, another call is needed. */
  recall(): void {
    if (!this.#isRecalled) this.#isRecalled = this.#files.recall()
    if (!this.#isRecalled || this.#kept < this.#tasks.length) return
    const { begun, ended } = this.#runner.progress()
    if (begun === ended) return
    this.#tellRunning(begun, true)
    this.#keep(begun)
  }

  #tellRunning(begun: number, isLast: boolean): void {
    const task = this.#tasks[begun - 1]
    if (task !== undefined) this.#events.onRunning(task, this.#runner.endOf(begun - 1), isLast)
  }

  #keep(count: number): void {
    const returned = this.#tasks.slice(count, this.#kept)
    this.#kept = Math.min(this.#kept, count)
    if (returned.length > 0) this.#events.onReturned(returned)
  }
}

/**
 * How long the program of a slot may run.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { startTimer, type Timer } from '../time/timer.ts'

export class TimeLimit {
  readonly #defaultMs: number | undefined
  readonly #onOver: (limitMs: number) => void
  #timer: Timer | undefined

  /** @param defaultMs  for rows that bring no limit of their own; undefined for none */
  constructor(defaultMs: number | undefined, onOver: (limitMs: number) => void) {
    this.#defaultMs = defaultMs
    this.#onOver = onOver
  }

  of({ timeoutSeconds }: ClaimedTask): number | undefined {
    return timeoutSeconds === null ? this.#defaultMs : timeoutSeconds * 1_000
  }

  /** @param since  when its program began, on the clock of `performance.now()` */
  begin(task: ClaimedTask, since: number): void {
    const limitMs = this.of(task)
    if (limitMs === undefined) return
    this.#timer = startTimer(limitMs - (performance.now() - since), () => this.#onOver(limitMs))
  }

  end(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}

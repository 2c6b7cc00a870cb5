/**
 * Stopping the program of a slot: the first reason is the one that counts, the shortest period the one that is kept.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { startTimer, type Timer } from '../time/timer.ts'
import type { StopReason } from './outcome.ts'
import { markStop, unmarkStop } from './stop-marks.ts'

export class Stopping {
  readonly #directory: string
  #reason: StopReason | undefined
  #expected: StopReason | undefined
  #killTimer: Timer | undefined
  #killAt = 0
  /** What the directory says of a stop, until the end is booked. */
  #marked: { readonly task: ClaimedTask; readonly kind: StopReason['kind'] } | undefined

  /** @param directory  the worker's own */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Why the program was asked to end, if it was. */
  get reason(): StopReason | undefined {
    return this.#reason
  }

  /** A stop that came while it was not certain which of several programs it is for. */
  get expected(): StopReason | undefined {
    return this.#expected
  }

  /** Another program begins. */
  begin(): void {
    this.#reason = undefined
    this.#expected = undefined
  }

  expect(reason: StopReason): void {
    this.#expected ??= reason
  }

  /** Whoever takes over from us, should we be killed, finds why it was stopped beside the journal. */
  mark(task: ClaimedTask, reason: StopReason): void {
    this.#reason = reason
    this.#marked = { task, kind: reason.kind }
    markStop(this.#directory, task, reason.kind)
  }

  killAfter(graceMs: number, kill: () => void): void {
    const killAt = performance.now() + graceMs
    if (this.#killTimer !== undefined && this.#killAt <= killAt) return
    this.#killTimer?.cancel()
    this.#killAt = killAt
    this.#killTimer = startTimer(graceMs, kill)
  }

  /** The program has ended: nothing is left to be killed. */
  end(): void {
    this.#killTimer?.cancel()
    this.#killTimer = undefined
  }

  /** Its end is booked. */
  unmark(): void {
    if (this.#marked !== undefined) unmarkStop(this.#directory, this.#marked.task, this.#marked.kind)
    this.#marked = undefined
  }
}

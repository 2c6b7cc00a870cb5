/**
 * A worker that leaves: it claims no more; its programs finish, are ended after a while, or are handed over.
 *
 * To hand over is to go before they have ended, as if killed, with what has ended booked and the seat free: their runners see
 * them to their ends, and whoever adopts them books that. Short ones are waited for a moment.
 */
import { startTimer, type Timer } from '../time/timer.ts'

/** How long a worker that leaves offers its last results to a database that does not answer. */
export const LEAVING_PATIENCE_MS = 10_000
const MOMENT_MS = 250
const LOOK_MS = 25
/** What was told ahead is known by then to have begun or not; an adopter finds that out as well. */
const LONGEST_MOMENT_MS = 2_000

export class Leaving {
  #isUnderWay = false
  #isStopping = false
  #handsOverSince: number | undefined
  #endTimer: Timer | undefined
  /** Programs that run on without it. */
  left = 0

  /** It claims no more. */
  get isUnderWay(): boolean {
    return this.#isUnderWay
  }

  get handsOver(): boolean {
    return this.#handsOverSince !== undefined
  }

  /** What it does, in a word; undefined when it stays. */
  get word(): 'handing over' | 'stopping' | 'draining' | undefined {
    if (this.handsOver) return 'handing over'
    if (this.#isStopping) return 'stopping'
    return this.#isUnderWay ? 'draining' : undefined
  }

  /** How often it is to be looked whether it may go. */
  get lookMs(): number {
    return this.handsOver ? LOOK_MS : Number.POSITIVE_INFINITY
  }

  get ending(): 'handed over' | 'drained' | undefined {
    if (this.handsOver) return 'handed over'
    return this.#isUnderWay ? 'drained' : undefined
  }

  /** @returns false when it was leaving already */
  begin(): boolean {
    if (this.#isUnderWay) return false
    this.#isUnderWay = true
    return true
  }

  /** The first word counts. */
  endProgramsAfter(ms: number, end: () => void): void {
    this.#endTimer ??= startTimer(ms, end)
  }

  /** Its programs were asked to end. */
  stop(): void {
    this.#isStopping = true
    this.#endTimer?.cancel()
  }

  handOver(): void {
    this.#handsOverSince ??= performance.now()
    this.#endTimer?.cancel()
  }

  /** @param isSure  it is known of every task that was told to a runner whether it has begun */
  mayLeavePrograms(isSure: boolean): boolean {
    if (this.#handsOverSince === undefined || this.#isStopping) return false
    const ms = performance.now() - this.#handsOverSince
    return ms >= (isSure ? MOMENT_MS : LONGEST_MOMENT_MS)
  }

  end(): void {
    this.#endTimer?.cancel()
  }
}

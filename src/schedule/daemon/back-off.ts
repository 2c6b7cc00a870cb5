/**
 * How long to wait before a job's workers are started again: at once the first time, then longer and longer while they do
 * not stay.
 */

const STEADY_MS = 20_000
const FIRST_MS = 1_000
const LONGEST_MS = 60_000

interface Restarts {
  /** In a row, each soon after the one before. */
  readonly count: number
  /** Milliseconds of the caller's clock. */
  readonly lastAt: number
}

export class BackOff {
  readonly #restarts = new Map<string, Restarts>()

  /** When the job may be started again. */
  mayStartAt(job: string): number {
    const known = this.#restarts.get(job)
    if (known === undefined) return Number.NEGATIVE_INFINITY
    return known.lastAt + Math.min(LONGEST_MS, FIRST_MS * 2 ** (known.count - 1))
  }

  /** @returns how many times in a row that makes: 1 for one that had been steady */
  started(job: string, at: number): number {
    const known = this.#restarts.get(job)
    const isSteady = known === undefined || at - this.mayStartAt(job) >= STEADY_MS
    const count = isSteady ? 1 : known.count + 1
    this.#restarts.set(job, { count, lastAt: at })
    return count
  }
}

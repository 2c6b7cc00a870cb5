/**
 * A database that does not answer: since when, and whether it is worth staying.
 */
import { Complaint, EXIT } from '../exit.ts'
import type { Dialect } from '../queue/driver.ts'

/** How long a worker that does not watch stays beside a database that does not answer. */
export const OUTAGE_PATIENCE_MS = 600_000

export interface OutageEvents {
  onLost(reason: string): void
  onBack(seconds: number): void
}

export class Outage {
  readonly #dialect: Dialect
  readonly #patienceMs: number
  readonly #events: OutageEvents
  #since: number | undefined
  #endedAt = Number.NEGATIVE_INFINITY

  /**
   * @param patienceMs  infinite for a worker that is to stay whatever happens
   * @param events  each is called once for an outage, whoever notices it first
   */
  constructor(dialect: Dialect, patienceMs: number, events: OutageEvents) {
    this.#dialect = dialect
    this.#patienceMs = patienceMs
    this.#events = events
  }

  get isUnderWay(): boolean {
    return this.#since !== undefined
  }

  /** @param triedAt  when what failed had begun: before the last outage was over, it belongs to that one */
  begin(error: unknown, triedAt = performance.now()): void {
    if (this.#since !== undefined || triedAt < this.#endedAt) return
    this.#since = performance.now()
    this.#events.onLost(error instanceof Error ? error.message : String(error))
  }

  end(): void {
    if (this.#since === undefined) return
    const seconds = (performance.now() - this.#since) / 1_000
    this.#since = undefined
    this.#endedAt = performance.now()
    this.#events.onBack(Math.round(seconds))
  }

  /** Whether this error says no more than that the database was not there. */
  isCause(error: unknown): boolean {
    const cause = error instanceof Complaint ? error.cause : error
    const { isConnectionLost, isTransient, isUnavailable } = this.#dialect
    return [isConnectionLost, isTransient, isUnavailable].some((is) => is(cause))
  }

  /** The sentence to leave with when it has lasted too long. */
  get complaint(): Complaint | undefined {
    if (this.#since === undefined || performance.now() - this.#since < this.#patienceMs) return undefined
    const minutes = Math.round(this.#patienceMs / 60_000)
    return new Complaint(
      EXIT.unavailable,
      `The database has not answered for ${minutes} minutes. What is known is kept, and is booked by the next worker or tick.`,
    )
  }
}

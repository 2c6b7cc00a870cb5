/**
 * Booking results in batches: up to a few hundred at a time, none later than a moment after it was known.
 *
 * One durable write for many results costs hardly more than one for a single result. A program has done its work when
 * its result arrives here, so the write is repeated until the database answers.
 */
import type { Driver } from '../queue/driver.ts'
import { type Finish, finish } from '../queue/store/finish.ts'

const LARGEST_BATCH = 250
const LONGEST_WAIT_MS = 50

export interface BookingEvents {
  onClaimLost(finish: Finish): void
  onDatabaseLost(error: Error): void
  /** The database refused for good: nothing more will be booked, and the outcomes stay in the journals. */
  onFailed(error: unknown): void
}

export class Booking {
  readonly #db: Driver
  readonly #patienceMs: number
  readonly #events: BookingEvents
  #waiting: Finish[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #failed = false

  /** @param patienceMs  how long a database that does not answer is asked again */
  constructor(db: Driver, patienceMs: number, events: BookingEvents) {
    this.#db = db
    this.#patienceMs = patienceMs
    this.#events = events
  }

  get failed(): boolean {
    return this.#failed
  }

  add(result: Finish): void {
    this.#waiting.push(result)
    this.#writeWhenWorthIt()
  }

  /** Resolves when everything added so far is booked, or cannot be. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#writing !== undefined) {
      this.#write()
      await this.#writing
    }
  }

  /** What arrives while a batch is being written waits like the rest: else every batch after the first would be tiny. */
  #writeWhenWorthIt(): void {
    if (this.#waiting.length >= LARGEST_BATCH) this.#write()
    else if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#write(), LONGEST_WAIT_MS)
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    this.#writing = this.#writeBatch(this.#waiting.splice(0, LARGEST_BATCH)).finally(() => {
      this.#writing = undefined
      this.#writeWhenWorthIt()
    })
  }

  async #writeBatch(batch: readonly Finish[]): Promise<void> {
    if (this.#failed) return
    try {
      const lost = await finish(this.#db, batch, this.#patienceMs, this.#events.onDatabaseLost)
      for (const one of lost) this.#events.onClaimLost(one)
    } catch (error) {
      this.#failed = true
      this.#events.onFailed(error)
    }
  }
}

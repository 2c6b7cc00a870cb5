/**
 * Booking results in batches: up to a few hundred at a time, none later than a moment after it was known.
 *
 * One durable write for many results costs hardly more than one for a single result. A program has done its work when
 * its result arrives here, so the write is repeated until the database answers. A result that the database refuses for
 * what is in it takes no other with it: then each is booked alone, and that one without what is not needed to go on.
 */
import { Complaint, EXIT } from '../exit.ts'
import type { Driver } from '../queue/driver.ts'
import { type Finish, finish } from '../queue/store/finish.ts'

const LARGEST_BATCH = 250
const LONGEST_WAIT_MS = 100

export interface BookingEvents {
  /** A batch is about to be written. */
  onWriting?(): void
  /** It was written, but for those that were refused because their claims were lost. */
  onBooked?(batch: readonly Finish[], lost: readonly Finish[]): void
  onClaimLost(finish: Finish): void
  /** @param triedAt  when it was asked, on the clock of `performance.now()` */
  onDatabaseLost(error: Error, triedAt: number): void
  onDatabaseBack?(): void
  /** One result was refused as it is: the state of its task was booked, without output, times and the text of the error. */
  onReduced?(finish: Finish, error: Error): void
  /** Something cannot be booked: a database that refuses, or one result. What is known of it stays in the journals. */
  onFailed(error: unknown): void
}

export class Booking {
  readonly #db: Driver
  readonly #patienceMs: number
  readonly #events: BookingEvents
  #waiting: Finish[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  /** The database refused for good: nothing more is tried. */
  #gaveUp = false
  readonly #leaving = new AbortController()
  #failed = false

  /** @param patienceMs  how long a database that does not answer is asked again */
  constructor(db: Driver, patienceMs: number, events: BookingEvents) {
    this.#db = db
    this.#patienceMs = patienceMs
    this.#events = events
  }

  /** Something was not booked. */
  get failed(): boolean {
    return this.#failed
  }

  add(result: Finish): void {
    this.#waiting.push(result)
    this.#writeWhenWorthIt()
  }

  /** From now on a database that does not answer is asked no longer than that. */
  leaveWithin(ms: number): void {
    setTimeout(() => this.#leaving.abort(), ms).unref()
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
    if (this.#gaveUp) return
    try {
      await this.#book(batch).catch((error) => this.#bookEach(batch, error))
    } catch (error) {
      this.#gaveUp = true
      this.#fail(error)
    }
  }

  async #book(batch: readonly Finish[]): Promise<void> {
    const { onClaimLost, onDatabaseLost: onLost, onDatabaseBack: onBack } = this.#events
    this.#events.onWriting?.()
    const lost = await finish(this.#db, batch, this.#patienceMs, { onLost, onBack, giveUp: this.#leaving.signal })
    for (const one of lost) onClaimLost(one)
    this.#events.onBooked?.(batch, lost)
  }

  /** @throws what concerns every result */
  async #bookEach(batch: readonly Finish[], error: unknown): Promise<void> {
    if (concernsAll(error)) throw error
    for (const one of batch) await this.#book([one]).catch((error) => this.#bookReduced(one, error))
  }

  async #bookReduced(one: Finish, error: unknown): Promise<void> {
    if (concernsAll(error)) throw error
    try {
      await this.#book([reduced(one, error as Error)])
      this.#events.onReduced?.(one, error as Error)
    } catch (error) {
      if (concernsAll(error)) throw error
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#failed = true
    this.#events.onFailed(error)
  }
}

/** The server, the account or the tables are to blame, and have been given all the time there is. */
function concernsAll(error: unknown): boolean {
  return error instanceof Complaint && error.exitCode !== EXIT.badData
}

/** What its task needs to go on, and why there is no more. */
function reduced(one: Finish, { message }: Error): Finish {
  return {
    ...one,
    exitSignal: null,
    error: one.next.kind === 'done' ? null : `its result could not be stored in full (${message.slice(0, 500)})`,
    output: null,
    cpuMs: 0,
    ranMs: 0,
    endedAt: performance.now(),
  }
}

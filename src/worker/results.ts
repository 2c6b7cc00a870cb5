/**
 * The results of a worker's attempts: logged, counted, and handed on to be booked.
 */
import type { DayLog } from '../log/day-log.ts'
import type { Driver } from '../queue/driver.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Finish } from '../queue/store/finish.ts'
import type { AttemptResult, AttemptSettings } from './attempt.ts'
import { Booking } from './booking.ts'
import { finishOf, logAttempt } from './record.ts'
import { Tally } from './tally.ts'

export interface ResultEvents {
  /** A result was refused: the row was no longer ours. */
  onClaimLost(claim: { readonly id: number; readonly attempt: number; readonly outcome: string }): void
  onDatabaseLost(error: Error, triedAt: number): void
  onDatabaseBack(): void
  onBooked(batch: readonly Finish[]): void
  /** The database refused a result as it was; the state of its task was booked without what is not needed. */
  onReduced(finish: Finish, error: Error): void
  /** The log cannot be written, or the database refused for good. */
  onFailed(error: unknown): void
}

export interface Counts {
  readonly done: number
  readonly retried: number
  readonly failed: number
  readonly cancelled: number
  /** Crashed, and wait for a person. */
  readonly held: number
  /** Results that were refused because the row was no longer ours. */
  readonly lost: number
}

export class Results {
  readonly #log: DayLog
  readonly #attempts: AttemptSettings
  readonly #events: ResultEvents
  readonly #booking: Booking
  readonly #tally: Tally
  readonly #counts = { done: 0, retried: 0, failed: 0, cancelled: 0, held: 0, lost: 0 }
  #logFailed = false

  /** @param patienceMs  how long a database that does not answer is asked again */
  constructor(db: Driver, log: DayLog, attempts: AttemptSettings, patienceMs: number, events: ResultEvents) {
    this.#log = log
    this.#attempts = attempts
    this.#events = events
    this.#tally = new Tally(db)
    this.#booking = new Booking(db, patienceMs, {
      ...events,
      onWriting: () => this.#writeLines(), // what is booked has its line
      onClaimLost: (finish) => {
        this.#counts.lost++
        events.onClaimLost(finish)
      },
      onBooked: (batch, lost) => {
        this.#tally.add(batch, lost)
        events.onBooked(batch)
      },
    })
  }

  get counts(): Counts {
    return this.#counts
  }

  /** Everything so far could be logged and booked; otherwise the slots' files are what it is known by. */
  get isSound(): boolean {
    return !this.#booking.failed && !this.#logFailed
  }

  /**
   * A result whose log cannot be written is booked all the same: its output stays where it is and goes into the log later.
   *
   * @returns whether the task is finished by it
   */
  add(task: ClaimedTask, result: AttemptResult): boolean {
    const { workerId, terms } = this.#attempts
    const finish = finishOf(task, workerId, result, terms)
    let output = null
    try {
      if (result.runnerLost) this.#log.event('runner-lost', { id: task.id })
      output = logAttempt(this.#log, task, result, finish, terms)
    } catch (error) {
      this.#failLog(error)
    }
    this.#booking.add({ ...finish, output })
    const { kind } = finish.next
    this.#counts[kind === 'again' ? 'retried' : kind]++
    return kind === 'done' || kind === 'failed' || kind === 'cancelled'
  }

  #writeLines(): void {
    try {
      this.#log.flush()
    } catch (error) {
      this.#failLog(error)
    }
  }

  #failLog(error: unknown): void {
    this.#logFailed = true
    this.#events.onFailed(error)
  }

  /** From now on a database that does not answer is asked no longer than that. */
  leaveWithin(ms: number): void {
    this.#booking.leaveWithin(ms)
  }

  /** Resolves when everything added so far is booked, or cannot be. */
  flush(): Promise<void> {
    return this.#booking.flush()
  }

  /** The last ones are booked: what they add up to is written, too, unless the database has not even taken them. */
  async end(): Promise<void> {
    await this.flush()
    if (!this.#booking.failed) await this.#tally.flush()
  }
}

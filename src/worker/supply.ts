/**
 * The supply: tasks that are claimed and not started yet.
 *
 * It is refilled before it is empty, so that no slot waits for the database, and it is small enough that little has to be
 * given back. It also knows when the part of the queue is empty: a claim that found nothing while no program was running
 * that could have added something.
 */
import type { Driver } from '../queue/driver.ts'
import { claim, type TaskFilter } from '../queue/store/claim.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { giveBack } from '../queue/store/give-back.ts'
import { promote } from '../queue/store/promote.ts'
import { LookAhead } from './look-ahead.ts'

export interface SupplyOptions {
  readonly db: Driver
  readonly queue: string
  /** The buckets of the shards this worker holds. */
  readonly buckets: readonly number[]
  readonly workerId: number
  /** Programs at once. */
  readonly concurrency: number
  /** At most so many rows are claimed at once. */
  readonly batch: number
  /** At most so many tasks in all; undefined for no limit. */
  readonly limit: number | undefined
  readonly filter: TaskFilter
}

/** How often an empty part is looked at again, and scheduled tasks are promoted. */
export const SWEEP_MS = 1_000
const PROMOTE_LIMIT = 1_000
/** How long a database that does not answer is asked again. */
const PATIENCE_MS = 30_000

export class Supply {
  readonly #options: SupplyOptions
  readonly #onDatabaseLost: (error: Error) => void
  readonly #lookAhead: LookAhead
  #waiting: ClaimedTask[] = []
  #claimed = 0
  #refilling = false
  /** The last claim found nothing: when that was, and whether no program was running. */
  #empty: { readonly at: number; readonly idle: boolean } | undefined
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor(options: SupplyOptions, onDatabaseLost: (error: Error) => void) {
    this.#options = options
    this.#onDatabaseLost = onDatabaseLost
    this.#lookAhead = new LookAhead(options.concurrency, options.batch)
  }

  /** Tasks that could be started now. */
  get waiting(): number {
    return this.#waiting.length
  }

  get isRefilling(): boolean {
    return this.#refilling
  }

  /** As many tasks were claimed as were asked for. */
  get isLimitReached(): boolean {
    return this.#remaining() === 0
  }

  /** There is nothing more to claim, and nothing is running that could add to it. */
  get isEmpty(): boolean {
    return this.#empty?.idle === true
  }

  take(): ClaimedTask | undefined {
    return this.#waiting.shift()
  }

  /** A task that was taken and could not be started after all. */
  putBack(task: ClaimedTask): void {
    this.#waiting.unshift(task)
  }

  /** @param running  programs that run now */
  wantsRefill(running: number): boolean {
    if (this.#refilling || this.isLimitReached || this.#waiting.length > this.#lookAhead.lowWater) return false
    if (this.#empty === undefined) return true
    const lastChance = running === 0 && !this.#empty.idle
    return lastChance || performance.now() - this.#empty.at >= SWEEP_MS
  }

  /** @param idle  no program is running, and every result is booked */
  async refill(idle: () => Promise<boolean>): Promise<void> {
    this.#refilling = true
    try {
      const { db, queue, buckets, workerId, filter } = this.#options
      const wasIdle = await idle()
      await this.#sweep()
      const limit = Math.min(this.#lookAhead.size, this.#remaining())
      const retrying = { patienceMs: PATIENCE_MS, onLost: this.#onDatabaseLost }
      const tasks = await claim(db, { queue, buckets, limit, workerId, filter, ...retrying })
      this.#claimed += tasks.length
      this.#waiting.push(...tasks)
      this.#lookAhead.claimed(performance.now())
      this.#empty = tasks.length > 0 ? undefined : { at: performance.now(), idle: wasIdle }
    } finally {
      this.#refilling = false
    }
  }

  async giveBack(): Promise<void> {
    await giveBack(this.#options.db, this.#waiting.splice(0), PATIENCE_MS)
  }

  /** Scheduled tasks whose time has come become ready. */
  async #sweep(): Promise<void> {
    if (performance.now() - this.#sweptAt < SWEEP_MS) return
    while ((await promote(this.#options.db, PROMOTE_LIMIT, PATIENCE_MS)) === PROMOTE_LIMIT);
    this.#sweptAt = performance.now()
  }

  #remaining(): number {
    return (this.#options.limit ?? Number.POSITIVE_INFINITY) - this.#claimed
  }
}

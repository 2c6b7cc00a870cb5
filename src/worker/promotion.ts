/**
 * Scheduled tasks whose time has come become ready: whoever works any queue sees to that, once a second.
 */
import type { Driver } from '../queue/driver.ts'
import { promote } from '../queue/store/promote.ts'

/** How often scheduled tasks are promoted, and an empty part is looked at again. */
export const SWEEP_MS = 1_000
const AT_ONCE = 1_000
/** How long a database that does not answer is asked again. */
const PATIENCE_MS = 30_000

export class Promotion {
  readonly #db: Driver
  readonly #onLost: (error: Error) => void
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor(db: Driver, onLost: (error: Error) => void) {
    this.#db = db
    this.#onLost = onLost
  }

  /** Something is due: the next sweep is not waited for. */
  hurry(): void {
    this.#sweptAt = Number.NEGATIVE_INFINITY
  }

  async sweep(): Promise<void> {
    if (performance.now() - this.#sweptAt < SWEEP_MS) return
    while ((await promote(this.#db, AT_ONCE, PATIENCE_MS, this.#onLost)) === AT_ONCE);
    this.#sweptAt = performance.now()
  }
}

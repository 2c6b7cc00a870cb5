/**
 * How many tasks to claim at once.
 *
 * A claim costs a round trip whatever its size, so many tiny programs want large batches; a long program wants none
 * claimed behind it, because a claimed row waits for this worker alone. So the size follows what was used up: it doubles
 * when a batch lasted a moment, doubles twice when it lasted hardly longer than the claim of the next, and halves when it
 * lasted long. When the next one is asked for follows from both: what is in hand must last until it comes, and on a machine that
 * is busy with programs a claim may take longer than a batch of tiny ones lasts.
 */

/** Slots may have waited for the claim: what is tiny is worked off while the size is still growing. */
const LASTED_A_CLAIM_MS = 60
const LASTED_A_MOMENT_MS = 250
const LASTED_LONG_MS = 1_500

export class LookAhead {
  readonly #least: number
  readonly #most: number
  #size: number
  #claimedAt = 0
  #lowWater: number
  #expectsFew = true
  /** By the last claim. */
  #found = Number.POSITIVE_INFINITY

  /**
   * @param concurrency  never fewer than this are claimed: each slot can start one at once
   * @param most         never more than this (`--batch`)
   */
  constructor(concurrency: number, most: number) {
    this.#least = Math.min(concurrency, most)
    this.#most = most
    this.#size = Math.min(concurrency * 2, most)
    this.#lowWater = this.#enough()
  }

  get size(): number {
    return this.#size
  }

  /** Claim again when no more than this many are waiting to start. */
  get lowWater(): number {
    return this.#lowWater
  }

  /** Few rows are ready, as far as the last look saw: never so in a steady drain. Nothing is known yet of an idle worker's first. */
  get expectsFew(): boolean {
    return this.#expectsFew
  }

  /** As a worker does that waits for the next task. Nothing is known before the first claim. */
  get expectsOne(): boolean {
    return this.#expectsFew && this.#found <= 1
  }

  found(count: number): void {
    this.#found = count
  }

  looked(few: boolean): void {
    this.#expectsFew = few
  }

  /**
   * @param now   when the answer was there, in milliseconds
   * @param took  so long it was waited for
   */
  claimed(now: number, took: number): void {
    const lasted = this.#claimedAt > 0 ? now - this.#claimedAt : LASTED_A_MOMENT_MS
    const isTiny = lasted < LASTED_A_MOMENT_MS
    const perMs = this.#size / Math.max(1, lasted)
    if (isTiny) this.#size = Math.min(this.#most, this.#size * (lasted < LASTED_A_CLAIM_MS ? 4 : 2))
    if (lasted > LASTED_LONG_MS) this.#size = Math.max(this.#least, Math.floor(this.#size / 2))
    this.#lowWater = isTiny ? Math.max(this.#enough(), this.#neededFor(took, perMs)) : this.#enough()
    this.#claimedAt = now
  }

  #enough(): number {
    return this.#size === this.#least ? 0 : Math.floor(this.#size / 2)
  }

  /** The next claim may take half as long again. */
  #neededFor(took: number, perMs: number): number {
    return Math.min(2 * this.#most, Math.ceil(perMs * took * 1.5))
  }
}

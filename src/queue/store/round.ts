/**
 * Where a worker stands in the round of its keys: every key that has something ready gets one turn, and no key a second one before
 * all have had theirs.
 *
 * Kept in the worker's memory, bucket by bucket: the last key that had its turn, in the order of the index. A bucket whose keys
 * all had theirs waits for the others. A new worker begins anywhere: that costs some keys a second turn, once.
 */
export class Round {
  readonly #last = new Map<number, string>()
  readonly #over = new Set<number>()
  /** Somebody was served in this round. */
  hasServed = false

  /** Nothing had a turn yet. */
  get isFresh(): boolean {
    return this.#last.size === 0 && this.#over.size === 0
  }

  begin(): void {
    this.#last.clear()
    this.#over.clear()
    this.hasServed = false
  }

  /** Those of these buckets in which there may be keys that had no turn. */
  open(buckets: readonly number[]): number[] {
    return buckets.filter((bucket) => !this.#over.has(bucket))
  }

  /** The key of the bucket that had its turn last; undefined when none had. */
  last(bucket: number): string | undefined {
    return this.#last.get(bucket)
  }

  had(bucket: number, key: string): void {
    this.#last.set(bucket, key)
  }

  /** All keys of the bucket had their turn. */
  end(bucket: number): void {
    this.#over.add(bucket)
  }
}

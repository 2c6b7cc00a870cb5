/**
 * Durations in 256 classes, so that those of a million attempts are a few rows that can be added up, and give percentiles.
 *
 * Up to 13 ms each millisecond is a class of its own; then classes are 8 % wide, up to 18 days. Class 0 is for what never ran.
 * A percentile is within 5 % of the exact one.
 */

/** Where 8 % is more than a millisecond. */
const EXACT_BELOW_MS = 14
const WIDTH = 1.08
const LAST_CLASS = 255
const MOST_OFF = 0.05

/** @param ms  a whole number; 0 for what never ran */
export function durationClass(ms: number): number {
  if (!(ms > 0)) return 0
  if (ms < EXACT_BELOW_MS) return Math.ceil(ms)
  const steps = Math.floor(Math.log(ms / EXACT_BELOW_MS) / Math.log(WIDTH))
  return Math.min(LAST_CLASS, EXACT_BELOW_MS + steps)
}

/** The shortest duration of a class, in milliseconds; where that of the next one begins, it ends. */
export function shortestOf(durationClass: number): number {
  return durationClass < EXACT_BELOW_MS ? durationClass : EXACT_BELOW_MS * WIDTH ** (durationClass - EXACT_BELOW_MS)
}

/** Attempts by the class of their duration. */
export type DurationCounts = ReadonlyMap<number, number>

/**
 * The duration that a share of the attempts did not exceed; attempts that never ran are left out.
 *
 * @param share  0.99 for the 99th percentile
 * @returns milliseconds; undefined when nothing ran
 */
export function percentile(counts: DurationCounts, share: number): number | undefined {
  const ran = [...counts].filter(([number, count]) => number > 0 && count > 0).toSorted(([a], [b]) => a - b)
  const rank = share * ran.reduce((sum, [, count]) => sum + count, 0)
  let below = 0
  for (const [number, count] of ran) {
    if (below + count >= rank) return within(number, (rank - below) / count)
    below += count
  }
  return undefined
}

/** As far into the class as the rank is, but nowhere further from its ends than a percentile may be off. */
function within(number: number, share: number): number {
  if (number < EXACT_BELOW_MS) return number
  const shortest = shortestOf(number)
  const longest = shortestOf(number + 1)
  const ms = shortest * (longest / shortest) ** share
  return Math.min(shortest * (1 + MOST_OFF), Math.max(longest * (1 - MOST_OFF), ms))
}

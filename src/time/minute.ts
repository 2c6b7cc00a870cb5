/** Whole minutes, which a schedule counts in. */
import { MINUTE_MS } from './units.ts'

/** The minute that `at` is in: UTC milliseconds of its beginning. */
export function minuteOf(at: number): number {
  return Math.floor(at / MINUTE_MS) * MINUTE_MS
}

/**
 * After what a warm program is replaced, so that what it leaks or keeps has an end.
 */

export interface WarmLimits {
  /** How many tasks one process serves. */
  readonly tasks: number
  /** How old it may be when it is given a task. */
  readonly ageMs: number
  /** How much of it may be in memory when it has answered. */
  readonly memoryBytes: number
}

export const DEFAULT_WARM_LIMITS: WarmLimits = { tasks: 1_000, ageMs: 3_600_000, memoryBytes: 256 * 1_048_576 }

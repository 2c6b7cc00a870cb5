/**
 * How long ago something was, also when the process was frozen or the machine slept in the meantime.
 *
 * The clock of `performance.now()` is exact, and on most systems stands while the machine sleeps. The time since the boot
 * goes on. Neither is ever set, as the time of day is; the one that has gone further is believed.
 */
import { uptime } from 'node:os'

export interface Moment {
  /** Milliseconds of `performance.now()`. */
  readonly running: number
  /** Milliseconds since the machine was booted. */
  readonly booted: number
}

export function moment(): Moment {
  return { running: performance.now(), booted: uptime() * 1_000 }
}

/** @returns milliseconds */
export function ageOf(then: Moment): number {
  const now = moment()
  return Math.max(now.running - then.running, now.booted - then.booted)
}

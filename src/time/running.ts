/**
 * A clock that is never set, for whoever is loaded by a tick: `performance.now()` shows the same, but Node makes its module
 * when it is first asked, and that takes as long as opening a database.
 */

/** Milliseconds since this process began. */
export function runningMs(): number {
  return process.uptime() * 1_000
}

/**
 * The queue that the runs of a job's command stand in: `exec:backup`.
 *
 * The colon is in no name that a producer may give, so whoever can only add tasks cannot make a command run.
 */

const PREFIX = 'exec:'

export function execQueue(job: string): string {
  return `${PREFIX}${job}`
}

export function isExecQueue(queue: string): boolean {
  return queue.startsWith(PREFIX)
}

/** How a slot is written wherever a program reads it: RFC 3339 in UTC, `2026-11-20T02:30:00Z`. */
export function slotText(slotAt: number): string {
  return `${new Date(slotAt).toISOString().slice(0, 19)}Z`
}

/**
 * How a worker that is asked to leave treats its programs, the gentlest first.
 *
 * `hand over`  leaves at once and leaves them running: whoever adopts them books how they ended
 * `drain`      lets them finish, however long that takes
 * `stop`       lets them finish within the grace period, and ends them then
 * `stop now`   ends them, with the grace period between asking and killing
 * `kill`       kills them
 *
 * In a row of `worker` it is a number: the place in this list, from 1. A worker that is asked twice goes by the harsher word.
 */
export const LEAVE_HOW = ['hand over', 'drain', 'stop', 'stop now', 'kill'] as const

export type LeaveHow = (typeof LEAVE_HOW)[number]

export function harshness(how: LeaveHow): number {
  return LEAVE_HOW.indexOf(how) + 1
}

/** A row that an older version marked has the time alone: it was asked to stop. */
export function readLeaveHow(number: number | null, wasAsked: boolean): LeaveHow | undefined {
  if (!wasAsked) return undefined
  return LEAVE_HOW[(number ?? 0) - 1] ?? 'stop'
}

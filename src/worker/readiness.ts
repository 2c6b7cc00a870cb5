/**
 * Whether a task can be started, and whether it can be started behind others without being looked at again.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Outcome } from './outcome.ts'
import type { Resolution } from './program.ts'

/** What is told ahead is looked after within this time. */
const LOOKED_AFTER_WITHIN_MS = 1_000
/** In characters: such a parameter is never too long for a pipe. */
const LONGEST_PARAM_AHEAD = 1_024

/** How a task ends that must not be started, or cannot be. */
export function refusal(task: ClaimedTask): Outcome | undefined {
  if (task.uselessAt !== null && task.uselessAt <= performance.now()) return { kind: 'expired' }
  if (task.param.includes('\0')) {
    return {
      kind: 'unstartable',
      reason: 'its param holds a NUL byte, or bytes that are no UTF-8, and cannot be handed to a program',
      final: true,
    }
  }
  return undefined
}

/** @param limitMs  how long its program may run, if there is a limit */
export function mayRunAhead(task: ClaimedTask, program: Resolution, limitMs: number | undefined): boolean {
  if (refusal(task) !== undefined || task.param.length > LONGEST_PARAM_AHEAD) return false
  if (task.uselessAt !== null && task.uselessAt <= performance.now() + LOOKED_AFTER_WITHIN_MS) return false
  if (limitMs !== undefined && limitMs < LOOKED_AFTER_WITHIN_MS) return false
  return program.kind === 'program' && program.warm === undefined
}

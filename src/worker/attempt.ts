/**
 * What an attempt goes by, and what came of it.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { JobCommand } from './job-command.ts'
import type { Terms } from './next-state.ts'
import { type Outcome, outcomeOf, type StopReason, unlessStopped } from './outcome.ts'
import type { Programs } from './program.ts'
import type { Ended } from './program-runner.ts'
import type { Output } from './slot-files.ts'
import type { WarmLimits } from './warm-limits.ts'

export interface AttemptSettings {
  readonly workerId: number
  readonly installation: string
  readonly terms: Terms
  /** For rows that bring no limit of their own; undefined for none. */
  readonly timeoutMs: number | undefined
  /** Between asking a program to stop and killing its group. */
  readonly graceMs: number
  /** Programs find themselves here. */
  readonly projectDirectory: string
  readonly environment: Record<string, string>
  readonly programs: Programs
  readonly warmLimits: WarmLimits
  /** Run for every task instead of its program: with no argument from the row, and no input. */
  readonly command?: JobCommand | undefined
}

export interface AttemptResult {
  readonly outcome: Outcome
  readonly output: Output
  readonly cpuMs: number
  readonly ranMs: number
  /** On the clock of `performance.now()`. */
  readonly endedAt: number
  /** The process exit code, where there was one. */
  readonly exitCode: number | null
  readonly runnerLost: boolean
}

export interface Ending {
  readonly task: ClaimedTask
  readonly result: AttemptResult
}

/** @param reason  why it was stopped, if it was */
export function resultOf(
  ended: Ended,
  output: Output,
  ranMs: number,
  endedAt: number,
  reason: StopReason | undefined,
): AttemptResult {
  if (ended.kind === 'runner-gone' || ended.kind === 'not-started') {
    return {
      outcome: reason ?? { kind: 'crashed' },
      output,
      cpuMs: 0,
      ranMs,
      endedAt,
      exitCode: null,
      runnerLost: reason === undefined,
    }
  }
  const outcome = ended.kind === 'outcome' ? unlessStopped(ended.outcome, reason) : outcomeOf(ended.status, reason)
  return { outcome, output, cpuMs: ended.cpuMs, ranMs, endedAt, exitCode: exitCodeOf(outcome), runnerLost: false }
}

export function withoutProgram(outcome: Outcome): AttemptResult {
  return {
    outcome,
    output: { kind: 'none' },
    cpuMs: 0,
    ranMs: 0,
    endedAt: performance.now(),
    exitCode: null,
    runnerLost: false,
  }
}

function exitCodeOf(outcome: Outcome): number | null {
  return outcome.kind === 'ok' ? 0 : outcome.kind === 'exit' ? outcome.code : null
}

/**
 * Watching programs whose worker has died: their time limit, their output limit and a cancel hold as before.
 */

import { signalSession } from '../host/processes.ts'
import type { RunningTask } from '../queue/store/running.ts'
import type { InheritedAttempt, InheritedSlot } from './inheritance.ts'
import { claimKey } from './journal.ts'
import { type Outcome, outcomeOf, type StopReason, unlessStopped } from './outcome.ts'
import { OUTPUT_LIMIT_BYTES } from './slot-files.ts'
import { type MarkedReason, markStop, type StopMark, stopMarks } from './stop-marks.ts'
import { outcomeOfAnswer } from './warm-answer.ts'

export class Watch {
  readonly #directory: string
  readonly #timeoutMs: number | undefined
  readonly #graceMs: number

  /** @param timeoutMs  for rows that bring no limit of their own */
  constructor(directory: string, timeoutMs: number | undefined, graceMs: number) {
    this.#directory = directory
    this.#timeoutMs = timeoutMs
    this.#graceMs = graceMs
  }

  /** Asks programs to end that must, and kills those that were asked a grace period ago. */
  look(
    rows: readonly RunningTask[],
    attempts: ReadonlyMap<string, InheritedAttempt>,
    marks: ReadonlyMap<string, StopMark>,
  ): void {
    for (const row of rows) {
      const attempt = attempts.get(claimKey(row))
      const reason = attempt === undefined ? undefined : this.#reasonToStop(row, attempt)
      if (attempt !== undefined && reason !== undefined) this.#stop(attempt, reason, marks.get(claimKey(row)))
    }
  }

  /** Programs of claims that are no longer the dead worker's: somebody else may be running their tasks. */
  endForeign(slots: readonly InheritedSlot[], rows: readonly RunningTask[]): void {
    const ours = new Set(rows.map(claimKey))
    const foreign = slots.flatMap(({ attempts }) => attempts.filter((it) => it.isUnderWay && !ours.has(claimKey(it))))
    if (foreign.length === 0) return
    const marks = stopMarks(this.#directory)
    for (const attempt of foreign) this.#stop(attempt, 'stopped', marks.get(claimKey(attempt)))
  }

  /** How an attempt ended that is over: as its end says, or why it was stopped, or nobody knows. */
  outcome(row: RunningTask, attempt: InheritedAttempt | undefined, mark: StopMark | undefined): Outcome {
    const reason = mark === undefined ? undefined : this.#asOutcome(row, mark.reason)
    if (attempt?.end === undefined) return reason ?? { kind: 'crashed' }
    const { status, answer } = attempt.end
    return answer === undefined ? outcomeOf(status, reason) : unlessStopped(outcomeOfAnswer(answer, row.id), reason)
  }

  #reasonToStop(row: RunningTask, attempt: InheritedAttempt): MarkedReason | undefined {
    const limitMs = this.#limitMs(row)
    if (row.cancelled) return 'cancelled'
    if (limitMs !== undefined && attempt.start !== undefined && Date.now() - attempt.start.at > limitMs)
      return 'timeout'
    return attempt.outBytes > OUTPUT_LIMIT_BYTES ? 'flood' : undefined
  }

  #stop(attempt: InheritedAttempt, reason: MarkedReason, mark: StopMark | undefined): void {
    const { start } = attempt
    if (start === undefined) return
    if (mark === undefined) {
      markStop(this.#directory, attempt, reason)
      signalSession(start.pid, 'SIGTERM')
    } else if (Date.now() - mark.askedAt > this.#graceMs) {
      signalSession(start.pid, 'SIGKILL')
    }
  }

  #asOutcome(row: RunningTask, reason: MarkedReason): StopReason {
    switch (reason) {
      case 'timeout':
        return { kind: 'timeout', afterMs: this.#limitMs(row) ?? 0 }
      case 'flood':
        return { kind: 'flood', limitBytes: OUTPUT_LIMIT_BYTES }
      case 'cancelled':
      case 'stopped':
        return { kind: reason }
    }
  }

  #limitMs(row: RunningTask): number | undefined {
    return row.timeoutSeconds === null ? this.#timeoutMs : row.timeoutSeconds * 1_000
  }
}

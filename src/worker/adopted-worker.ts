/**
 * Clearing up after a worker that died: what its programs did is booked as if it had lived.
 *
 * Its runners see their programs to the end and write that into the journals. So each running row of the dead worker is one
 * of four: its end stands in the journal and is booked; it is still under way and is watched; it was never started and is
 * given back; or nobody saw its end, and the crash policy decides. Every write names the claim, so a second adopter, or a
 * worker that was only believed to be dead, changes nothing.
 */

import { processStart, signalSession } from '../host/processes.ts'
import type { DayLog } from '../log/day-log.ts'
import type { Driver } from '../queue/driver.ts'
import type { OutputPlace } from '../queue/store/finish.ts'
import { finish } from '../queue/store/finish.ts'
import { giveBack } from '../queue/store/give-back.ts'
import { placeOutput, type RunningTask, runningTasks, withoutOutput } from '../queue/store/running.ts'
import type { AttemptResult } from './attempt.ts'
import { type InheritedAttempt, type InheritedSlot, isSettled, outputOf, readInheritance } from './inheritance.ts'
import { claimKey } from './journal.ts'
import type { Terms } from './next-state.ts'
import type { Outcome } from './outcome.ts'
import { MOST_AHEAD } from './pace.ts'
import { finishOf, logAttempt, logOutput } from './record.ts'
import { type StopMark, stopMarks } from './stop-marks.ts'
import { tallyOnce } from './tally.ts'
import { Watch } from './watch.ts'

export interface DeadWorker {
  readonly workerId: number
  readonly directory: string
  readonly terms: Terms
  readonly timeoutMs: number | undefined
  /** It was of this boot of this host: what is not in its journals did not happen. */
  readonly isOfThisBoot: boolean
}

export interface Adopter {
  readonly db: Driver
  /** The workers' day log, opened when there is something to write. */
  readonly log: () => DayLog
  readonly graceMs: number
}

/** How long a database that does not answer is asked again. */
export const RESCUE_PATIENCE_MS = 10_000
const ROWS_AT_ONCE = 500
const PLACES_AT_ONCE = 250

export class AdoptedWorker {
  readonly #dead: DeadWorker
  readonly #adopter: Adopter
  readonly #watch: Watch
  /** Where outputs went whose attempt is not booked yet. */
  readonly #logged = new Map<string, OutputPlace | null>()

  constructor(dead: DeadWorker, adopter: Adopter) {
    this.#dead = dead
    this.#adopter = adopter
    this.#watch = new Watch(dead.directory, dead.timeoutMs, adopter.graceMs)
  }

  /**
   * Books what has ended, watches what has not.
   *
   * @returns `resolved` when nothing is left of the worker; `waiting` when a runner is about to tell more in a moment
   * @throws  Complaint when the log or the state directory cannot be written; what is known stays in the journals
   */
  async step(): Promise<'resolved' | 'waiting' | 'running'> {
    const slots = readInheritance(this.#dead.directory)
    const marks = stopMarks(this.#dead.directory)
    const rows = await runningTasks(this.#adopter.db, this.#dead.workerId, ROWS_AT_ONCE)
    const attempts = new Map(slots.flatMap(({ attempts }) => attempts).map((attempt) => [claimKey(attempt), attempt]))

    const open = rows.filter((row) => attempts.get(claimKey(row))?.isUnderWay)
    this.#watch.look(open, attempts, marks)
    if (rows.length < ROWS_AT_ONCE) this.#watch.endForeign(slots, rows)

    const known = rows.filter((row) => attempts.has(claimKey(row)) && !open.includes(row))
    const untold = rows.filter((row) => !attempts.has(claimKey(row)))
    await this.#book(known, attempts, marks)
    const isCertain = isSettled(slots)
    if (isCertain) {
      const uncertain = this.#uncertain(untold, slots)
      await this.#book(uncertain, attempts, marks)
      const unstarted = untold.filter((row) => !uncertain.includes(row))
      await giveBack(this.#adopter.db, unstarted, RESCUE_PATIENCE_MS)
    }

    if (rows.length === ROWS_AT_ONCE || !isCertain) return 'waiting'
    if (slots.some(({ runners }) => runners.length > 0)) return 'running'
    await this.#placeLateOutputs(slots)
    return 'resolved'
  }

  /**
   * Of rows that no journal tells of, those that may have been started all the same. After a power cut the end of a journal
   * may be missing, so it is all of them. A line that is spoilt stands for one. Tasks are handed out in the order of their claims,
   * some of them ahead, so it is among the first.
   */
  #uncertain(rows: readonly RunningTask[], slots: readonly InheritedSlot[]): RunningTask[] {
    if (!this.#dead.isOfThisBoot) return [...rows]
    const torn = rows.filter((row) => slots.some((slot) => slot.torn.has(row.id)))
    const others = rows.filter((row) => !torn.includes(row))
    const spoilt = slots.filter(({ endsSpoilt }) => endsSpoilt).length
    return [...torn, ...others.slice(0, spoilt === 0 ? 0 : spoilt + slots.length * (MOST_AHEAD - 1))]
  }

  async #book(
    rows: readonly RunningTask[],
    attempts: ReadonlyMap<string, InheritedAttempt>,
    marks: ReadonlyMap<string, StopMark>,
  ): Promise<void> {
    if (rows.length === 0) return
    const { db, log } = this.#adopter
    let logFailure: unknown
    this.#readBack(rows, attempts)
    const finishes = rows.map((row) => {
      const attempt = attempts.get(claimKey(row))
      const mark = marks.get(claimKey(row))
      if (this.#dead.isOfThisBoot) endLeftovers(attempt, mark)
      const result = resultOf(row, attempt, this.#watch.outcome(row, attempt, mark))
      const booked = finishOf(row, this.#dead.workerId, result, this.#dead.terms)
      try {
        return { ...booked, output: this.#logOnce(row, result, booked) }
      } catch (error) {
        logFailure ??= error // what is known is booked all the same; the output stays where it is
        return booked
      }
    })
    if (logFailure === undefined) log().flush() // what is booked has its line
    const lost = await finish(db, finishes, RESCUE_PATIENCE_MS)
    await tallyOnce(db, finishes, lost)
    for (const { id, attempt, outcome } of lost) log().event('claim-lost', { id, attempt, outcome })
    for (const booked of finishes) this.#logged.delete(claimKey(booked))
    if (logFailure !== undefined) throw logFailure
  }

  /** What the dead worker had logged itself, and died before it was booked. */
  #readBack(rows: readonly RunningTask[], attempts: ReadonlyMap<string, InheritedAttempt>): void {
    const starts = rows.map((row) => attempts.get(claimKey(row))?.start?.at ?? Number.POSITIVE_INFINITY)
    const logged = starts.every((at) => at === Number.POSITIVE_INFINITY)
      ? []
      : this.#adopter.log().loggedSince(Math.min(...starts))
    for (const [i, row] of rows.entries()) {
      const own = logged.find(
        ({ id, attempt, at }) => id === row.id && attempt === row.attempt && at >= (starts[i] ?? 0),
      )
      if (own === undefined || this.#logged.has(claimKey(row))) continue
      const offset = own.place?.offset || attempts.get(claimKey(row))?.start?.offset // of a file of its own
      this.#logged.set(claimKey(row), own.place === null ? null : { ...own.place, offset: offset ?? 0 })
    }
  }

  /** A database that does not answer makes us come again: the output stands in the log by then. */
  #logOnce(row: RunningTask, result: AttemptResult, booked: Parameters<typeof logAttempt>[3]): OutputPlace | null {
    const earlier = this.#logged.get(claimKey(row))
    if (earlier !== undefined) return earlier
    const place = logAttempt(this.#adopter.log(), row, result, booked, this.#dead.terms)
    this.#logged.set(claimKey(row), place)
    return place
  }

  /** A worker whose log was full had booked its results all the same: their outputs go into the log now. */
  async #placeLateOutputs(slots: readonly InheritedSlot[]): Promise<void> {
    const { db, log } = this.#adopter
    const withBytes = slots.flatMap(({ attempts }) => attempts).filter(({ outBytes }) => outBytes > 0)
    for (let i = 0; i < withBytes.length; i += PLACES_AT_ONCE) {
      const some = withBytes.slice(i, i + PLACES_AT_ONCE)
      const missing = new Set((await withoutOutput(db, some)).map(claimKey))
      for (const attempt of some.filter((attempt) => missing.has(claimKey(attempt)))) {
        const place = logOutput(log(), attempt, outputOf(attempt))
        if (place !== null) await placeOutput(db, attempt, place, RESCUE_PATIENCE_MS)
      }
    }
  }
}

/** What a program left behind after it was stopped, or after its runner was killed, must not run beside another attempt. */
function endLeftovers(attempt: InheritedAttempt | undefined, mark: StopMark | undefined): void {
  const session = attempt?.start?.pid
  if (session === undefined || (attempt?.end !== undefined && mark === undefined)) return
  const isOfAnother = attempt?.runners.includes(session) === false && processStart(session) !== undefined // the number was given anew
  if (!isOfAnother) signalSession(session, 'SIGKILL')
}

function resultOf(row: RunningTask, attempt: InheritedAttempt | undefined, outcome: Outcome): AttemptResult {
  const now = Date.now()
  const end = attempt?.end === undefined ? now : attempt.endedAt
  const start = attempt?.start?.at ?? now - row.claimedMsAgo
  return {
    outcome,
    output: attempt === undefined ? { kind: 'none' } : outputOf(attempt),
    cpuMs: attempt?.end?.cpuMs ?? 0,
    ranMs: Math.max(0, end - start),
    endedAt: performance.now() - (now - end),
    exitCode: outcome.kind === 'ok' ? 0 : outcome.kind === 'exit' ? outcome.code : null,
    runnerLost: false,
  }
}

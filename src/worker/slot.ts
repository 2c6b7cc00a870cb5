/**
 * One attempt of one task on one slot, from the claimed row to the outcome and the bytes it wrote.
 *
 * Why a program was stopped is decided by whoever comes first: its time limit, its output limit, or the worker that has
 * to leave. A program that is asked to stop has the grace period; then its whole group is killed, runner included, and the
 * slot gets a new runner.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { startTimer, type Timer } from '../time/timer.ts'
import { slotAssignment, taskAssignments } from './environment.ts'
import type { JobCommand } from './job-command.ts'
import { maxAttempts, type Terms } from './next-state.ts'
import { type Outcome, outcomeOf, type StopReason } from './outcome.ts'
import type { Programs } from './program.ts'
import { type Ended, Runner } from './runner.ts'
import { OUTPUT_LIMIT_BYTES, type Output, SlotFiles } from './slot-files.ts'
import { markStop, unmarkStop } from './stop-marks.ts'

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

export class Slot {
  readonly #settings: AttemptSettings
  readonly #directory: string
  readonly #number: number
  /** Made when there is a program to run: of many slots most may never have one. */
  #files: SlotFiles | undefined
  #runner: Runner | undefined
  #reason: StopReason | undefined
  #killTimer: Timer | undefined
  #killAt = 0
  /** What its directory says of a stop, until the end is booked. */
  #marked: { readonly task: ClaimedTask; readonly kind: StopReason['kind'] } | undefined
  /** What it is busy with. */
  #task: ClaimedTask | undefined
  #startedAt = 0
  /** The group was killed: what a survivor may still write must not become the next program's output. */
  #wasKilled = false

  constructor(directory: string, number: number, settings: AttemptSettings) {
    this.#directory = directory
    this.#settings = settings
    this.#number = number
  }

  /** @throws Complaint when the slot's files cannot be written: then nothing was started */
  async run(task: ClaimedTask): Promise<AttemptResult> {
    const refused = this.#refusal(task)
    if (refused !== undefined) return withoutProgram(refused)
    const { command, programs } = this.#settings
    const resolution = command?.resolve() ?? programs.resolve(task.task)
    if (resolution.kind === 'unstartable') return withoutProgram(resolution)

    this.#task = task
    this.#startedAt = performance.now()
    this.#reason = undefined
    try {
      const { environment, projectDirectory } = this.#settings
      if (this.#runner?.isGone) this.#runner = undefined
      this.#files ??= new SlotFiles(this.#directory, this.#number)
      this.#runner ??= await Runner.start(this.#files, environment, projectDirectory)
      // Starting a runner takes a moment, in which the worker may have been told to leave.
      return this.#reason === undefined
        ? await this.#runProgram(this.#runner, this.#files, task, resolution.command)
        : withoutProgram(this.#reason)
    } finally {
      this.#task = undefined
      this.#killTimer?.cancel()
      this.#killTimer = undefined
    }
  }

  /** Once a beat, for a slot that may be flooding its file. */
  checkOutput(): void {
    if (this.#task !== undefined && this.#files !== undefined && this.#files.written() > OUTPUT_LIMIT_BYTES)
      this.stop({ kind: 'flood', limitBytes: OUTPUT_LIMIT_BYTES })
  }

  /**
   * Asks the program to end; its group is killed when it has, or when the grace period is over. The first reason is the one
   * that counts, the shortest period the one that is kept.
   */
  stop(reason: StopReason, graceMs = this.#settings.graceMs): void {
    if (this.#task === undefined) return
    if (this.#reason === undefined) this.#ask(this.#task, reason)
    const killAt = performance.now() + graceMs
    if (this.#killTimer !== undefined && this.#killAt <= killAt) return
    this.#killTimer?.cancel()
    this.#killAt = killAt
    this.#killTimer = startTimer(graceMs, () => this.#runner?.kill())
  }

  /** Whoever takes over from us, should we be killed, finds why it was stopped beside the journal. */
  #ask(task: ClaimedTask, reason: StopReason): void {
    this.#reason = reason
    this.#marked = { task, kind: reason.kind }
    markStop(this.#directory, task, reason.kind)
    this.#runner?.terminate()
  }

  /** The claim whose program runs now, and for how long it has. */
  get running(): { readonly task: ClaimedTask; readonly ms: number } | undefined {
    return this.#task === undefined ? undefined : { task: this.#task, ms: performance.now() - this.#startedAt }
  }

  /** Whether the output just taken must be in the log before the slot can be used again. */
  needsSettling(output: Output): boolean {
    return output.kind === 'file' || this.#files?.isFull === true || this.#wasKilled
  }

  /** Begins the slot's files anew, now that the output is in the log; the next runner inherits them. */
  async settle(): Promise<void> {
    await this.#runner?.close()
    this.#runner = undefined
    this.#wasKilled = false
    if (this.#marked !== undefined) unmarkStop(this.#directory, this.#marked.task, this.#marked.kind)
    this.#marked = undefined
    this.#files?.renew()
  }

  /** Lets the runner leave. Its files go with it only when all that stands in them is booked. */
  async close(booked: boolean): Promise<void> {
    await this.#runner?.close()
    if (booked) this.#files?.remove()
    else this.#files?.close()
  }

  async #runProgram(
    runner: Runner,
    files: SlotFiles,
    task: ClaimedTask,
    words: readonly string[],
  ): Promise<AttemptResult> {
    const { command, installation, terms } = this.#settings
    const assignments = taskAssignments(task, installation, maxAttempts(task, terms.retry))
    const startedAt = performance.now()
    const limit = this.#limitTime(task)
    try {
      const ended = await runner.run({
        id: task.id,
        attempt: task.attempt,
        claimToken: task.claimToken,
        words,
        param: command === undefined ? task.param : undefined,
        assignments: command === undefined ? assignments : `${assignments} ${slotAssignment(task)}`,
      })
      if (ended.kind === 'not-started') throw files.journalComplaint()
      return this.#result(ended, files, startedAt)
    } finally {
      limit?.cancel()
    }
  }

  #refusal(task: ClaimedTask): Outcome | undefined {
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

  #limitTime(task: ClaimedTask): Timer | undefined {
    const afterMs = task.timeoutSeconds === null ? this.#settings.timeoutMs : task.timeoutSeconds * 1_000
    return afterMs === undefined ? undefined : startTimer(afterMs, () => this.stop({ kind: 'timeout', afterMs }))
  }

  #result(ended: Exclude<Ended, { kind: 'not-started' }>, files: SlotFiles, startedAt: number): AttemptResult {
    const endedAt = performance.now()
    // After a stop, or without a runner to tell, whatever is left of the group must not run beside another attempt.
    if (this.#reason !== undefined || ended.kind === 'runner-gone') {
      this.#runner?.kill()
      this.#runner = undefined
      this.#wasKilled = true
    }
    const output = files.takeOutput()
    const shared = { output, ranMs: endedAt - startedAt, endedAt }
    if (ended.kind === 'runner-gone') {
      const outcome = this.#reason ?? { kind: 'crashed' }
      return { ...shared, outcome, exitCode: null, cpuMs: 0, runnerLost: this.#reason === undefined }
    }
    const outcome = outcomeOf(ended.status, this.#reason)
    return { ...shared, outcome, exitCode: exitCodeOf(outcome), cpuMs: ended.cpuMs, runnerLost: false }
  }
}

function exitCodeOf(outcome: Outcome): number | null {
  return outcome.kind === 'ok' ? 0 : outcome.kind === 'exit' ? outcome.code : null
}

function withoutProgram(outcome: Outcome): AttemptResult {
  const endedAt = performance.now()
  return { outcome, output: { kind: 'none' }, cpuMs: 0, ranMs: 0, endedAt, exitCode: null, runnerLost: false }
}

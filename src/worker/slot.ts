/**
 * Attempts on one slot, from the claimed row to the outcome and the bytes it wrote: one at a time, or several short ones that its
 * runner is told at once.
 *
 * Why a program was stopped is decided by whoever comes first: its time limit, its output limit, or the worker that has
 * to leave. A program that is asked to stop has the grace period; then its whole group is killed, runner included, and the
 * slot gets a new runner.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { type AttemptResult, type AttemptSettings, type Ending, resultOf, withoutProgram } from './attempt.ts'
import { ColdRunner } from './cold-runner.ts'
import { Commands } from './commands.ts'
import type { StopReason } from './outcome.ts'
import type { StartableProgram } from './program.ts'
import type { Ended, ProgramRunner } from './program-runner.ts'
import { mayRunAhead, refusal } from './readiness.ts'
import { Several, type SeveralEvents } from './several.ts'
import { OUTPUT_LIMIT_BYTES, type Output, SlotFiles } from './slot-files.ts'
import { Stopping } from './stopping.ts'
import { TimeLimit } from './time-limit.ts'
import { WarmPrograms } from './warm-programs.ts'

/** So often in a row without a word, that it is worth to begin the output file anew and to tell several commands at once. */
const SILENT_FOR_LONG = 64
const NO_OUTPUT: Output = { kind: 'none' }

export class Slot {
  readonly #settings: AttemptSettings
  readonly #makeFiles: () => SlotFiles
  /** Made when there is a program to run: of many slots most may never have one. */
  #files: SlotFiles | undefined
  readonly #cold: ColdRunner
  readonly #warm: WarmPrograms
  readonly #commands: Commands
  /** What runs the program that runs now, or ran the last one. */
  #active: ProgramRunner | undefined
  readonly #stopping: Stopping
  /** What it is busy with; of several the one that was last seen running. */
  #task: ClaimedTask | undefined
  /** What its runner was told ahead, and can be taken back. */
  several: Several | undefined
  #startedAt = 0
  readonly #limit: TimeLimit
  /** So many times in a row nothing was written. */
  #silent = 0
  /** The group was killed: what a survivor may still write must not become the next program's output. */
  #wasKilled = false

  constructor(directory: string, number: number, settings: AttemptSettings) {
    this.#makeFiles = () => new SlotFiles(directory, number)
    this.#stopping = new Stopping(directory)
    this.#settings = settings
    this.#cold = new ColdRunner(settings)
    this.#warm = new WarmPrograms(settings)
    this.#commands = new Commands(settings)
    this.#limit = new TimeLimit(settings.timeoutMs, (afterMs) => this.stop({ kind: 'timeout', afterMs }))
  }

  /** @throws Complaint when the slot's files cannot be written: then nothing was started */
  async run(task: ClaimedTask): Promise<AttemptResult> {
    const refused = refusal(task)
    if (refused !== undefined) return withoutProgram(refused)
    const { command, programs } = this.#settings
    const resolution = command?.resolve() ?? programs.resolve(task.task)
    if (resolution.kind === 'unstartable') return withoutProgram(resolution)

    this.#begin(task)
    try {
      const files = this.#openFiles()
      this.#active = await this.#runnerFor(resolution, files, task)
      // Starting a runner takes a moment, in which the worker may have been told to leave.
      return this.#stopping.reason === undefined
        ? await this.#runProgram(this.#active, files, task, resolution)
        : withoutProgram(this.#stopping.reason)
    } finally {
      this.#end()
    }
  }

  /** For a worker that waits: the next program will be started at once. What cannot be made now is told when there is one. */
  prepare(): void {
    if (this.#task === undefined && !this.#wasKilled) this.#cold.prepare(() => this.#openFiles())
  }

  /** Whether its runner can be told several commands: it lives, and no output stands in its file. */
  get canRunAhead(): boolean {
    const isReady = this.#cold.living !== undefined && !this.#wasKilled && this.#settings.command === undefined
    return isReady && this.#files?.begin === 0
  }

  /** Whether this task can be told together with others: then nothing about it is looked at again before it begins. */
  mayRunAhead(task: ClaimedTask): boolean {
    return mayRunAhead(task, this.#settings.programs.resolve(task.task), this.#limit.of(task))
  }

  /**
   * Runs tasks that may run ahead, one after the other.
   *
   * @param onReturned  told, once each, of those that have not begun and will not
   * @returns those that have begun
   * @throws  Complaint when the slot's files cannot be written: then nothing was started
   */
  async runAll(tasks: readonly ClaimedTask[], onReturned: SeveralEvents['onReturned']): Promise<readonly Ending[]> {
    const { programs } = this.#settings
    const commands = tasks.flatMap((task) => {
      const program = programs.resolve(task.task)
      return program.kind === 'program' && program.warm === undefined ? this.#commands.of(task, program) : []
    })
    const [first] = tasks
    const runner = this.#cold.living
    const files = this.#files
    if (first === undefined || runner === undefined || files === undefined || commands.length < tasks.length) {
      onReturned(tasks) // something was changed in this very moment
      return []
    }
    this.#begin(first)
    this.#active = runner
    const onRunning = (task: ClaimedTask, since: number, isLast: boolean) => this.#seeRunning(task, since, isLast)
    this.several = new Several(tasks, runner, files, { onRunning, onReturned })
    try {
      const begun = await this.several.run(commands)
      return begun.map(({ task, begun }, i, { length }) => {
        const { ended, from, to } = begun
        if (i < length - 1) return { task, result: resultOf(ended, NO_OUTPUT, to - from, to, undefined) }
        return { task, result: this.#result(ended, files, from, to) }
      })
    } finally {
      this.#end()
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
    if (this.several !== undefined) {
      this.#stopping.expect(reason)
      this.several.recall()
    } else if (this.#stopping.reason === undefined) {
      this.#stopping.mark(this.#task, reason)
      this.#active?.terminate()
    }
    this.#stopping.killAfter(graceMs, () => this.#active?.kill())
  }

  #seeRunning(task: ClaimedTask, since: number, isLast: boolean): void {
    this.#task = task
    this.#startedAt = since
    if (!isLast) return
    this.several = undefined // from now on it is one that runs
    this.#limit.begin(task, since)
    if (this.#stopping.expected === undefined) return
    this.#stopping.mark(task, this.#stopping.expected)
    this.#active?.terminate()
  }

  #begin(task: ClaimedTask): void {
    this.#task = task
    this.#startedAt = performance.now()
    this.#stopping.begin()
  }

  #end(): void {
    this.#task = undefined
    this.several = undefined
    this.#limit.end()
    this.#stopping.end()
  }

  /** The claim whose program runs now, and for how long it has. */
  get running(): { readonly task: ClaimedTask; readonly ms: number } | undefined {
    return this.#task === undefined ? undefined : { task: this.#task, ms: performance.now() - this.#startedAt }
  }

  /** Whether the output just taken must be in the log before the slot can be used again. */
  needsSettling(output: Output = NO_OUTPUT): boolean {
    const mayRunAheadAgain = this.#silent >= SILENT_FOR_LONG && this.#files?.begin !== 0
    return output.kind === 'file' || this.#files?.isFull === true || this.#wasKilled || mayRunAheadAgain
  }

  /** Begins the slot's files anew, now that the output is in the log; the next runner inherits them. */
  async settle(): Promise<void> {
    await this.closeRunners()
    this.#wasKilled = false
    this.#stopping.unmark()
    this.#silent = 0
    this.#files?.renew()
  }

  /** No other program will be run: lets the runner leave. */
  async closeRunners(): Promise<void> {
    await Promise.all([this.#cold.close(), this.#warm.close()])
    this.#active = undefined
  }

  /** Its files go only when all that stands in them is booked. */
  async close(booked: boolean): Promise<void> {
    await this.closeRunners()
    if (booked) this.#files?.remove()
    else this.#files?.close()
  }

  /** The one that is to run this program; it is started when there is none that lives. */
  async #runnerFor(program: StartableProgram, files: SlotFiles, task: ClaimedTask): Promise<ProgramRunner> {
    return program.warm ? this.#warm.runnerFor(program, program.warm, files, task) : this.#cold.get(files)
  }

  #openFiles(): SlotFiles {
    this.#files ??= this.#makeFiles()
    return this.#files
  }

  async #runProgram(
    runner: ProgramRunner,
    files: SlotFiles,
    task: ClaimedTask,
    program: StartableProgram,
  ): Promise<AttemptResult> {
    this.#startedAt = performance.now()
    this.#limit.begin(task, this.#startedAt)
    const ended = await runner.run(this.#commands.of(task, program))
    if (ended.kind === 'not-started') throw files.journalComplaint()
    return this.#result(ended, files, this.#startedAt, performance.now())
  }

  #result(ended: Ended, files: SlotFiles, from: number, to: number): AttemptResult {
    const reason = this.#stopping.reason ?? (ended.kind === 'runner-gone' ? this.#stopping.expected : undefined)
    // After a stop, or without a runner to tell, whatever is left of the group must not run beside another attempt.
    const isOutOfStep = ended.kind === 'outcome' && ended.outcome.kind === 'misanswered'
    if (reason !== undefined || ended.kind === 'runner-gone' || isOutOfStep) {
      this.#active?.kill()
      if (this.#active === this.#cold.living) this.#cold.forget()
      this.#active = undefined
      this.#wasKilled = true
    }
    const output = files.takeOutput()
    this.#silent = output.kind === 'none' ? this.#silent + 1 : 0
    return resultOf(ended, output, to - from, to, reason)
  }
}

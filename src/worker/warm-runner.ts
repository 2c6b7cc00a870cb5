/**
 * The runner of a warm program: a shell that started it once and hands it task after task (`warm-shell.ts`).
 *
 * It is good for one life of the program. When that has ended, answers out of step, has served its number of tasks or has grown
 * too large or too old, the runner is spent, and the slot starts another one.
 */
import type { Readable, Writable } from 'node:stream'
import { ProcessUsage } from '../host/process-usage.ts'
import { signalSession } from '../host/processes.ts'
import { outcomeOf } from './outcome.ts'
import type { Command, Ended, ProgramRunner } from './program-runner.ts'
import { shellOptions } from './runner.ts'
import type { SlotFiles } from './slot-files.ts'
import { outcomeOfAnswer } from './warm-answer.ts'
import type { WarmLimits } from './warm-limits.ts'
import { taskLine, type WarmShell, warmScript } from './warm-shell.ts'

export interface WarmStart extends WarmShell {
  readonly files: SlotFiles
  readonly environment: Record<string, string>
  readonly directory: string
  readonly limits: WarmLimits
  /** Of the program's file; a deploy changes it. */
  readonly version: string
}

/** What we use of the process that execa started. */
interface Shell extends PromiseLike<unknown> {
  readonly pid?: number | undefined
  readonly stdin: Writable
  readonly stdio: readonly [unknown, unknown, unknown, unknown, Readable, ...unknown[]]
}

/** How often it is looked at how large the journal has become. */
const TASKS_PER_LOOK = 16

export class WarmRunner implements ProgramRunner {
  readonly #process: Shell
  readonly #start: WarmStart
  readonly #startedAt = performance.now()
  readonly #gone: PromiseLike<void>
  #program: ProcessUsage | undefined
  #command: Command | undefined
  #settle: ((ended: Ended) => void) | undefined
  #told = ''
  #served = 0
  #cpuMs = 0
  #isGone = false
  #isSpent = false

  static async start(start: WarmStart): Promise<WarmRunner> {
    const { execa } = await import('execa')
    const { out, journal } = start.files.descriptors
    // execa hands any descriptor on; its types know the standard ones only.
    const stdio = ['pipe', out, out, journal, 'pipe'] as unknown as typeof shellOptions.stdio
    const { environment: env, directory: cwd } = start
    return new WarmRunner(execa('/bin/sh', [], { ...shellOptions, stdio, env, cwd }), start)
  }

  private constructor(shell: Shell, start: WarmStart) {
    this.#process = shell
    this.#start = start
    this.#gone = shell.then(() => {
      this.#isGone = true
      signalSession(this.pid, 'SIGKILL') // a program whose shell was killed may not care for the end of its input
      this.#program?.close()
      this.#end({ kind: 'runner-gone' })
    })
    shell.stdin.on('error', () => {}) // a runner that is gone is noticed by its end
    shell.stdio[4].on('data', (chunk: string) => this.#hear(chunk))
    shell.stdio[4].on('error', () => {})
    ;(shell.stdio[4] as Readable).setEncoding('utf8')
    shell.stdin.write(warmScript(start))
  }

  get isGone(): boolean {
    return this.#isGone
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Whether the next task, of a program whose file has this version now, can go to the program that is there. */
  canServe(version: string): boolean {
    const { limits } = this.#start
    const isYoung = performance.now() - this.#startedAt < limits.ageMs
    const isThere =
      !this.#isGone && !this.#isSpent && (this.#program === undefined || this.#program.read() !== undefined)
    return isThere && isYoung && version === this.#start.version
  }

  run(command: Command): Promise<Ended> {
    const { files } = this.#start
    this.#command = command
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#process.stdin.write(taskLine(command, command.request ?? '', files.begin, Date.now()))
    })
  }

  terminate(): void {
    this.#isSpent = true
    signalSession(this.pid, 'SIGTERM')
  }

  kill(): void {
    this.#isSpent = true
    signalSession(this.pid, 'SIGKILL')
  }

  async close(): Promise<void> {
    this.#isSpent = true
    this.#process.stdin.end()
    await this.#gone
  }

  #hear(text: string): void {
    this.#told += text
    const lines = this.#told.split('\n')
    this.#told = lines.pop() ?? ''
    for (const line of lines) this.#understand(line.slice(0, 1), line.slice(1))
  }

  #understand(kind: string, text: string): void {
    if (kind === 'P') this.#program = new ProcessUsage(Number(text))
    else if (kind === '-') this.#end({ kind: 'not-started' })
    else
      this.#endTask(kind === 'A' ? outcomeOfAnswer(text, this.#command?.id ?? 0) : outcomeOf(Number(text), undefined))
  }

  #endTask(outcome: ReturnType<typeof outcomeOf>): void {
    const { limits, files } = this.#start
    const usage = this.#program?.read()
    const used = typeof usage === 'object' ? usage : { cpuMs: this.#cpuMs, residentBytes: 0 }
    const cpuMs = Math.max(0, used.cpuMs - this.#cpuMs)
    this.#cpuMs = used.cpuMs
    this.#served++
    if (this.#served % TASKS_PER_LOOK === 0) files.journalSize()
    const hasAnswered = outcome.kind !== 'misanswered' && usage !== undefined
    if (!hasAnswered || this.#served >= limits.tasks || used.residentBytes > limits.memoryBytes) this.#isSpent = true
    if (this.#isSpent) this.#process.stdin.end()
    this.#end({ kind: 'outcome', outcome, cpuMs })
  }

  #end(ended: Ended): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(ended)
  }
}

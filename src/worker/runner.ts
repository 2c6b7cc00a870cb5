/**
 * A runner: one small shell per concurrency slot, the parent of the task programs.
 *
 * The worker feeds it one line per task on its standard input; it writes what it starts and how that ended into the
 * slot's journal, and the exit code to us. That buys three things: a program is started from a tiny process, whatever
 * the worker has grown to; a program outlives a worker that is killed, because the shell sees it to its end; and runner
 * and program are one process group, which can be ended as a whole.
 *
 * The shell's standard output and error are the slot's output file, so programs inherit them without a redirection. What
 * the shell has to say of a program, that it was `Killed` or cannot be found, stands behind that program's output then.
 * Descriptor 3 is the journal, 4 leads to us; programs get neither.
 */
import type { Readable, Writable } from 'node:stream'
import { signalSession } from '../host/processes.ts'
import { quote } from '../host/quote.ts'
import { childrenMs, endRecord, startRecord } from './journal.ts'
import type { SlotFiles } from './slot-files.ts'

export interface Command {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
  /** The command, without the parameter. */
  readonly words: readonly string[]
  /** Its last argument, and its standard input; without one there is neither. */
  readonly param: string | undefined
  /** Variables for this program alone, as shell assignments. */
  readonly assignments: string
}

/** How a command ended, as the shell tells it. */
export type Ended =
  /** `status` as `$?` has it; CPU of the program and all it waited for. */
  | { readonly kind: 'status'; readonly status: number; readonly cpuMs: number }
  /** The runner itself is gone; the program was not seen to its end. */
  | { readonly kind: 'runner-gone' }
  /** The journal could not be written, so nothing was started. */
  | { readonly kind: 'not-started' }

/** What we use of the process that execa started. */
interface Shell extends PromiseLike<unknown> {
  readonly pid?: number | undefined
  readonly stdin: Writable
  readonly stdio: readonly [unknown, unknown, unknown, unknown, Readable, ...unknown[]]
}

const REPLY = /^(\d+|-)\n/

export class Runner {
  readonly #process: Shell
  readonly #files: SlotFiles
  readonly #gone: PromiseLike<void>
  #settle: ((ended: Ended) => void) | undefined
  #reply = ''
  #isGone = false
  #cpuMs = 0

  static async start(files: SlotFiles, environment: Record<string, string>, directory: string): Promise<Runner> {
    const { execa } = await import('execa')
    const { out, journal } = files.descriptors
    // execa hands any descriptor on; its types know the standard ones only.
    const stdio = ['pipe', out, out, journal, 'pipe'] as unknown as typeof shellOptions.stdio
    return new Runner(execa('/bin/sh', [], { ...shellOptions, stdio, env: environment, cwd: directory }), files)
  }

  private constructor(shell: Shell, files: SlotFiles) {
    this.#process = shell
    this.#files = files
    this.#gone = shell.then(() => {
      this.#isGone = true
      this.#end({ kind: 'runner-gone' })
    })
    shell.stdin.on('error', () => {}) // a runner that is gone is noticed by its end
    shell.stdio[4].on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')))
    shell.stdio[4].on('error', () => {})
    // Not PIPE: when the worker is gone, the end of a program can be told to the journal only, and the runner leaves.
    shell.stdin.write('trap : TERM INT HUP\n')
  }

  /** It has ended: it left, or somebody killed it. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** The session and process group of the runner and its program. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Runs one command to its end; the runner must be idle. */
  run(command: Command): Promise<Ended> {
    const { words, param, assignments } = command
    const bytes = Buffer.from(param ?? '')
    if (bytes.length > 0) this.#files.writeInput(bytes)
    const stdin = bytes.length > 0 ? quote(this.#files.inPath) : '/dev/null'
    const program = [...words, ...(param === undefined ? [] : [param])].map(quote).join(' ')
    const start = startRecord(command, this.#files.begin, Date.now())
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#process.stdin.write(
        `if echo "${start}" >&3; then ${assignments} ${program} <${stdin} 3>&- 4>&-; r=$?; { echo "${endRecord(command)}"; times; } >&3; echo $r >&4; else echo - >&4; fi\n`,
      )
    })
  }

  /** To the program and all it started that did not leave the session; the runner itself stays. */
  terminate(): void {
    signalSession(this.pid, 'SIGTERM')
  }

  /** To the whole session, the runner included. */
  kill(): void {
    signalSession(this.pid, 'SIGKILL')
  }

  /** Lets an idle runner leave. */
  async close(): Promise<void> {
    this.#process.stdin.end()
    await this.#gone
  }

  #read(text: string): void {
    this.#reply += text
    const reply = REPLY.exec(this.#reply)
    if (reply === null) return
    this.#reply = this.#reply.slice(reply[0].length)
    if (reply[1] === '-') this.#end({ kind: 'not-started' })
    else this.#end({ kind: 'status', status: Number(reply[1]), cpuMs: this.#newCpuMs() })
  }

  /** `times` counts all children since the runner began. It stands in the journal: there it wakes nobody. */
  #newCpuMs(): number {
    const lastLine = this.#files.journalEnd().toString('latin1').trimEnd().split('\n').at(-1) ?? ''
    const total = childrenMs(lastLine) ?? this.#cpuMs
    const used = Math.max(0, total - this.#cpuMs)
    this.#cpuMs = total
    return used
  }

  #end(ended: Ended): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(ended)
  }
}

const shellOptions = {
  detached: true, // a session and process group of its own
  cleanup: false, // it outlives us
  reject: false,
  buffer: false,
  extendEnv: false,
  stdio: ['pipe', 'ignore', 'ignore', 'ignore', 'pipe'],
} as const

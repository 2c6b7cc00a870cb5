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
import { quote } from './quote.ts'
import type { SlotFiles } from './slot-files.ts'

export interface Command {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
  readonly workerId: number
  /** Program and interpreter, without the parameter. */
  readonly words: readonly string[]
  readonly param: string
  /** Variables for this program alone, as shell assignments. */
  readonly assignments: string
}

/** How a command ended, as the shell tells it. */
export type Ended =
  /** `status` as `$?` has it; CPU of the program and all it waited for. */
  | { readonly kind: 'status'; readonly status: number; readonly cpuMs: number }
  /** The runner itself is gone; the program was not seen to its end. */
  | { readonly kind: 'runner-gone' }

/** What we use of the process that execa started. */
interface Shell extends PromiseLike<unknown> {
  readonly pid?: number | undefined
  readonly stdin: Writable
  readonly stdio: readonly [unknown, unknown, unknown, unknown, Readable, ...unknown[]]
}

const STATUS = /^(\d+)\n/
/** `times` of bash writes the locale's decimal mark. */
const CHILDREN = /\n(\d+)m([\d.,]+)s (\d+)m([\d.,]+)s\n$/

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
    shell.stdin.write('trap : TERM INT HUP PIPE\n')
  }

  /** It has ended: it left, or somebody killed it. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** The process group of the runner and its program. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Runs one command to its end; the runner must be idle. */
  run(command: Command): Promise<Ended> {
    const { id, attempt, claimToken, workerId, words, param, assignments } = command
    const bytes = Buffer.from(param)
    if (bytes.length > 0) this.#files.writeInput(bytes)
    const stdin = bytes.length > 0 ? quote(this.#files.inPath) : '/dev/null'
    const program = [...words, param].map(quote).join(' ')
    const start = `S ${id} ${attempt} ${claimToken} ${workerId} ${this.#files.begin} ${Date.now()}`
    return new Promise((resolve) => {
      this.#settle = resolve
      this.#process.stdin.write(
        `echo ${start} >&3; ${assignments} ${program} <${stdin} 3>&- 4>&-; r=$?; { echo E ${id} ${attempt} $r; times; } >&3; echo $r >&4\n`,
      )
    })
  }

  /** To the program and all it started; the runner itself stays. */
  terminate(): void {
    this.#signal('SIGTERM')
  }

  /** To the whole group, the runner included. */
  kill(): void {
    this.#signal('SIGKILL')
  }

  /** Lets an idle runner leave. */
  async close(): Promise<void> {
    this.#process.stdin.end()
    await this.#gone
  }

  #read(text: string): void {
    this.#reply += text
    const status = STATUS.exec(this.#reply)
    if (status === null) return
    this.#reply = this.#reply.slice(status[0].length)
    // `times` counts all children since the runner began. It stands in the journal: there it wakes nobody.
    const times = CHILDREN.exec(this.#files.journalEnd().toString('latin1')) ?? []
    const [, userMinutes = 0, userSeconds = 0, systemMinutes = 0, systemSeconds = 0] = times.map((part) =>
      Number(part.replace(',', '.')),
    )
    const cpuMs = Math.round((userMinutes + systemMinutes) * 60_000 + (userSeconds + systemSeconds) * 1_000)
    const used = cpuMs - this.#cpuMs
    this.#cpuMs = cpuMs
    this.#end({ kind: 'status', status: Number(status[1]), cpuMs: used })
  }

  #end(ended: Ended): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(ended)
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    try {
      process.kill(-this.pid, signal)
    } catch {
      // the group is gone already
    }
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

/**
 * A runner: one small shell per concurrency slot, the parent of the task programs.
 *
 * The worker tells it on its standard input what to run (`message.ts`): one command, or several short ones at once, which it
 * runs one after the other. It writes what it starts and how that ended into the slot's journal, and tells us when it has come
 * to the end of a message. That buys four things: a program is started from a tiny process, whatever the worker has grown to;
 * the worker wakes up once for many programs; a program outlives a worker that is killed, because the shell sees it to its
 * end; and runner and program are one process group, which can be ended as a whole.
 *
 * What is told ahead can be taken back: each command but the first of a message begins only while there is no recall file. So
 * when that is made first and the journal is read then, and it has a start without an end, nothing behind that will begin.
 *
 * What the shell has to say of a program, that it was `Killed` or cannot be found, stands behind that program's output.
 */
import type { Readable, Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { signalSession } from '../host/processes.ts'
import { LONGEST_PIPED_BYTES, type MessagePart, messageText, type Reply, readReply, runnerScript } from './message.ts'
import { readMessage } from './message-records.ts'
import type { Command, Ended, ProgramRunner } from './program-runner.ts'
import type { SlotFiles } from './slot-files.ts'
import { shareOut, Timeline } from './timeline.ts'

/** What we use of the process that execa started. */
interface Shell extends PromiseLike<unknown> {
  readonly pid?: number | undefined
  readonly stdin: Writable
  readonly stdio: readonly unknown[]
}

export interface RunnerSettings {
  readonly environment: Record<string, string>
  readonly projectDirectory: string
  readonly installation: string
}

/** A command that was begun. Times are on the clock of `performance.now()`; of several in a message they are estimates. */
export interface Begun {
  readonly ended: Ended
  readonly from: number
  readonly to: number
}

/** The descriptor that leads from the shell to us. */
const REPLIES = 3

interface Message {
  readonly commands: readonly Command[]
  readonly timeline: Timeline
  /** Where its records begin in the journal. */
  readonly journalFrom: number
  readonly resolve: (begun: readonly Begun[]) => void
}

export class Runner implements ProgramRunner {
  readonly #process: Shell
  readonly #files: SlotFiles
  readonly #gone: PromiseLike<void>
  #message: Message | undefined
  #assignments = ''
  #told = ''
  #isGone = false
  #cpuMs = 0

  static async start(files: SlotFiles, settings: RunnerSettings, shell = '/bin/sh'): Promise<Runner> {
    const { execa } = await import('execa')
    const { out, journal } = files.descriptors
    // execa hands any descriptor on; its types know the standard ones only.
    const stdio = ['pipe', journal, out, 'pipe'] as unknown as typeof shellOptions.stdio
    const { environment: env, projectDirectory: cwd, installation } = settings
    return new Runner(execa(shell, [], { ...shellOptions, stdio, env, cwd }), files, installation)
  }

  private constructor(shell: Shell, files: SlotFiles, installation: string) {
    this.#process = shell
    this.#files = files
    this.#gone = shell.then(() => {
      this.#isGone = true
      this.#end(undefined)
    })
    shell.stdin.on('error', () => {}) // a runner that is gone is noticed by its end
    const replies = shell.stdio[REPLIES] as Readable
    replies.on('data', (chunk: Buffer) => this.#read(chunk.toString('latin1')))
    replies.on('error', () => {})
    // Not PIPE: when the worker is gone, the end of a program can be told to the journal only, and the runner leaves.
    shell.stdin.write(runnerScript(installation, files.recallPath, files.outPath))
  }

  get isGone(): boolean {
    return this.#isGone
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async run(command: Command): Promise<Ended> {
    const [begun] = await this.runAll([command])
    return begun?.ended ?? { kind: this.#isGone ? 'runner-gone' : 'not-started' }
  }

  /**
   * Runs commands one after the other; the runner must be idle, and with several the output file empty.
   *
   * @returns those that were begun, in their order; fewer when the runner was recalled, when one of them wrote something, or
   *          when the journal cannot be written
   */
  runAll(commands: readonly Command[]): Promise<readonly Begun[]> {
    const parts = commands.map((command) => this.#withInput(command))
    const text = messageText(parts, this.#files.begin, Date.now(), this.#assignments)
    this.#assignments = commands.at(-1)?.assignments ?? this.#assignments
    const journalFrom = this.#files.journalSize()
    return new Promise((resolve) => {
      this.#message = { commands, timeline: new Timeline(performance.now()), journalFrom, resolve }
      this.#process.stdin.write(text)
    })
  }

  /** How many commands of the message were begun and how many have ended, as the journal tells now. */
  progress(): { readonly begun: number; readonly ended: number } {
    if (this.#message === undefined) return { begun: 0, ended: 0 }
    const { commands, timeline, journalFrom } = this.#message
    const records = readMessage(this.#files.journalFrom(journalFrom), commands)
    timeline.mark(performance.now(), records.ended)
    return records
  }

  /** When that many commands of the message had ended: an estimate. */
  endOf(count: number): number {
    return this.#message?.timeline.endOf(count) ?? performance.now()
  }

  /** The runner itself stays. */
  terminate(): void {
    signalSession(this.pid, 'SIGTERM')
  }

  kill(): void {
    signalSession(this.pid, 'SIGKILL')
  }

  async close(): Promise<void> {
    this.#process.stdin.end()
    await this.#gone
  }

  #withInput(command: Command): MessagePart {
    const { param = '' } = command
    if (param === '') return { ...command, input: 'none' }
    if (param.length <= LONGEST_PIPED_BYTES / 3) return { ...command, input: 'piped' }
    const bytes = Buffer.from(param)
    if (bytes.length <= LONGEST_PIPED_BYTES) return { ...command, input: 'piped' }
    this.#files.writeInput(bytes)
    return { ...command, input: { path: this.#files.inPath } }
  }

  #read(text: string): void {
    this.#told += text
    const end = this.#told.indexOf('\n')
    if (end === -1) return
    const reply = readReply(this.#told.slice(0, end))
    this.#told = this.#told.slice(end + 1)
    if (reply !== undefined) this.#end(reply)
  }

  /** @param reply  undefined when the runner is gone: then the journal alone tells how far it came */
  #end(reply: Reply | undefined): void {
    const message = this.#message
    if (message === undefined) return
    this.#message = undefined
    const { commands, timeline, journalFrom } = message
    const records = readMessage(this.#files.journalFrom(journalFrom), commands)
    const begun = reply === undefined ? records.begun : commands.findIndex(({ id }) => id === reply.last?.id) + 1
    timeline.mark(performance.now(), begun)
    const spans = timeline.spans(begun)
    const cpu = shareOut(
      this.#newCpuMs(records.childrenMs),
      spans.map(({ from, to }) => to - from),
    )
    message.resolve(
      spans.map(({ from, to }, i) => {
        const status = records.statuses[i] ?? (i === begun - 1 ? reply?.last?.status : undefined)
        const ended: Ended =
          status === undefined ? { kind: 'runner-gone' } : { kind: 'status', status, cpuMs: cpu[i] ?? 0 }
        return { ended, from, to }
      }),
    )
  }

  /** `times` counts all children since the runner began. */
  #newCpuMs(total: number): number {
    const used = Math.max(0, total - this.#cpuMs)
    this.#cpuMs = Math.max(total, this.#cpuMs)
    return used
  }
}

/** Loads what starts a runner, beside what is under way. What fails is told when a runner is started. */
export async function loadStarter(): Promise<void> {
  await nextTurn()
  try {
    await import('execa')
  } catch {
    // `start` finds the same
  }
}

/** For execa, of every runner. */
export const shellOptions = {
  detached: true, // a session and process group of its own
  cleanup: false, // it outlives us
  reject: false,
  buffer: false,
  extendEnv: false,
  stdio: ['pipe', 'ignore', 'ignore', 'ignore', 'pipe'],
} as const

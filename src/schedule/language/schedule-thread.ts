/**
 * A thread of its own for the code of a schedule file.
 *
 * It is asked one thing at a time. When it does not answer in time it is ended, and every later question fails.
 */
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import type { JobContext } from './define.ts'

export type Question =
  /** Load the schedule file; the second time this is answered at once. */
  | { readonly kind: 'load' }
  /** Load it and plan it; the value is a `LoadedPlan`. */
  | { readonly kind: 'plan' }
  | { readonly kind: 'call'; readonly job: string; readonly option: string; readonly context: JobContext }
  | { readonly kind: 'end' }

export type ThreadAnswer =
  | { readonly kind: 'value'; readonly value: unknown }
  /** The reason is a clause: `threw no such host`; or a sentence, where the file does not load. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isSentence?: true }

export interface ThreadTask {
  readonly path: string
  readonly entryUrl: string | undefined
}

/** How long a thread that is asked to end may take for what it has printed. */
const LAST_WORDS_MS = 500

export class ScheduleThread {
  readonly #worker: Worker
  readonly #printed: Promise<unknown>
  readonly #exited: Promise<void>
  #settle: ((answer: ThreadAnswer) => void) | undefined
  #end: ThreadAnswer | undefined

  constructor(path: string, entryUrl: string | undefined, onOutput: (line: string) => void) {
    const workerData: ThreadTask = { path, entryUrl }
    // Flags of this process may be for its own text only, such as --eval and --input-type.
    const worker = new Worker(threadUrl(), { workerData, stdout: true, stderr: true, execArgv: [] })
    this.#worker = worker
    this.#printed = Promise.all([worker.stdout, worker.stderr].map((input) => linesOf(input, onOutput)))
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()))
    worker.on('message', (answer: ThreadAnswer) => this.#settle?.(answer))
    worker.on('messageerror', (error) =>
      this.#settle?.({ kind: 'failed', reason: `returned what cannot be read: ${error.message}` }),
    )
    worker.on('error', (error) => this.#ended(`threw ${error instanceof Error ? error.message : String(error)}`))
    worker.on('exit', () => this.#ended('ended its thread'))
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** @returns `late`: there was no answer in time, and the thread is no more */
  async ask(question: Question, limitMs: number): Promise<ThreadAnswer | { readonly kind: 'late' }> {
    if (this.#end !== undefined) return this.#end
    const { promise, resolve } = Promise.withResolvers<ThreadAnswer | { readonly kind: 'late' }>()
    this.#settle = resolve
    const timer = setTimeout(() => resolve({ kind: 'late' }), limitMs)
    this.#worker.postMessage(question)
    const answer = await promise
    clearTimeout(timer)
    if (answer.kind === 'late') {
      this.#ended('was too late before')
      await this.#worker.terminate()
    }
    return answer
  }

  async end(): Promise<void> {
    if (!this.hasEnded) this.#worker.postMessage({ kind: 'end' } satisfies Question)
    const timer = setTimeout(() => this.#worker.terminate(), LAST_WORDS_MS)
    await this.#exited
    await this.#printed
    clearTimeout(timer)
  }

  /** The first reason is the right one. */
  #ended(reason: string): void {
    this.#end ??= { kind: 'failed', reason }
    this.#settle?.(this.#end)
  }
}

function linesOf(input: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  const lines = createInterface({ input })
  lines.on('line', onLine)
  return new Promise((resolve) => lines.once('close', resolve))
}

/** The thread's own file: beside this one in the sources; the build makes it one that this is not bundled with. */
function threadUrl(): URL {
  const isSource = import.meta.url.endsWith('.ts')
  return new URL(isSource ? './thread-entry.ts' : '../thread/thread-entry.js', import.meta.url)
}

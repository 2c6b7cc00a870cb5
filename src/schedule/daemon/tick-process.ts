/**
 * A tick as a process of its own: whatever becomes of it, the daemon is there in the next minute.
 */
import { type ChildProcess, spawn } from 'node:child_process'

export interface TickProcessOptions {
  /** The file of the `cron-mission` command, and its flags. */
  readonly command: readonly [string, ...string[]]
  readonly environment: NodeJS.ProcessEnv
  /** A tick has ended, well or not. */
  readonly onEnd: () => void
}

/** The tick's own watchdog ends it before; one that could not even do that is ended here. */
const LONGEST_MS = 55_000

export class TickProcess {
  readonly #options: TickProcessOptions
  #running: { readonly child: ChildProcess; readonly since: number; readonly ended: Promise<void> } | undefined

  constructor(options: TickProcessOptions) {
    this.#options = options
  }

  /** It has a session of its own: Ctrl-C is the daemon's alone. */
  start(): void {
    const { command, environment, onEnd } = this.#options
    if (this.#running !== undefined && performance.now() - this.#running.since > LONGEST_MS) {
      this.#running.child.kill('SIGKILL')
    }
    const child = spawn(process.execPath, command, {
      env: environment,
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', (error) => {
        process.stderr.write(`cron-mission: A tick could not be started: ${error.message}.\n`)
        resolve()
      })
    })
    const running = { child, since: performance.now(), ended }
    this.#running = running
    ended.then(() => {
      if (this.#running === running) this.#running = undefined
      onEnd()
    })
  }

  /** Resolves when none is running. */
  get ended(): Promise<void> {
    return this.#running?.ended ?? Promise.resolve()
  }
}

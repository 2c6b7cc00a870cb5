/** The runner of a slot that starts a program for each task: at most one lives, whoever asks for it and when. */
import { Runner, type RunnerSettings } from './runner.ts'
import type { SlotFiles } from './slot-files.ts'

export class ColdRunner {
  readonly #settings: RunnerSettings
  #runner: Runner | undefined
  #starting: Promise<Runner> | undefined

  constructor(settings: RunnerSettings) {
    this.#settings = settings
  }

  /** The one that lives. */
  get living(): Runner | undefined {
    return this.#runner?.isGone === false ? this.#runner : undefined
  }

  /** It is started when there is none that lives. */
  async get(files: SlotFiles): Promise<Runner> {
    if (this.living !== undefined) return this.living
    this.#starting ??= this.#start(files)
    return this.#starting
  }

  /** What cannot be made now is told when there is a program to run. */
  prepare(files: () => SlotFiles): void {
    const start = async () => this.get(files())
    start().catch(() => {})
  }

  /** It was killed. */
  forget(): void {
    this.#runner = undefined
  }

  /** Lets it leave. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => {})
    await this.#runner?.close()
    this.#runner = undefined
  }

  async #start(files: SlotFiles): Promise<Runner> {
    try {
      this.#runner = await Runner.start(files, this.#settings)
      return this.#runner
    } finally {
      this.#starting = undefined
    }
  }
}

/**
 * The warm programs of one slot: one process for each program that it has had lately.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { queueAssignment } from './environment.ts'
import type { StartableProgram, WarmFile } from './program.ts'
import type { SlotFiles } from './slot-files.ts'
import type { WarmLimits } from './warm-limits.ts'
import { WarmRunner } from './warm-runner.ts'

export interface WarmSettings {
  readonly graceMs: number
  readonly projectDirectory: string
  readonly environment: Record<string, string>
  readonly warmLimits: WarmLimits
}

/** Each may be as large as the limit allows. The one that was not used for the longest time leaves first. */
const MOST_KEPT = 4

export class WarmPrograms {
  readonly #settings: WarmSettings
  /** By the name of the program, the one that was used last at the end. */
  readonly #kept = new Map<string, WarmRunner>()

  constructor(settings: WarmSettings) {
    this.#settings = settings
  }

  /** The one that is to run a task of this program. One that is to be replaced has left before its successor begins. */
  async runnerFor(
    program: StartableProgram,
    file: WarmFile,
    files: SlotFiles,
    { queue }: Pick<ClaimedTask, 'queue'>,
  ): Promise<WarmRunner> {
    const kept = this.#kept.get(file.name)
    if (kept?.canServe(file.version) === false) await this.#leave(file.name)
    const runner = this.#kept.get(file.name) ?? (await this.#start(program, file, files, queue))
    this.#kept.delete(file.name)
    this.#kept.set(file.name, runner)
    return runner
  }

  async #start({ command }: StartableProgram, file: WarmFile, files: SlotFiles, queue: string): Promise<WarmRunner> {
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined && this.#kept.size >= MOST_KEPT) await this.#leave(oldest)
    const { graceMs, projectDirectory, environment, warmLimits } = this.#settings
    return WarmRunner.start({
      files,
      environment,
      directory: projectDirectory,
      limits: warmLimits,
      version: file.version,
      pipes: files.pipes,
      words: command,
      assignments: `${queueAssignment(queue)} TASK_WARM=1`,
      graceMs,
    })
  }

  async #leave(name: string): Promise<void> {
    const runner = this.#kept.get(name)
    this.#kept.delete(name)
    await runner?.close()
  }

  /** Lets all of them leave. */
  async close(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((name) => this.#leave(name)))
  }
}

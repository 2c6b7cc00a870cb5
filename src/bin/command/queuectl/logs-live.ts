/**
 * The output of an attempt that runs on this host, read from its worker's files, and whether it was booked in the meantime.
 */
import { bookedOutput, type LiveChoice } from '../../../ctl/choose-output.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { again } from '../../../queue/again.ts'
import type { Driver } from '../../../queue/driver.ts'
import { installationName } from '../../../queue/migrate.ts'
import type { OutputPlace } from '../../../queue/store/finish.ts'
import type { RunWorker } from '../../../queue/store/read-output.ts'
import { findLiveOutput, type LiveOutput } from '../../../worker/live-output.ts'
import { workerDirectoryPath } from '../../../worker/worker-directory.ts'
import type { Print } from './print-output.ts'

const STEP_BYTES = 65_536
const PATIENCE_MS = 60_000

/** What the database says: where the output is, `null` for none; `undefined` while it runs. */
export type Booked = OutputPlace | null | 'given-back' | undefined

export class Live {
  readonly #db: Driver
  readonly #id: number
  readonly #choice: LiveChoice
  readonly #buffer = Buffer.alloc(STEP_BYTES)
  #installation: string | undefined
  #output: LiveOutput | undefined

  constructor(db: Driver, id: number, choice: LiveChoice) {
    this.#db = db
    this.#id = id
    this.#choice = choice
  }

  /** Undefined while it has not begun. */
  get output(): LiveOutput | undefined {
    return this.#output
  }

  booked(): Promise<Booked> {
    const { claimToken } = this.#choice
    return again(this.#db.dialect, { forMs: PATIENCE_MS }, () => bookedOutput(this.#db, this.#id, claimToken))
  }

  /**
   * Looks for it among the files of its worker.
   *
   * @returns `here` when its output is, or will be, among them; `gone` when they have just been removed
   * @throws Complaint (unavailable) when they are on another host, or of another user
   */
  async find(): Promise<'here' | 'gone'> {
    if (this.#output !== undefined) return 'here'
    const { attempt, claimToken, worker } = this.#choice
    if (worker === undefined) return 'gone'
    const directory = await this.#directoryOf(worker)
    const found = findLiveOutput(directory, worker.workerId, { id: this.#id, attempt, claimToken })
    switch (found.kind) {
      case 'begun':
        this.#output = found.output
        return 'here'
      case 'waits':
        return 'here'
      case 'unreadable':
        throw new Complaint(
          EXIT.unavailable,
          `Task ${this.#id} runs, and what it prints is in ${directory}, which belongs to another user. Ask as that one.`,
        )
      case 'absent':
        if (worker.host === ownIdentity().host) return 'gone'
        throw new Complaint(
          EXIT.unavailable,
          `Task ${this.#id} runs on ${worker.host}, and until it ends, what it prints is there, in ${directory}. Ask on that host.`,
        )
    }
  }

  /**
   * Prints what has come since the last time.
   *
   * @returns `ended` when its program has: how long the output is, its booking tells; `unwanted` when whoever reads has left
   */
  async printMore(to: Print): Promise<'ended' | 'running' | 'unwanted'> {
    for (;;) {
      const bytes = this.#output?.read(this.#buffer)
      if (this.#output !== undefined && bytes === undefined) return 'ended'
      if (bytes === undefined || bytes.length === 0) return 'running'
      if (!(await to(bytes))) return 'unwanted'
    }
  }

  /** Prints all that there is now; of a program that has ended and was booked, what is left stands at the place returned. */
  async printSoFar(to: Print): Promise<OutputPlace | null | undefined> {
    const place = await this.find()
    if (place === 'here' && (await this.printMore(to)) !== 'ended') return undefined
    const booked = await this.booked()
    if (booked === undefined && place === 'gone') throw this.lost()
    if (booked === undefined || booked === 'given-back') {
      await this.printRest(to)
      return undefined
    }
    return booked
  }

  /** Of a program that has ended and is not booked, or whose output could not be logged. */
  async printRest(to: Print): Promise<void> {
    for (;;) {
      const bytes = this.#output?.readRest(this.#buffer)
      if (bytes === undefined || bytes.length === 0 || !(await to(bytes))) return
    }
  }

  /** Asked for once: the files are looked at many times a second. */
  async #directoryOf({ stateDirectory, workerId }: RunWorker): Promise<string> {
    this.#installation ??= await again(this.#db.dialect, { forMs: PATIENCE_MS }, () => installationName(this.#db))
    return workerDirectoryPath(stateDirectory, this.#installation, workerId)
  }

  /** The row says that it runs, and nothing of it is here. */
  lost(): Complaint {
    const { worker } = this.#choice
    const whose = worker === undefined ? 'its worker' : `its worker, ${worker.host}:${worker.pid},`
    return new Complaint(
      EXIT.unavailable,
      `Task ${this.#id} counts as running, and ${whose} left no files. See "queuectl why ${this.#id}".`,
    )
  }

  close(): void {
    this.#output?.close()
  }
}

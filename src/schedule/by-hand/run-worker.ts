/**
 * The worker that a command of ours keeps for the runs of a job: started when it is needed, and again when it has left.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import { execQueue } from '../../queue/exec-queue.ts'
import type { JobSeatHolder } from '../../queue/store/seat.ts'
import { livingHolders } from '../tick/facts.ts'
import { type ExecWork, type JobOf, type Launcher, launchRun } from '../tick/launch.ts'

export interface RunWorkerOptions {
  readonly launcher: Launcher
  /** The database, when it is not the one that the project names. */
  readonly url?: string | undefined
  readonly atOnce: number
}

const PATIENCE_MS = 60_000
const MOST_FAULTS = 3

export class RunWorker {
  readonly #db: Driver
  readonly #job: JobOf<ExecWork>
  readonly #options: RunWorkerOptions
  /** The pid of our worker, while it is there. */
  #pid: number | undefined
  /** Workers in a row that left with an error. */
  #faults = 0

  constructor(db: Driver, job: JobOf<ExecWork>, options: RunWorkerOptions) {
    this.#db = db
    this.#job = job
    this.#options = options
  }

  /** A living worker of the job that somebody else started. */
  async stranger(): Promise<JobSeatHolder | undefined> {
    return (await this.#holders()).find(({ pid }) => pid !== this.#pid)
  }

  /** @throws Complaint (ours) when workers cannot do their work */
  async ensure(): Promise<void> {
    if (this.#pid !== undefined || (await this.#holders()).length > 0) return
    if (this.#faults === MOST_FAULTS) {
      throw new Complaint(
        EXIT.internal,
        `The workers of job "${this.#job.id}" leave with an error again and again. Look into their log, then give the same command again.`,
      )
    }
    const { launcher, url, atOnce } = this.#options
    const worker = await launchRun(launcher, this.#job, url, atOnce)
    this.#pid = worker.pid
    void worker.exited.then((code) => {
      this.#pid = undefined
      this.#faults = code === EXIT.ok || code === EXIT.busy ? 0 : this.#faults + 1
    })
  }

  async #holders(): Promise<JobSeatHolder[]> {
    return again(this.#db.dialect, { forMs: PATIENCE_MS }, () => livingHolders(this.#db, execQueue(this.#job.id)))
  }
}

/**
 * Seeing within a moment that a worker has died that is to be at work always.
 *
 * Workers are known by their rows, or because we started them. Then no query is needed: the system says whether a process is
 * still the one it was. What is to be done about a death, the same function decides as in a tick.
 */
import { hasEnded, isOfThisBoot } from '../../host/identity.ts'
import { processStart } from '../../host/processes.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import { BackOff } from './back-off.ts'

interface Watched {
  readonly job: string
  readonly pid: number
  readonly pidStart: number
}

export class WorkerWatch {
  #watched: Watched[] = []
  /** Jobs that lack a worker, or may. */
  readonly #lacking = new Set<string>()
  readonly #backOff = new BackOff()

  /** The workers that these jobs have on this host, by the database. */
  know(jobs: readonly string[], workers: readonly WorkerProcess[]): void {
    this.#watched = this.#watched.filter(({ job }) => jobs.includes(job))
    for (const job of this.#lacking) if (!jobs.includes(job)) this.#lacking.delete(job)
    for (const { job, pid, pidStart, ...host } of workers) {
      if (job !== undefined && jobs.includes(job) && isOfThisBoot(host)) this.#add({ job, pid, pidStart })
    }
  }

  /** A worker may have died before it was known: whether these jobs lack one, has to be asked. */
  suspect(jobs: readonly string[]): void {
    for (const job of jobs) this.#lacking.add(job)
  }

  /** @returns the jobs that may be started again now */
  lacking(at: number): string[] {
    const dead = this.#watched.filter(({ pid, pidStart }) => hasEnded(pid, pidStart))
    this.#watched = this.#watched.filter((one) => !dead.includes(one))
    for (const { job } of dead) this.#lacking.add(job)
    return [...this.#lacking].filter((job) => this.#backOff.mayStartAt(job) <= at)
  }

  /**
   * A job was looked after.
   *
   * @param pids  the workers that were started; none when nothing was missing, or it may not run
   * @returns how many times in a row it was started again, each soon after the time before
   */
  restarted(job: string, pids: readonly number[], at: number): number {
    this.#lacking.delete(job)
    for (const pid of pids) this.#add({ job, pid, pidStart: processStart(pid) ?? 0 })
    return pids.length === 0 ? 0 : this.#backOff.started(job, at)
  }

  #add(worker: Watched): void {
    if (!this.#watched.some(({ pid, pidStart }) => pid === worker.pid && pidStart === worker.pidStart)) {
      this.#watched.push(worker)
    }
  }
}

/**
 * What a tick knows of the database and the machine: each thing is asked for when a decision needs it, and once.
 */
import { availableParallelism, loadavg } from 'node:os'
import { isGone } from '../../host/identity.ts'
import type { Driver } from '../../queue/driver.ts'
import { readyBuckets } from '../../queue/store/count.ts'
import { type UnfinishedRun, unfinishedRuns } from '../../queue/store/exec-run.ts'
import { pauseOfQueue, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type LedgerSlot, lastSlots } from '../../queue/store/read-slot.ts'
import { type JobSeatHolder, queueHolders } from '../../queue/store/seat.ts'
import { holds, type Stop, stops } from '../../queue/store/stop.ts'
import type { PlannedJob } from '../language/plan.ts'

export class Facts {
  readonly #db: Driver
  readonly #host: string
  readonly #stopsIn: Driver | undefined
  readonly #asked = new Map<string, Promise<unknown>>()

  /** @param stopsIn  where stops are recorded, when that is elsewhere as well */
  constructor(db: Driver, host: string, stopsIn?: Driver) {
    this.#db = db
    this.#host = host
    this.#stopsIn = stopsIn
  }

  /** What keeps a job from being started on this host. */
  async stop(job: string): Promise<Stop | undefined> {
    const inForce = await this.#once('stops', async () => [
      ...(await stops(this.#db)),
      ...(this.#stopsIn === undefined ? [] : await stops(this.#stopsIn)),
    ])
    return inForce.find((one) => holds(one, job, this.#host))
  }

  /** What keeps everything of a queue from being started. */
  async queuePause(queue: string): Promise<QueuePause | undefined> {
    return pauseOfQueue(await this.#once('queue pauses', () => queuePauses(this.#db)), queue)
  }

  /** Who is known, or must be believed, to work the shards of a queue. */
  async holders(queue: string): Promise<readonly JobSeatHolder[]> {
    return this.#once(`holders ${queue}`, () => livingHolders(this.#db, queue))
  }

  async readyBuckets(queue: string): Promise<ReadonlySet<number>> {
    return this.#once(`ready ${queue}`, () => readyBuckets(this.#db, queue))
  }

  /** Runs of a job's command that are not finished. */
  async runs(job: PlannedJob): Promise<readonly UnfinishedRun[]> {
    return this.#once(`runs ${job.id}`, () => unfinishedRuns(this.#db, job.id))
  }

  /** The slot that a job was last started for. */
  async last(job: string): Promise<LedgerSlot | undefined> {
    return this.#once(`last ${job}`, async () => (await lastSlots(this.#db, [job], ['started', 'enqueued'])).get(job))
  }

  /** Load average of the last minute for each core. */
  get load(): number {
    return (loadavg()[0] ?? 0) / availableParallelism()
  }

  #once<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#asked.get(name) as Promise<T> | undefined
    if (known !== undefined) return known
    const answer = ask()
    this.#asked.set(name, answer)
    return answer
  }
}

/** Holders whose seats nobody else can take. */
export async function livingHolders(db: Driver, queue: string): Promise<JobSeatHolder[]> {
  return (await queueHolders(db, queue)).filter((holder) => !holder.leaseOver && !isGone(holder))
}

/**
 * Taking the place of workers: whoever has some of our part of a queue is asked to hand it over, and waited for.
 *
 * The new worker asks when it is ready itself, so a version that cannot even start replaces nobody.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ownIdentity } from '../../host/identity.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { EVERY, type WorkerProcess, workersUnder } from '../../queue/store/stop.ts'
import { ask, isAtWork } from './drain-workers.ts'

export interface Part {
  readonly queue: string
  readonly total: number
  readonly shards: readonly number[]
}

const LOOK_MS = 30

/** @returns those that have not left in time */
export async function takeOver(db: Driver, part: Part, timeoutMs: number): Promise<readonly WorkerProcess[]> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const there = await holdersOf(db, part)
    if (there.length === 0 || performance.now() >= deadline) return there
    for (const worker of there) await ask(db, worker, 'hand over')
    await sleep(LOOK_MS)
  }
}

/** The other workers that have buckets of this part, whatever their total is. */
async function holdersOf(db: Driver, part: Part): Promise<WorkerProcess[]> {
  const own = new Set(bucketsOf(part.total, part.shards))
  const self = ownIdentity()
  const workers = await workersUnder(db, { job: EVERY, host: EVERY })
  return workers.filter(
    (worker) =>
      worker.queue === part.queue &&
      worker.hasSeat &&
      !(worker.pid === self.pid && worker.bootId === self.bootId && worker.pidStart === self.pidStart) &&
      isAtWork(worker) &&
      bucketsOf(worker.total, worker.shards).some((bucket) => own.has(bucket)),
  )
}

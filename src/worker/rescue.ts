/**
 * Looking for workers that have died, and clearing up after them.
 *
 * A worker of this boot of this host is known to be dead when its process is gone, and its directory is taken over at once.
 * Of any other only the lease can tell, by the database's clock: when that is over, and its directory is not here to be
 * read, nothing is known of its attempts and the crash policy decides. Whose process still lives here is never touched,
 * whatever its lease says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEnded, isOfThisBoot } from '../host/identity.ts'
import { DEFAULT_CRASH } from '../queue/crash-policy.ts'
import { DEFAULT_RETRY } from '../queue/retry-list.ts'
import { giveBack } from '../queue/store/give-back.ts'
import { strayTasks } from '../queue/store/running.ts'
import { BEAT_MS, leaveSeats } from '../queue/store/seat.ts'
import { ADOPTED_LEASE_MS, keepForDead, type WorkerRow, workerRows } from '../queue/store/worker-row.ts'
import { AdoptedWorker, type Adopter, RESCUE_PATIENCE_MS } from './adopted-worker.ts'
import { expire } from './expired-worker.ts'
import {
  type AbandonedDirectory,
  abandonedDirectories,
  look,
  noteLease,
  removeUnfinished,
  removeWorkerDirectory,
  takeOver,
  workerDirectoryPath,
} from './worker-directory.ts'

export interface RescueOptions extends Adopter {
  readonly installation: string
  /** Where this project's workers have their directories. */
  readonly stateDirectory: string
  /** Of a worker: of many beside each other, the first looks at all of them every second, and the others at it. */
  readonly ownDirectory?: string
}

/** How often those are looked for that are not in our own state directory. */
const LOOK_EVERYWHERE_MS = BEAT_MS
const SETTLE_MS = 50
const STRAYS_AT_ONCE = 250

export class Rescue {
  readonly #options: RescueOptions
  readonly #adopted = new Map<number, { worker: AdoptedWorker; path: string; keptAt: number }>()
  readonly #failed = new Set<string>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: RescueOptions) {
    this.#options = options
  }

  /**
   * One look: cheap when no worker has died.
   *
   * @returns whether a runner is about to tell more in a moment
   */
  async sweep(): Promise<boolean> {
    const { stateDirectory, installation, ownDirectory } = this.#options
    const isTime = performance.now() - this.#lookedAt >= LOOK_EVERYWHERE_MS
    const here = abandonedDirectories(stateDirectory, installation, isTime ? undefined : ownDirectory).filter(
      ({ workerId }) => !this.#adopted.has(workerId),
    )
    if (isTime || here.length > 0) await this.#lookForTheDead(here)
    let isWaiting = false
    for (const workerId of [...this.#adopted.keys()]) isWaiting = (await this.#step(workerId)) || isWaiting
    return isWaiting
  }

  /** For a tick, which looks once: sweeps until no runner is about to tell more, or time is over. */
  async sweepUntilSettled(forMs: number): Promise<void> {
    const deadline = performance.now() + forMs
    while ((await this.sweep()) && performance.now() < deadline) await sleep(SETTLE_MS)
  }

  async #lookForTheDead(here: readonly AbandonedDirectory[]): Promise<void> {
    this.#lookedAt = performance.now()
    removeUnfinished(this.#options.stateDirectory, this.#options.installation)
    const { db } = this.#options
    await giveBack(db, await strayTasks(db, STRAYS_AT_ONCE), RESCUE_PATIENCE_MS)
    const rows = await workerRows(db)
    for (const row of rows) {
      if (!this.#adopted.has(row.workerId)) await this.#guarded(`worker ${row.workerId}`, () => this.#consider(row))
    }
    const known = new Set(rows.map(({ workerId }) => workerId))
    for (const directory of here.filter(({ workerId }) => !known.has(workerId))) {
      await this.#guarded(directory.path, async () => this.#adopt(directory, undefined))
    }
  }

  async #consider(row: WorkerRow): Promise<void> {
    const { installation } = this.#options
    const isHere = isOfThisBoot(row)
    if (isHere && !hasEnded(row.pid, row.pidStart)) return
    if (!isHere && !row.leaseOver) return
    const found = look(workerDirectoryPath(row.stateDirectory, installation, row.workerId), row.workerId)
    switch (found.kind) {
      case 'abandoned':
        return this.#adopt(found, row)
      case 'owned':
        return // another adopter has it
      case 'unreadable':
        throw new Error(`the directory of worker ${row.workerId} in ${row.stateDirectory} belongs to another user`)
      case 'absent':
        return expire(this.#options, row, isHere)
    }
  }

  #adopt(directory: AbandonedDirectory, row: WorkerRow | undefined): void {
    if (!takeOver(directory)) return
    const { workerId, path, isKnownGone } = directory
    const dead = {
      workerId,
      directory: path,
      terms: { retry: row?.retry ?? DEFAULT_RETRY, crash: row?.crash ?? DEFAULT_CRASH },
      timeoutMs: row?.timeoutMs ?? undefined,
      // The owner may be an adopter of this boot; what the journals are worth depends on the worker that wrote them.
      isOfThisBoot: row === undefined ? isKnownGone : isOfThisBoot(row),
    }
    this.#adopted.set(workerId, {
      worker: new AdoptedWorker(dead, this.#options),
      path,
      keptAt: Number.NEGATIVE_INFINITY,
    })
    this.#options.log().event('worker-adopted', { worker: workerId, pid: row?.pid })
  }

  async #step(workerId: number): Promise<boolean> {
    const adopted = this.#adopted.get(workerId)
    if (adopted === undefined) return false
    const { db } = this.#options
    return this.#guarded(`worker ${workerId}`, async () => {
      if (performance.now() - adopted.keptAt >= BEAT_MS) {
        const until = Date.now() + ADOPTED_LEASE_MS
        await keepForDead(db, workerId, RESCUE_PATIENCE_MS)
        adopted.keptAt = performance.now()
        noteLease(adopted.path, until)
      }
      const state = await adopted.worker.step()
      if (state !== 'resolved') return state === 'waiting'
      removeWorkerDirectory(adopted.path)
      await leaveSeats(db, [workerId], RESCUE_PATIENCE_MS)
      this.#adopted.delete(workerId)
      return false
    })
  }

  /** One that cannot be cleared up after must not keep us from the others; it is said once and tried again. */
  async #guarded<T>(what: string, action: () => Promise<T>): Promise<T | false> {
    try {
      const result = await action()
      this.#failed.delete(what)
      return result
    } catch (error) {
      if (!this.#failed.has(what)) this.#say(what, error)
      this.#failed.add(what)
      return false
    }
  }

  #say(what: string, error: unknown): void {
    try {
      this.#options
        .log()
        .event('rescue-failed', { what, reason: error instanceof Error ? error.message : String(error) })
    } catch {
      // the log may be what fails; whoever writes to it next says so
    }
  }
}

const SWEEP_MS = 1_000

/**
 * Sweeps once now, and then every second beside the worker's own work.
 *
 * @returns what ends it: it resolves when nothing of it is under way any more
 */
export async function keepRescuing(rescue: Rescue): Promise<() => Promise<void>> {
  const sweep = () => rescue.sweep().catch(() => false) // a database that is away is said by whoever claims or books
  let under = sweep()
  await under
  let isUnderWay = false
  const timer = setInterval(async () => {
    if (isUnderWay) return
    isUnderWay = true
    under = sweep()
    await under
    isUnderWay = false
  }, SWEEP_MS)
  return async () => {
    clearInterval(timer)
    await under
  }
}

/**
 * Asking the workers that a stop is about to drain, and waiting until they have left.
 *
 * A worker whose process can be seen from here gets a signal and drains at once; any other finds the request in its row
 * at its next beat. A worker that is dead is not waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isGone, isOfThisBoot } from '../../host/identity.ts'
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import { harshness, type LeaveHow } from '../../queue/leave-how.ts'
import {
  askToLeaveBy,
  countPrograms,
  EVERY,
  type StopKey,
  type WorkerProcess,
  workersUnder,
} from '../../queue/store/stop.ts'

/** What can be seen of a worker's process from this host; `unknown` of another host, or where its pid proves nothing. */
export type Sight = 'runs' | 'gone' | 'unknown'

export interface Look {
  /** Workers that were found at this look or an earlier one. */
  readonly found: number
  readonly notLeft: readonly WorkerProcess[]
  /** Programs that those run, or are about to. */
  readonly programs: number
}

export interface DrainOptions {
  /** What becomes of their programs. */
  readonly how: (worker: WorkerProcess) => LeaveHow
  readonly sight: (worker: WorkerProcess) => Sight
  /** How long to wait; with 0 they are only asked. */
  readonly timeoutMs: number
  /** Ends the waiting early. */
  readonly signal: AbortSignal
  readonly onLook: (look: Look) => void
}

const LOOK_MS = 250
/** A worker that was being started when the stop was recorded may take its seat after a look. */
const EMPTY_LOOKS = 2
const PATIENCE_MS = 10_000

/**
 * @param databases  those in which workers may be registered
 * @returns the last look: nobody is in it when all have left
 */
export async function drainWorkers(databases: readonly Driver[], stop: StopKey, options: DrainOptions): Promise<Look> {
  const deadline = performance.now() + options.timeoutMs
  const found = new Set<string>()
  for (let emptyLooks = 0; ; ) {
    const notLeft: WorkerProcess[] = []
    let programs = 0
    for (const db of databases) {
      const here = await askThose(db, stop, options)
      for (const { host, bootId, pid, pidStart } of here) found.add(`${host} ${bootId} ${pid} ${pidStart}`)
      notLeft.push(...here)
      programs += await again(db.dialect, { forMs: PATIENCE_MS }, () => countPrograms(db, here))
    }
    const look = { found: found.size, notLeft, programs }
    options.onLook(look)
    emptyLooks = notLeft.length === 0 ? emptyLooks + 1 : 0
    if (emptyLooks === EMPTY_LOOKS || options.signal.aborted || performance.now() >= deadline) return look
    await sleep(LOOK_MS, undefined, { signal: options.signal }).catch(() => {})
  }
}

/** Asks whoever was not asked. @returns those that have not left */
async function askThose(db: Driver, stop: StopKey, { sight, how }: DrainOptions): Promise<WorkerProcess[]> {
  const workers = await again(db.dialect, { forMs: PATIENCE_MS }, () => workersUnder(db, stop))
  const notLeft = workers.filter((worker) => isAlive(worker, sight(worker)))
  for (const worker of notLeft) await ask(db, worker, how(worker), sight)
  return notLeft
}

/** Asks those workers of a job to leave, wherever they are, and does not wait. */
export async function askToLeave(db: Driver, job: string, which: (worker: WorkerProcess) => boolean): Promise<void> {
  const workers = await workersUnder(db, { job, host: EVERY })
  for (const worker of workers) {
    if (which(worker) && isAtWork(worker)) await ask(db, worker, 'stop')
  }
}

/** What can be seen of a worker from here. Without the time a process began, its number alone may be another one's by now. */
export function sight(worker: WorkerProcess): Sight {
  if (isGone(worker)) return 'gone'
  return isOfThisBoot(worker) && worker.pidStart !== 0 ? 'runs' : 'unknown'
}

/** Whether it is there, for all that can be seen from here. */
export function isAtWork(worker: WorkerProcess): boolean {
  return isAlive(worker, sight(worker))
}

/** One that has lost its lease and whose process runs all the same still has its programs. */
function isAlive(worker: WorkerProcess, sight: Sight): boolean {
  return sight === 'runs' || (sight === 'unknown' && !worker.leaseOver)
}

/**
 * Asks one worker, unless it was asked for that already. SIGTERM is what every worker knows; the other signal tells it to look
 * in its row.
 */
export async function ask(db: Driver, worker: WorkerProcess, how: LeaveHow, see = sight): Promise<void> {
  if (worker.leaveHow !== undefined && harshness(worker.leaveHow) >= harshness(how)) return
  if (!(await askToLeaveBy(db, worker, how, PATIENCE_MS))) return
  // The pid may have become another process while the database was asked.
  if (see(worker) !== 'runs') return
  try {
    process.kill(worker.pid, how === 'stop' && !worker.asked ? 'SIGTERM' : 'SIGUSR2')
  } catch {
    // It has left, or it is another user's: then it finds the request in its row.
  }
}

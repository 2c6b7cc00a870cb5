/**
 * The end of a daemon: the workers that it started are asked to drain, and waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { EVERY, type WorkerProcess } from '../../../queue/store/stop.ts'
import { ownProcesses, ownSight } from '../../../schedule/daemon/own-workers.ts'
import { drainWorkers, type Look } from '../../../schedule/stop/drain-workers.ts'
import { withOwn } from '../../own-database.ts'
import { statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface Drained {
  /** Workers that were asked to leave. */
  readonly asked: number
  /** The pids of those that had not left in time. */
  readonly notLeft: readonly number[]
}

const LOOK_MS = 100

/**
 * @param inherited  the marks of daemons before this one, whose workers are its own
 * @throws Complaint when the database cannot be asked who they are
 */
export async function drainOwnWorkers(
  settings: Settings,
  timeoutMs: number,
  inherited: readonly string[],
): Promise<Drained> {
  const deadline = performance.now() + timeoutMs
  const timeLeft = () => Math.max(0, deadline - performance.now())
  let asked = 0
  // One that has just been started can be asked only when it has taken its seat.
  while (ownProcesses(inherited).length > 0 && timeLeft() > 0) {
    asked += await withDatabase(settings, (db) => drain(db, timeLeft(), inherited))
    asked += await withOwn(settings, async (own) => (own === undefined ? 0 : drain(own, timeLeft(), inherited)))
    await sleep(LOOK_MS)
  }
  return { asked, notLeft: ownProcesses(inherited) }
}

async function drain(db: Driver, timeoutMs: number, inherited: readonly string[]): Promise<number> {
  const line = statusLine()
  const onLook = ({ found, notLeft, programs }: Look) =>
    line.show(() => `draining ${notLeft.length} of ${found} workers, ${programs} programs`)
  try {
    const stop = { job: EVERY, host: ownIdentity().host }
    const how = () => 'stop' as const
    const sight = (worker: WorkerProcess) => ownSight(worker, inherited)
    const { signal } = new AbortController()
    return (await drainWorkers([db], stop, { how, sight, timeoutMs, signal, onLook })).found
  } finally {
    line.end()
  }
}

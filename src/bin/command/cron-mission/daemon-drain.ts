/**
 * The end of a daemon: the workers that it started are asked to drain, and waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { EVERY } from '../../../queue/store/stop.ts'
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

/** @throws Complaint when the database cannot be asked who they are */
export async function drainOwnWorkers(settings: Settings, timeoutMs: number): Promise<Drained> {
  const deadline = performance.now() + timeoutMs
  const timeLeft = () => Math.max(0, deadline - performance.now())
  let asked = 0
  // One that has just been started can be asked only when it has taken its seat.
  while (ownProcesses().length > 0 && timeLeft() > 0) {
    asked += await withDatabase(settings, (db) => drain(db, timeLeft()))
    asked += await withOwn(settings, async (own) => (own === undefined ? 0 : drain(own, timeLeft())))
    await sleep(LOOK_MS)
  }
  return { asked, notLeft: ownProcesses() }
}

async function drain(db: Driver, timeoutMs: number): Promise<number> {
  const line = statusLine()
  const onLook = ({ found, notLeft, programs }: Look) =>
    line.show(() => `draining ${notLeft.length} of ${found} workers, ${programs} programs`)
  try {
    const stop = { job: EVERY, host: ownIdentity().host }
    const { signal } = new AbortController()
    return (await drainWorkers([db], stop, { sight: ownSight, timeoutMs, signal, onLook })).found
  } finally {
    line.end()
  }
}

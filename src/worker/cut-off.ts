/**
 * Programs of a dead worker on a host that is cut off from the database.
 *
 * While somebody can renew the dead worker's lease its programs run on. When nobody can, another host will take its tasks for
 * lost as soon as the lease is over; so its programs must have ended by then, as those of a living worker have. Until when
 * the lease lasts is the time of the owner's file.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { signalSession } from '../host/processes.ts'
import { type InheritedAttempt, readInheritance } from './inheritance.ts'
import { claimKey } from './journal.ts'
import { markStop, stopMarks } from './stop-marks.ts'
import { abandonedDirectories, leaseEnd } from './worker-directory.ts'

/** What was asked to end is dead this long before the lease is over. */
const MARGIN_MS = 5_000
const LONGEST_GRACE_MS = 30_000
const LOOK_MS = 100

/**
 * For a tick that finds the database away: ends what could outlast its lease before the next tick looks.
 *
 * @param nextLookMs  until somebody looks again
 * @returns how many programs were ended
 */
export async function endCutOff(stateDirectory: string, graceMs: number, nextLookMs: number): Promise<number> {
  const within = nextLookMs + Math.min(graceMs, LONGEST_GRACE_MS) + MARGIN_MS
  const expiring = abandonedDirectories(stateDirectory).filter(
    ({ path, isKnownGone }) => isKnownGone && leaseEnd(path) < Date.now() + within,
  )
  const ended = await Promise.all(expiring.map(({ path }) => endPrograms(path, graceMs)))
  return ended.reduce((sum, count) => sum + count, 0)
}

/** Asks the programs to end and kills those that have not after the grace period. @returns how many there were */
async function endPrograms(directory: string, graceMs: number): Promise<number> {
  const running = underWay(directory)
  const marks = stopMarks(directory)
  for (const attempt of running) {
    if (!marks.has(claimKey(attempt))) markStop(directory, attempt, 'stopped')
    signal(attempt, 'SIGTERM')
  }
  const deadline = performance.now() + Math.min(graceMs, LONGEST_GRACE_MS)
  while (performance.now() < deadline && underWay(directory).length > 0) await sleep(LOOK_MS)
  for (const attempt of underWay(directory)) signal(attempt, 'SIGKILL')
  return running.length
}

function underWay(directory: string): InheritedAttempt[] {
  return readInheritance(directory).flatMap(({ attempts }) => attempts.filter(({ isUnderWay }) => isUnderWay))
}

function signal({ start }: InheritedAttempt, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (start !== undefined) signalSession(start.pid, signal)
}

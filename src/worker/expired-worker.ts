/**
 * Clearing up after a worker that left no directory to be read: of another host, or on a disk that is gone.
 *
 * Nothing is known of its attempts, so the crash policy decides for each. A worker of another host that was only cut off
 * has stopped its programs before its lease ended, and its late results are refused by their claim tokens.
 */
import { finish } from '../queue/store/finish.ts'
import { runningTasks } from '../queue/store/running.ts'
import { leaveSeats } from '../queue/store/seat.ts'
import { expireWorker, type WorkerRow } from '../queue/store/worker-row.ts'
import { type Adopter, RESCUE_PATIENCE_MS } from './adopted-worker.ts'
import { finishOf, logAttempt } from './record.ts'
import { tallyOnce } from './tally.ts'

const ROWS_AT_ONCE = 250

/** @param isKnownGone  its process is known to have ended: without running rows there is nothing to wait for */
export async function expire(adopter: Adopter, row: WorkerRow, isKnownGone: boolean): Promise<void> {
  const { db } = adopter
  const { workerId, host, pid } = row
  let rows = await runningTasks(db, workerId, ROWS_AT_ONCE)
  if (rows.length === 0 && isKnownGone) return leaveSeats(db, [workerId], RESCUE_PATIENCE_MS)
  if (!row.leaseOver || !(await expireWorker(db, workerId, RESCUE_PATIENCE_MS))) return
  const log = adopter.log()
  log.event('worker-expired', { worker: workerId, holder: `${host}:${pid}`, running: rows.length })
  while (rows.length > 0) {
    const finishes = rows.map((task) => {
      const endedAt = performance.now()
      const result = {
        outcome: { kind: 'crashed' },
        output: { kind: 'none' },
        cpuMs: 0,
        ranMs: task.claimedMsAgo,
        endedAt,
        exitCode: null,
        runnerLost: false,
      } as const
      const booked = finishOf(task, workerId, result, row)
      logAttempt(log, task, result, booked, row)
      return booked
    })
    log.flush()
    const lost = await finish(db, finishes, RESCUE_PATIENCE_MS)
    await tallyOnce(db, finishes, lost)
    for (const { id, attempt, outcome } of lost) log.event('claim-lost', { id, attempt, outcome })
    rows = await runningTasks(db, workerId, ROWS_AT_ONCE)
  }
  await leaveSeats(db, [workerId], RESCUE_PATIENCE_MS)
}

/**
 * Freeing the seats of a worker that leaves its programs running.
 *
 * The rows stay as long as something is claimed by them: they say by what terms the programs are watched, and their lease lasts
 * until somebody has adopted them. Whoever takes a seat now starts none of these tasks: they are running.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { leaveSeats } from './seat.ts'
import { marks } from './sql.ts'
import { ADOPTED_LEASE_MS } from './worker-row.ts'

export async function freeSeats(db: Driver, workerIds: readonly number[], patienceMs: number): Promise<void> {
  if (workerIds.length === 0) return
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(
      `UPDATE worker SET seat = NULL, lease_until = ${db.dialect.fromNow('?')} WHERE id IN (${marks(workerIds.length)})`,
      [ADOPTED_LEASE_MS, ...workerIds],
    ),
  )
  await leaveSeats(db, workerIds, patienceMs)
}

/**
 * Giving back rows that were claimed and never started: they are ready again at once and no attempt was used. What was
 * cancelled in the meantime is cancelled.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import type { ClaimedTask } from './claimed-task.ts'
import { givenRows } from './sql.ts'

export async function giveBack(db: Driver, tasks: readonly ClaimedTask[], patienceMs: number): Promise<void> {
  if (tasks.length === 0) return
  const claims = tasks.toSorted((a, b) => a.id - b.id).map(({ id, claimToken }) => [id, claimToken])
  const { now, updateGiven } = db.dialect
  const statement = updateGiven(
    { id: 'whole', token: 'whole' },
    `status = CASE WHEN cancel_at IS NULL THEN 0 ELSE 5 END,
     finished_at = CASE WHEN cancel_at IS NULL THEN NULL ELSE ${now} END,
     unique_key = CASE WHEN cancel_at IS NULL OR keep_unique = 1 THEN unique_key ELSE NULL END,
     attempts = attempts - 1, claim_token = NULL, worker_id = NULL, started_at = NULL, mtime = ${now}`,
    'status = 2 AND claim_token = given.token',
  )
  await again(db.dialect, { forMs: patienceMs }, () => db.run(statement, [givenRows(claims)]))
}

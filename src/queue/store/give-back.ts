/** Giving back rows that were claimed and never started: they are ready again at once and no attempt was used. */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import type { ClaimedTask } from './claimed-task.ts'
import { marks, padded, perId } from './sql.ts'

export async function giveBack(db: Driver, tasks: readonly ClaimedTask[], patienceMs: number): Promise<void> {
  if (tasks.length === 0) return
  const all = padded(tasks.toSorted((a, b) => a.id - b.id))
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(
      `UPDATE queue
          SET status = 0, attempts = attempts - 1, claim_token = NULL, worker_id = NULL, started_at = NULL,
              mtime = ${db.dialect.now}
        WHERE id IN (${marks(all.length)})
          AND status = 2
          AND claim_token = ${perId(all.length)}`,
      [...all.map(({ id }) => id), ...all.flatMap(({ id, claimToken }) => [id, claimToken])],
    ),
  )
}

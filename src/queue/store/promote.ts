/**
 * Promotion: scheduled rows whose time has come become ready.
 *
 * Scheduled rows have a state of their own so that a million of them cost a claim nothing. Every tick and every worker
 * sweeps; two sweeps at once are harmless, because each row changes for one of them only.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { limited, marks, padded } from './sql.ts'

/** @returns how many rows became ready; when it is `limit`, there may be more */
export async function promote(
  db: Driver,
  limit: number,
  patienceMs: number,
  onLost?: (error: Error) => void,
): Promise<number> {
  return again(db.dialect, { forMs: patienceMs, onLost }, async () => {
    const rows = await db.all<{ id: number }>(
      `SELECT id FROM queue ${db.dialect.useIndex('queue_due')}
        WHERE is_scheduled = 1 AND run_at <= ${db.dialect.now}
        ORDER BY run_at LIMIT ${limited(limit)}`,
    )
    if (rows.length === 0) return 0
    const ids = padded(rows.map((row) => Number(row.id)).toSorted((a, b) => a - b))
    const { changed } = await db.run(
      `UPDATE queue SET status = 0, mtime = ${db.dialect.now}
        WHERE id IN (${marks(ids.length)})
          AND status = 4
          AND run_at <= ${db.dialect.now}`,
      [...ids],
    )
    return changed
  })
}

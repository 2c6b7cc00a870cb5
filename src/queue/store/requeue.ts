/**
 * Putting waiting tasks into another queue. Tasks of one key go on in the order of their ids, among those of the new queue.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { HELD_FOR_PAUSE } from './set-aside.ts'
import { marks, padded } from './sql.ts'

/**
 * What was set aside for a pause waits again: whether the new queue has one is found out there.
 *
 * @param ids  ascending
 * @returns how many were put there: not those that have been claimed or finished in between
 */
export async function requeue(db: Driver, ids: readonly number[], queue: string, patienceMs: number): Promise<number> {
  const { now, byPrimaryKey } = db.dialect
  const all = padded(ids)
  const isSetAside = `status = 6 AND held_for = '${HELD_FOR_PAUSE}'`
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const { changed } = await db.run(
      `UPDATE queue ${byPrimaryKey}
          SET status = CASE WHEN ${isSetAside} THEN (CASE WHEN run_at > ${now} THEN 4 ELSE 0 END) ELSE status END,
              held_for = CASE WHEN held_for = '${HELD_FOR_PAUSE}' THEN NULL ELSE held_for END,
              queue = ?, mtime = ${now}
        WHERE id IN (${marks(all.length)})
          AND (status IN (0, 4) OR (status = 6 AND (held_for IS NULL OR held_for = '${HELD_FOR_PAUSE}')))
          AND queue <> ?
          AND queue NOT LIKE 'exec:%'`,
      [queue, ...all, queue],
    )
    return changed
  })
}

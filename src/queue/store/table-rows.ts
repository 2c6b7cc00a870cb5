/** Whether a table has as many rows as that: an index is read up to there, and no further. */
import type { Driver } from '../driver.ts'
import { limited } from './sql.ts'

export async function hasTasks(db: Driver, count: number): Promise<boolean> {
  const [row] = await db.all<{ counted: number }>(
    `SELECT COUNT(*) AS counted FROM (SELECT 1 AS one FROM queue LIMIT ${limited(count)}) AS tasks`,
  )
  return Number(row?.counted) >= count
}

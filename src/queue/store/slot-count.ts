/** What became of the slots of the schedule lately: a stretch of the ledger that its index finds. */
import type { Driver } from '../driver.ts'
import { limited } from './sql.ts'

const MOST_ROWS = 20_000

/** @returns how many slots of the last so many milliseconds have each verdict */
export async function slotCounts(db: Driver, ms: number): Promise<Map<string, number>> {
  const { useIndex, fromNow } = db.dialect
  const rows = await db.all<{ verdict: string; counted: number }>(
    `SELECT verdict, COUNT(*) AS counted FROM (
       SELECT verdict FROM slot ${useIndex('slot_at')}
        WHERE slot_at > ${fromNow('?')} ORDER BY slot_at DESC LIMIT ${limited(MOST_ROWS)}) AS late
      GROUP BY verdict`,
    [-ms],
  )
  return new Map(rows.map(({ verdict, counted }) => [verdict, Number(counted)]))
}

/** What became of the slots of the schedule lately: a stretch of the ledger that its index finds. */
import type { Driver } from '../driver.ts'
import { limited, marks } from './sql.ts'

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

/**
 * @param jobs  that are always at work: each slot of theirs stands for workers that were missing
 * @returns for how many slots of the last so many milliseconds workers were started, not counting those by hand
 */
export async function startCounts(db: Driver, jobs: readonly string[], ms: number): Promise<Map<string, number>> {
  if (jobs.length === 0) return new Map()
  const rows = await db.all<{ job: string; counted: number }>(
    `SELECT job, COUNT(*) AS counted
       FROM slot
      WHERE job IN (${marks(jobs.length)})
        AND slot_at > ${db.dialect.fromNow('?')}
        AND verdict = 'started'
        AND place NOT LIKE 'hand:%'
      GROUP BY job`,
    [...jobs, -ms],
  )
  return new Map(rows.map(({ job, counted }) => [job, Number(counted)]))
}

/** The tally of the last minutes by queue, task program and ending, whatever the durations: for what is drawn over time. */
import type { Driver } from '../driver.ts'
import type { TallyEnding } from './tally.ts'

export interface MinuteRow {
  /** The beginning of the minute, by the database's clock: UTC milliseconds. */
  readonly at: number
  readonly queue: string
  readonly task: string
  readonly ending: TallyEnding
  readonly attempts: number
}

/** @param since  UTC milliseconds of a whole minute, at most two hours ago; one range of the primary key, in its order */
export async function tallyMinutes(db: Driver, since: number): Promise<MinuteRow[]> {
  const { asMs, fromMs } = db.dialect
  const rows = await db.all<{ at: number; queue: string; task: string; ending: TallyEnding; attempts: number }>(
    `SELECT ${asMs('start_at')} AS at, queue, task, ending, SUM(attempts) AS attempts
       FROM tally
      WHERE minutes = 1 AND start_at >= ${fromMs('?')}
      GROUP BY start_at, queue, task, ending`,
    [since],
  )
  return rows.map((row) => ({ ...row, at: Number(row.at), attempts: Number(row.attempts) }))
}

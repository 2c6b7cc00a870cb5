/**
 * The tally's retention: minutes become hours, and hours are deleted after 90 days. The totals stay.
 *
 * One minute or hour at a time, each in a transaction of its own, so it may be cut off anywhere and another tick goes on. Of two
 * that do it at once, one locks the rows of the minute first, and the other finds none.
 */
import { HOUR_MS } from '../../time/units.ts'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { databaseNow } from './clock.ts'
import { KEEP_MINUTES_MS, TALLY_COUNTS } from './tally.ts'

const KEEP_HOURS_MS = 90 * 24 * HOUR_MS

/** @returns whether there is more to do at once */
export async function rollUpTally(db: Driver, patienceMs: number): Promise<boolean> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const now = await databaseNow(db)
    // An hour is folded as a whole: then a span that begins with an hour is exact.
    const minute = await oldest(db, 1, Math.floor((now - KEEP_MINUTES_MS) / HOUR_MS) * HOUR_MS)
    if (minute !== undefined) await fold(db, minute)
    const hour = await oldest(db, 60, now - KEEP_HOURS_MS)
    if (hour !== undefined) await remove(db, hour)
    return minute !== undefined || hour !== undefined
  })
}

/** @returns where the oldest row begins, if that is before `before`: UTC milliseconds */
async function oldest(db: Driver, minutes: 1 | 60, before: number): Promise<number | undefined> {
  const { asMs, fromMs } = db.dialect
  const [row] = await db.all<{ at: number }>(
    `SELECT ${asMs('start_at')} AS at FROM tally
      WHERE minutes = ${minutes} AND start_at < ${fromMs('?')}
      ORDER BY minutes, start_at LIMIT 1`,
    [before],
  )
  return row === undefined ? undefined : Number(row.at)
}

async function fold(db: Driver, minute: number): Promise<void> {
  const { fromMs, addUp, forUpdate } = db.dialect
  const ofMinute = `minutes = 1 AND start_at = ${fromMs('?')}`
  const sums = TALLY_COUNTS.join(', ')
  await db.transaction(async (tx) => {
    const rows = await tx.all(`SELECT duration FROM tally WHERE ${ofMinute} ${forUpdate}`, [minute])
    if (rows.length === 0) return // another tick was first
    await tx.run(
      `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, ${sums})
       SELECT 60, ${fromMs('?')}, queue, task, ending, duration, ${sums} FROM tally AS minute
        WHERE ${ofMinute}
       ${addUp('tally', TALLY_COUNTS)}`,
      [Math.floor(minute / HOUR_MS) * HOUR_MS, minute],
    )
    await tx.run(`DELETE FROM tally WHERE ${ofMinute}`, [minute])
  })
}

async function remove(db: Driver, hour: number): Promise<void> {
  await db.run(`DELETE FROM tally WHERE minutes = 60 AND start_at = ${db.dialect.fromMs('?')}`, [hour])
}

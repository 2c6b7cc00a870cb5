/**
 * The schedule's ledger: one row per job and slot, so that a job starts once for a minute.
 *
 * Whoever inserts the row owns the decision; the loser is silent. The row then tells what was decided and why, which is
 * what a person asks the morning after.
 */
import type { Driver } from '../driver.ts'

export type Verdict = 'deciding' | 'started' | 'empty' | 'overlap' | 'paused' | 'stopped' | 'failed'

export interface SlotKey {
  readonly job: string
  /** UTC milliseconds of a whole minute. */
  readonly slotAt: number
}

/** @returns true when this tick owns the slot, false when another had it before */
export async function claimSlot(db: Driver, slot: SlotKey, host: string): Promise<boolean> {
  try {
    await db.run(
      `INSERT INTO slot (job, slot_at, verdict, host) VALUES (?, ${db.dialect.fromMs('?')}, 'deciding', ?)`,
      [slot.job, slot.slotAt, host],
    )
    return true
  } catch (error) {
    if (db.dialect.isDuplicate(error)) return false
    throw error
  }
}

/** @param reason  cut to what the column holds */
export async function decideSlot(db: Driver, slot: SlotKey, verdict: Verdict, reason: string): Promise<void> {
  await db.run(
    `UPDATE slot SET verdict = ?, reason = ?, mtime = ${db.dialect.now}
      WHERE job = ? AND slot_at = ${db.dialect.fromMs('?')} AND place = ''`,
    [verdict, reason.slice(0, 255), slot.job, slot.slotAt],
  )
}

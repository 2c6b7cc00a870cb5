/**
 * Slots of days gone by: which of them have run, and making one of them this process's own to run it now.
 */
import type { Dialect, Driver, Executor } from '../driver.ts'
import type { ProcessIdentity } from './seat.ts'
import { type Decided, insertSlot } from './slot.ts'

/** What became of a slot, wherever and by whomever it was run. */
export type Past = 'ran' | 'open' | 'failed' | 'not run'

/** What ended well, or in a way that nobody waited for, has run; what was cancelled has not. */
const HAS_RUN = "verdict IN ('started', 'enqueued') AND (outcome IS NULL OR outcome IN ('done', 'unknown'))"

/** @returns by slot (UTC milliseconds); those that the ledger does not know are left out */
export async function pastSlots(db: Driver, job: string, from: number, to: number): Promise<Map<number, Past>> {
  const { asMs, fromMs } = db.dialect
  const rows = await db.all<{ at: number; ran: number; open: number; failed: number }>(
    `SELECT ${asMs('slot_at')} AS at,
            MAX(CASE WHEN is_open = 0 AND ${HAS_RUN} THEN 1 ELSE 0 END) AS ran,
            MAX(is_open) AS open,
            MAX(CASE WHEN is_open = 0 AND outcome IN ('failed', 'cancelled') THEN 1 ELSE 0 END) AS failed
       FROM slot
      WHERE job = ? AND slot_at >= ${fromMs('?')} AND slot_at <= ${fromMs('?')}
      GROUP BY slot_at`,
    [job, from, to],
  )
  return new Map(
    rows.map(({ at, ran, open, failed }) => [Number(at), pastOf(Number(ran), Number(open), Number(failed))]),
  )
}

function pastOf(ran: number, open: number, failed: number): Past {
  if (ran === 1) return 'ran'
  if (open === 1) return 'open'
  return failed === 1 ? 'failed' : 'not run'
}

/**
 * In a transaction with what it starts.
 *
 * @returns false when the slot is open or has run: somebody else was first
 */
export async function takePastSlot(
  tx: Executor,
  dialect: Dialect,
  slot: Decided,
  self: ProcessIdentity,
): Promise<boolean> {
  const { changed } = await tx.run(
    `UPDATE slot
        SET verdict = ?, reason = ?, is_open = ?, cause = NULL, task_id = NULL,
            outcome = NULL, exit_code = NULL, exit_signal = NULL, ended_at = NULL,
            host = ?, boot_id = ?, pid = ?, pid_start = ?, mtime = ${dialect.now}
      WHERE job = ? AND slot_at = ${dialect.fromMs('?')} AND place = ?
        AND is_open = 0 AND NOT (${HAS_RUN})`,
    [
      ...[slot.verdict, slot.reason, slot.isOpen ? 1 : 0],
      ...[self.host, self.bootId, self.pid, self.pidStart],
      ...[slot.job, slot.slotAt, slot.place],
    ],
  )
  return changed > 0 || insertSlot(tx, dialect, slot, self)
}

/**
 * Opening slots again that a stop or a pause kept back.
 *
 * The next tick finds them open and decides them as it does every slot that waits. Of each place only the newest slot is
 * opened, and only when nothing was decided since: a job that has been started again has nothing to make up for.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import type { ProcessIdentity } from './seat.ts'
import type { SlotKey } from './slot.ts'

const WAS_KEPT_BACK = "slot.is_open = 0 AND slot.verdict IN ('paused', 'stopped')"

/**
 * @param withinMs  slots older than this stay as they are
 * @param reason    one clause, for the ledger
 * @returns the slots that are open now
 */
export async function reopenSlots(
  db: Driver,
  job: string,
  withinMs: number,
  {
    reason,
    self,
    patienceMs,
  }: { readonly reason: string; readonly self: ProcessIdentity; readonly patienceMs: number },
): Promise<SlotKey[]> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const reopened: SlotKey[] = []
    for (const slot of await keptBack(db, job, withinMs)) {
      if (await reopen(db, slot, reason, self)) reopened.push(slot)
    }
    return reopened
  })
}

async function keptBack(db: Driver, job: string, withinMs: number): Promise<SlotKey[]> {
  const { asMs, fromNow } = db.dialect
  const rows = await db.all<{ at: number; place: string }>(
    `SELECT ${asMs('slot.slot_at')} AS at, slot.place AS place
       FROM slot
      WHERE slot.job = ? AND slot.slot_at >= ${fromNow('?')} AND ${WAS_KEPT_BACK}
        AND NOT EXISTS (SELECT 1 FROM slot AS later
                         WHERE later.job = slot.job AND later.slot_at > slot.slot_at AND later.place = slot.place)`,
    [job, -withinMs],
  )
  return rows.map(({ at, place }) => ({ job, slotAt: Number(at), place }))
}

async function reopen(
  db: Driver,
  { job, slotAt, place }: SlotKey,
  reason: string,
  { host, bootId, pid, pidStart }: ProcessIdentity,
): Promise<boolean> {
  const { changed } = await db.run(
    `UPDATE slot
        SET verdict = 'waiting', is_open = 1, cause = 'catch-up', reason = ?,
            host = ?, boot_id = ?, pid = ?, pid_start = ?, mtime = ${db.dialect.now}
      WHERE slot.job = ? AND slot.slot_at = ${db.dialect.fromMs('?')} AND slot.place = ? AND ${WAS_KEPT_BACK}`,
    [reason, host, bootId, pid, pidStart, job, slotAt, place],
  )
  return changed > 0
}

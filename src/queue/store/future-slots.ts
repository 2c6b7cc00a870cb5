/**
 * Slots of a time that is to come, which a clock that was wrong had decided.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { RAN_NOTHING } from './purge-slots.ts'

const PATIENCE_MS = 10_000

/**
 * Removes what was decided and started nothing, so that it is decided again. What was started stays: nothing runs twice.
 *
 * @param from  UTC milliseconds, inclusive
 */
export async function forgetFuture(db: Driver, from: number): Promise<void> {
  await again(db.dialect, { forMs: PATIENCE_MS }, () =>
    db.run(`DELETE FROM slot WHERE slot_at >= ${db.dialect.fromMs('?')} AND ${RAN_NOTHING}`, [from]),
  )
}

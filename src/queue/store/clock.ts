/**
 * The database's clock, which is the one that all hosts share.
 */
import type { Driver } from '../driver.ts'

/** Two clocks that differ by more than this are told of. */
export const CLOCK_TOLERANCE_MS = 30_000

/** @returns UTC milliseconds */
export async function databaseNow(db: Driver): Promise<number> {
  const [row] = await db.all<{ now: number }>(`SELECT ${db.dialect.asMs(db.dialect.now)} AS now`)
  return Number(row?.now)
}

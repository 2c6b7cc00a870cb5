/** The zone of times that were written without one. */
import type { Executor } from '../driver.ts'

/** That of connections which say nothing of it: mostly `SYSTEM`. */
export async function globalZone(db: Executor): Promise<string> {
  const [row] = await db.all<{ zone: string }>('SELECT @@GLOBAL.time_zone AS zone')
  return row?.zone ?? 'SYSTEM'
}

export async function knowsZone(db: Executor, zone: string): Promise<boolean> {
  const [row] = await db.all<{ at: string | null }>("SELECT CONVERT_TZ('2026-01-01 00:00:00', ?, '+00:00') AS at", [
    zone,
  ])
  return row?.at !== null && row?.at !== undefined
}

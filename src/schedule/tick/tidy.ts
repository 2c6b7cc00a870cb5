/**
 * Clearing away what nobody needs any more, a little now and then.
 */
import type { Driver } from '../../queue/driver.ts'
import { removeOverPauses } from '../../queue/store/pause.ts'
import { purgeSlots } from '../../queue/store/purge-slots.ts'

const EVERY_MS = 600_000
const PATIENCE_MS = 5_000
/** Where much has come of age at once, the rest is left to the next time. */
const MOST_CALLS = 10

/** The next minute after this one in which there is something to clear away. */
export function nextTidying(minute: number): number {
  return (Math.floor(minute / EVERY_MS) + 1) * EVERY_MS
}

/** @param minute  UTC milliseconds of the minute of the tick */
export async function tidy(db: Driver, minute: number): Promise<void> {
  if (minute % EVERY_MS !== 0) return
  await removeOverPauses(db)
  for (let calls = 0; calls < MOST_CALLS; calls++) if (!(await purgeSlots(db, PATIENCE_MS)).more) return
}

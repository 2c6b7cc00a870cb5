/**
 * Clearing away what nobody needs any more, a little now and then.
 */
import type { Driver } from '../../queue/driver.ts'
import { removeOverPauses } from '../../queue/store/pause.ts'
import { purgeSlots } from '../../queue/store/purge-slots.ts'
import { queuePauseRows } from '../../queue/store/queue-pause.ts'
import { rollUpTally } from '../../queue/store/roll-up-tally.ts'
import { LettingGo } from '../../queue/store/set-aside.ts'
import { runningMs } from '../../time/running.ts'

const EVERY_MS = 600_000
const PATIENCE_MS = 5_000
/** Where much has come of age at once, the rest is left to the next time. */
const MOST_CALLS = 10
/** A tick has more to do. */
const LET_GO_MS = 2_000
/** Minutes of the tally that are folded: an hour has sixty, and comes of age once an hour. */
const MOST_MINUTES = 120

/** The next minute after this one in which there is something to clear away. */
export function nextTidying(minute: number): number {
  return (Math.floor(minute / EVERY_MS) + 1) * EVERY_MS
}

/** Lets go what was set aside for pauses of task programs that are over. */
export async function endPauses(db: Driver): Promise<void> {
  const rows = await queuePauseRows(db)
  const lettingGo = new LettingGo(db, PATIENCE_MS)
  const deadline = runningMs() + LET_GO_MS
  while ((await lettingGo.step(rows)) !== undefined && runningMs() < deadline);
}

/** @param minute  UTC milliseconds of the minute of the tick */
export async function tidy(db: Driver, minute: number): Promise<void> {
  if (minute % EVERY_MS !== 0) return
  await removeOverPauses(db)
  for (let calls = 0; calls < MOST_CALLS; calls++) if (!(await purgeSlots(db, PATIENCE_MS)).more) break
  for (let calls = 0; calls < MOST_MINUTES; calls++) if (!(await rollUpTally(db, PATIENCE_MS))) break
}

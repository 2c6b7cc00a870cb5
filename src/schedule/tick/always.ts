/**
 * Workers that are always at work: those that are missing are started, whoever or whatever ended them.
 *
 * Asked by every tick, and by the daemon every second. A minute in which nothing was missing leaves no trace.
 */
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { insertSlots, ownSlots, type SlotKey } from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import { askToLeave } from '../stop/drain-workers.ts'
import { type CarryOutOptions, type CarryOutReport, carryOut } from './carry-out.ts'
import { type Circumstances, decide } from './decide.ts'
import { notStarted } from './endings.ts'

export interface KeepOptions extends CarryOutOptions {
  /** UTC milliseconds of the minute. */
  readonly minute: number
  readonly self: ProcessIdentity
  /** Tells one restart from another in the same minute; empty in a tick. */
  readonly place: string
  readonly around: Circumstances
}

export interface KeepReport extends CarryOutReport {
  /** Jobs that the schedule's own functions kept from being decided, a sentence each. */
  readonly troubles: readonly string[]
}

const PATIENCE_MS = 10_000

/** @param jobs  those that are always at work, of this host */
export async function keepAlways(db: Driver, jobs: readonly PlannedJob[], options: KeepOptions): Promise<KeepReport> {
  const { minute, self, place, around } = options
  let started: CarryOutReport['started'] = []
  let unlaunched: CarryOutReport['unlaunched'] = []
  const troubles: string[] = []
  for (const job of jobs) {
    const decision = await decide(job, { slotAt: minute, lateMs: 0 }, around)
    if (decision.kind === 'wait' && decision.leave !== undefined) await askToLeave(db, job.id, decision.leave)
    if (decision.kind === 'no' && decision.trouble) troubles.push(notStarted(job, decision.reason))
    if (decision.kind !== 'start') continue
    const key: SlotKey = { job: job.id, slotAt: minute, place }
    if (!(await isOurs(db, key, decision.reason, self))) continue
    const carried = await carryOut(db, [{ job, key, lateMs: 0, decision }], options)
    started = [...started, ...carried.started]
    unlaunched = [...unlaunched, ...carried.unlaunched]
  }
  return { started, unlaunched, troubles }
}

async function isOurs(db: Driver, key: SlotKey, reason: string, self: ProcessIdentity): Promise<boolean> {
  return again(db.dialect, { forMs: PATIENCE_MS }, async () => {
    await insertSlots(db, db.dialect, [{ ...key, verdict: 'starting', reason, isOpen: true }], self)
    return (await ownSlots(db, [key], self)).length > 0
  })
}

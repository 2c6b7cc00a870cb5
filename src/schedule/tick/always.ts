/**
 * What is always at work: workers that are missing are started, and a command that has ended is run again, whoever or whatever
 * ended it.
 *
 * Asked by every tick, and by the daemon every second. A minute in which nothing was missing leaves no trace.
 */
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { insertSlots, ownSlots, type SlotKey } from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import { askToLeave } from '../stop/drain-workers.ts'
import { type CarryOutOptions, type CarryOutReport, carryOut, runCommands } from './carry-out.ts'
import { type Circumstances, decide } from './decide.ts'
import { notStarted } from './endings.ts'
import { record, type Start } from './start.ts'

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
  /** Jobs of which every shard has its worker, or the command runs. */
  readonly complete: readonly string[]
}

const PATIENCE_MS = 10_000

/** @param jobs  those that are always at work, of this host */
export async function keepAlways(db: Driver, jobs: readonly PlannedJob[], options: KeepOptions): Promise<KeepReport> {
  const { minute, self, place, around } = options
  let started: CarryOutReport['started'] = []
  let unlaunched: CarryOutReport['unlaunched'] = []
  const troubles: string[] = []
  const complete: string[] = []
  for (const job of jobs) {
    const decision = await decide(job, { slotAt: minute, lateMs: 0 }, around)
    if (decision.kind === 'wait' && decision.leave !== undefined) await askToLeave(db, job.id, decision.leave)
    if (decision.kind === 'no' && decision.trouble) troubles.push(notStarted(job, decision.reason))
    if (decision.kind === 'no' && decision.verdict === 'overlap') complete.push(job.id)
    if (decision.kind !== 'start') continue
    const key: SlotKey = { job: job.id, slotAt: minute, place }
    const start: Start = { job, key, lateMs: 0, decision }
    const isRun = decision.deed.kind === 'run'
    if (!isRun && !(await isOurs(db, key, decision.reason, self))) continue
    const carried = await (isRun ? runAgain(db, start, options) : carryOut(db, [start], options))
    started = [...started, ...carried.started]
    unlaunched = [...unlaunched, ...carried.unlaunched]
  }
  return { started, unlaunched, troubles, complete }
}

/** A run of a command stands in the queue before its worker is launched: whoever finds it there starts no other. */
async function runAgain(db: Driver, start: Start, options: KeepOptions): Promise<CarryOutReport> {
  const own = await record(db, [start], options.self)
  await carryOut(db, own, options)
  return own.length === 0 ? { started: [], unlaunched: [] } : runCommands([start.job], own, options)
}

async function isOurs(db: Driver, key: SlotKey, reason: string, self: ProcessIdentity): Promise<boolean> {
  return again(db.dialect, { forMs: PATIENCE_MS }, async () => {
    await insertSlots(db, db.dialect, [{ ...key, verdict: 'starting', reason, isOpen: true }], self)
    return (await ownSlots(db, [key], self)).length > 0
  })
}

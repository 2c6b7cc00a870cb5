/**
 * Jobs that come after another: due for its slots, when those have ended well and soon enough.
 */

import type { Driver } from '../../queue/driver.ts'
import { endedSlots, type LedgerSlot } from '../../queue/store/read-slot.ts'
import { formatDuration } from '../../time/duration.ts'
import { MINUTE_MS } from '../../time/units.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { Decision } from './decide.ts'
import { exitWords } from './exit-words.ts'

export interface Follower {
  readonly slotAt: number
  /** Why it is not run, when the slot before it did not end well. */
  readonly refusal: Decision | undefined
}

/** The slots that `job` is due for now, because the job before it has ended them. */
export async function followers(
  db: Driver,
  job: PlannedJob,
  minute: number,
  knownSince: number | undefined,
): Promise<Follower[]> {
  const { after } = job
  if (after === undefined) return []
  // A slot that ended in time is found for so long that a tick that comes late finds it, too.
  const from = Math.max(minute - after.withinMs - job.catchUp.withinMs, knownSince ?? 0)
  const ended = await endedSlots(db, after.job, job.id, from)
  return ended.map((slot) => ({ slotAt: slot.slotAt, refusal: refusalOf(slot, after) }))
}

function refusalOf(slot: LedgerSlot, { job, withinMs }: { job: string; withinMs: number }): Decision | undefined {
  const { verdict, outcome, slotAt, reason } = slot
  if (['failed', 'missed', 'blocked'].includes(verdict)) return no('blocked', `${job} was not run: ${reason}`)
  if (outcome !== undefined && outcome !== 'done') return no('blocked', `${job} ${endOf(slot)}`)
  const endedAt = slot.endedAt ?? slot.changedAt
  const lateMs = endedAt - slotAt - withinMs
  if (lateMs <= 0) return undefined
  const took = formatDuration(Math.ceil((endedAt - slotAt) / MINUTE_MS) * MINUTE_MS)
  return no('missed', `${job} ended ${took} after its slot, and within is ${formatDuration(withinMs)}`)
}

function endOf({ outcome, ...exit }: LedgerSlot): string {
  if (outcome === 'cancelled') return 'was cancelled'
  if (outcome === 'unknown') return 'ended in a way that is not known any more'
  return `failed${exitWords(exit)}`
}

function no(verdict: 'blocked' | 'missed', reason: string): Decision {
  return { kind: 'no', verdict, reason }
}

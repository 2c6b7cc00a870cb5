/**
 * The slots that a tick has to decide: those that are due and not in the ledger, and those that earlier ticks left open.
 */
import type { Driver } from '../../queue/driver.ts'
import type { OpenSlot } from '../../queue/store/read-slot.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { knownSlots } from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import { followers } from './chain.ts'
import type { Decision } from './decide.ts'
import type { History } from './history.ts'
import { type DueSlot, lookBack, spreadOf } from './look-back.ts'
import { giveUp, isUndecided } from './reopen.ts'
import type { Choice } from './start.ts'

/** A slot that is to be decided. */
export interface Candidate extends Omit<Choice, 'decision'> {
  /** It is decided already: nobody was there in time, or the job before it failed. */
  readonly decision?: Decision | undefined
}

export interface Now {
  /** UTC milliseconds of the minute of the tick. */
  readonly minute: number
  readonly self: ProcessIdentity
}

/** The slots that are due and that the ledger does not have. */
export async function newSlots(
  db: Driver,
  jobs: readonly PlannedJob[],
  history: History,
  { minute, self: { host } }: Now,
): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const job of jobs) {
    if (job.always) continue
    const knownSince = history.knownSince(job)
    const { due, missed } = lookBack(job, { minute, decidedUntil: history.decidedUntil(job), knownSince, host })
    for (const { slotAt, reason } of missed) {
      const slot = { slotAt, lateMs: minute - slotAt }
      candidates.push({ ...candidate(job, slot, host), decision: { kind: 'no', verdict: 'missed', reason } })
    }
    for (const slot of due) candidates.push(candidate(job, slot, host))
    for (const { slotAt, refusal } of await followers(db, job, minute, knownSince)) {
      candidates.push({ ...candidate(job, { slotAt, lateMs: 0 }, host), decision: refusal })
    }
  }
  const known =
    candidates.length === 0
      ? []
      : await knownSlots(
          db,
          candidates.map(({ key }) => key),
        )
  const names = new Set(known.map(({ job, slotAt, place }) => `${job} ${slotAt} ${place}`))
  return candidates.filter(({ key: { job, slotAt, place } }) => !names.has(`${job} ${slotAt} ${place}`))
}

/** The open slots that are to be decided again; those whose time is over are closed. */
export async function reopened(
  db: Driver,
  open: readonly OpenSlot[],
  jobs: readonly PlannedJob[],
  { minute, self }: Now,
): Promise<Candidate[]> {
  const candidates: Candidate[] = []
  for (const job of jobs) {
    const waiting = open
      .filter((slot) => slot.job === job.id && isUndecided(slot))
      .map((slot) => ({
        slotAt: slot.slotAt,
        lateMs: Math.max(0, minute - slot.slotAt - spreadOf(job, self.host)),
        open: slot,
      }))
    if (waiting.length === 0) continue
    const { due } = lookBack(job, { minute, decidedUntil: undefined, knownSince: undefined, host: self.host })
    const newest = Math.max(...[...due, ...waiting].map(({ slotAt }) => slotAt))
    const given = await giveUp(db, job, waiting, newest)
    for (const { slotAt, lateMs, open } of waiting.filter((slot) => !given.includes(slot))) {
      candidates.push({ job, key: { job: job.id, slotAt, place: open.place }, lateMs, open })
    }
  }
  return candidates
}

export function candidate(job: PlannedJob, { slotAt, lateMs }: DueSlot, host: string): Candidate {
  const place = job.hosts === 'each' && job.work.kind === 'enqueue' ? host : ''
  return { job, key: { job: job.id, slotAt, place }, lateMs }
}

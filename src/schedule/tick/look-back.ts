/**
 * Which slots of a job a tick has to decide: the one of its minute, and those since the last tick that nobody decided.
 *
 * Pure. Missed slots are looked for by time alone; which of them somebody decided after all, the ledger says. A slot stays
 * the minute that its `when` names; with a spread, it is started some minutes later, always the same.
 */

import { crc32 } from 'node:zlib'
import { formatDuration } from '../../time/duration.ts'
import { MINUTE_MS } from '../../time/units.ts'
import { occurrences } from '../calendar/occurrences.ts'
import type { PlannedJob } from '../language/plan.ts'

export interface DueSlot {
  readonly slotAt: number
  /** How much later than it was due it is decided; 0 in its own minute. */
  readonly lateMs: number
}

export interface Found {
  /** To be decided now, the oldest first. */
  readonly due: readonly DueSlot[]
  /** To be noted as missed. */
  readonly missed: readonly { readonly slotAt: number; readonly reason: string }[]
}

export interface Since {
  /** UTC milliseconds of the minute of the tick. */
  readonly minute: number
  /** The last minute whose slots stand in the ledger; undefined when there was no tick yet. */
  readonly decidedUntil: number | undefined
  /** Since which minute the job has been due as it is now; undefined when that was before `decidedUntil`. */
  readonly knownSince: number | undefined
  readonly host: string
}

/** Nothing older is looked for. */
const LONGEST_MS = 31 * 86_400_000
/** Of what was missed, so many slots are noted, the newest. */
const MOST_NOTED = 100

export function lookBack(job: PlannedJob, { minute, decidedUntil, knownSince, host }: Since): Found {
  const offset = spreadOf(job, host)
  const until = minute - offset
  // Where the clock was set back, the minutes are those that were decided before: only this one is looked at.
  const isContinuing = decidedUntil !== undefined && decidedUntil < minute
  const from = Math.max(
    isContinuing ? decidedUntil - offset : until - MINUTE_MS,
    knownSince === undefined ? 0 : knownSince - MINUTE_MS,
    until - LONGEST_MS,
  )
  const slots: number[] = []
  for (const slot of occurrences(job, from, until)) {
    slots.push(slot)
    if (slots.length > 2 * MOST_NOTED) slots.splice(0, MOST_NOTED)
  }
  return choose(
    job,
    slots.map((slotAt) => ({ slotAt, lateMs: until - slotAt })),
    minute,
  )
}

/** Of slots of one job that wait to be decided, oldest first: which are run, and which are not any more. */
function choose({ catchUp, work }: PlannedJob, slots: readonly DueSlot[], minute: number): Found {
  const inTime = slots.filter(({ lateMs }) => lateMs === 0 || (catchUp.policy !== 'none' && lateMs <= catchUp.withinMs))
  // Workers take what waits in their queue, however many slots were missed.
  const most = catchUp.policy === 'all' && work.kind !== 'queue' ? catchUp.max : 1
  const due = inTime.slice(-most)
  const next = new Date(due[0]?.slotAt ?? minute).toISOString().slice(0, 16)
  const missed = slots
    .filter((slot) => !due.includes(slot))
    .slice(-MOST_NOTED)
    .map((slot) => ({ slotAt: slot.slotAt, reason: whyMissed(slot, inTime.includes(slot), catchUp, next) }))
  return { due, missed }
}

function whyMissed(
  { lateMs }: DueSlot,
  inTime: boolean,
  { policy, withinMs, max }: PlannedJob['catchUp'],
  next: string,
) {
  const late = `no tick for ${formatDuration(lateMs)}`
  if (policy === 'none') return `${late}, and catchUp is none`
  if (!inTime) return `${late}, and catchUp.within is ${formatDuration(withinMs)}`
  if (policy === 'latest') return `${late}; the slot of ${next}Z runs in its place`
  return `${late}, and catchUp.max is ${max}`
}

/** How much later than its slots a job is started: its own share of `spread`, in milliseconds, whole minutes. */
export function spreadOf({ id, spreadMs, hosts }: PlannedJob, host: string): number {
  const minutes = Math.floor(spreadMs / MINUTE_MS)
  if (minutes < 1) return 0
  return (crc32(hosts === 'each' ? `${id}@${host}` : id) % (minutes + 1)) * MINUTE_MS
}

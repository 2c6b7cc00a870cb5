/**
 * A backfill: slots of a job that are over and did not run are run now, in their order.
 *
 * What has run already the ledger knows, and a slot's row is written in one transaction with what it starts. So a backfill that
 * was interrupted, or killed, is given again and goes on where it was, and two of them at once share the work.
 */
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import { addMany } from '../../queue/store/add.ts'
import { pastSlots, takePastSlot } from '../../queue/store/backfill-slot.ts'
import { insertRun } from '../../queue/store/exec-run.ts'
import { type LedgerSlot, type OpenSlot, openSlots, slotsOf } from '../../queue/store/read-slot.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { changeSlot, type Decided } from '../../queue/store/slot.ts'
import type { Stop } from '../../queue/store/stop.ts'
import { calendarJob } from '../calendar/job-calendar.ts'
import { occurrences } from '../calendar/occurrences.ts'
import type { JobFunctions } from '../language/functions.ts'
import type { PlannedJob } from '../language/plan.ts'
import { type Decision, type Deed, decide } from '../tick/decide.ts'
import { runRow } from '../tick/exec-run.ts'
import { circumstances } from '../tick/tick.ts'
import { FactsUnder } from './by-hand.ts'

export interface BackfillPlan {
  /** Slots of the period: UTC milliseconds. */
  readonly due: number
  readonly ran: number
  /** Waiting for a tick. */
  readonly waiting: number
  /** Begun, by whomever, and not ended yet. */
  readonly underWay: readonly { readonly slotAt: number; readonly taskId: number }[]
  /** Failed or cancelled: they are run again. */
  readonly failed: number
  /** To be run, the oldest first: UTC milliseconds. */
  readonly slots: readonly number[]
}

/** More is a mistake in the period, and would be printed for a person to confirm. */
export const MOST_SLOTS = 100_000
const PATIENCE_MS = 60_000
const REASON = 'backfilled by '
/** A slot has one row for each host at most, and those that people asked for. */
const MOST_PLACES = 1_000

/** @returns undefined when the period has more slots than a backfill takes */
export async function planBackfill(
  db: Driver,
  job: PlannedJob,
  jobs: readonly PlannedJob[],
  from: number,
  to: number,
): Promise<BackfillPlan | undefined> {
  const due: number[] = []
  for (const slot of occurrences(calendarJob(job, jobs), from - 1, to)) {
    due.push(slot)
    if (due.length > MOST_SLOTS) return undefined
  }
  const past = await pastSlots(db, job.id, from, to)
  const count = (what: string) => due.filter((slot) => past.get(slot) === what).length
  const slots = due.filter((slot) => !['ran', 'open'].includes(past.get(slot) ?? 'not run'))
  const begun = (await openSlots(db)).filter(
    (slot) => slot.job === job.id && slot.place === '' && past.get(slot.slotAt) === 'open',
  )
  // What somebody else began the next tick closes, which tells of it whom the job says.
  const isDone = (slot: OpenSlot) => slot.task?.status === 'done' && !isBackfilled(slot)
  const done = begun.filter(isDone).length
  const underWay = begun.flatMap((slot) =>
    slot.taskId === undefined || isDone(slot) ? [] : { slotAt: slot.slotAt, taskId: slot.taskId },
  )
  const waiting = count('open') - done - underWay.length
  return { due: due.length, ran: count('ran') + done, waiting, underWay, failed: count('failed'), slots }
}

export interface BeginOptions {
  /** What keeps the job from being started. */
  readonly stops: readonly Stop[]
  readonly functions: JobFunctions | undefined
  readonly self: ProcessIdentity
  /** Who asks: `ana@web-1`. */
  readonly by: string
  /** Runs go one after the other, whoever begins them. */
  readonly isSerial: boolean
}

export type Begun =
  | { readonly kind: 'run'; readonly taskId: number }
  | { readonly kind: 'added'; readonly tasks: number }
  /** Somebody else begins it. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'no'; readonly decision: Exclude<Decision, { kind: 'start' }> }

/** Begins one slot, if it may be begun: its row and what it starts are written together. */
export async function begin(db: Driver, job: PlannedJob, slotAt: number, options: BeginOptions): Promise<Begun> {
  const { stops, functions, self, isSerial } = options
  const { host } = self
  // The time of the day at which a run ends is that of its own day.
  const { stopAt, ...timeless } = job
  const around = circumstances(db, new FactsUnder(db, host, stops), functions, host)
  const decision = await decide({ ...timeless, overlap: 'allow' }, { slotAt, lateMs: 0 }, around)
  if (decision.kind !== 'start') return { kind: 'no', decision }
  const { deed } = decision
  if (deed.kind === 'workers') throw new Error('A queue has no runs of its own')
  const place = job.hosts === 'each' && deed.kind === 'tasks' ? host : ''
  const verdict = deed.kind === 'run' ? 'started' : 'enqueued'
  const slot: Decided = {
    job: job.id,
    slotAt,
    place,
    verdict,
    reason: `${REASON}${options.by}`,
    isOpen: deed.kind === 'run',
  }
  return again(db.dialect, { forMs: PATIENCE_MS }, async (attempt) => {
    const begun = await db.transaction(async (tx): Promise<Begun> => {
      if (!(await takePastSlot(tx, db.dialect, slot, self))) return { kind: 'taken' }
      if (deed.kind === 'tasks') {
        await addMany(tx, db.dialect, deed.rows)
        return { kind: 'added', tasks: deed.rows.length }
      }
      const taskId = await insertRun(tx, db.dialect, runRow({ ...job, overlap: isSerial ? 'skip' : 'allow' }, slotAt))
      await changeSlot(tx, db.dialect, { ...slot, taskId }, verdict, self)
      return { kind: 'run', taskId }
    })
    return begun.kind === 'taken' && attempt > 0 ? afterLostReply(db, slot, deed, self) : begun
  })
}

/** Whether a slot was begun by a backfill. */
export function isBackfilled({ reason }: LedgerSlot): boolean {
  return reason.startsWith(REASON)
}

/** The answer to a commit was lost: what it wrote is found by its owner. */
async function afterLostReply(db: Driver, slot: Decided, deed: Deed, self: ProcessIdentity): Promise<Begun> {
  const rows = await slotsOf(db, { job: slot.job, from: slot.slotAt, to: slot.slotAt }, MOST_PLACES)
  const row = rows.find(({ place }) => place === slot.place)
  const { owner } = row ?? {}
  const isOwn = owner?.pid === self.pid && owner.pidStart === self.pidStart && owner.bootId === self.bootId
  if (!isOwn || row?.verdict !== slot.verdict) return { kind: 'taken' }
  if (deed.kind === 'tasks') return { kind: 'added', tasks: deed.rows.length }
  return row.taskId === undefined ? { kind: 'taken' } : { kind: 'run', taskId: row.taskId }
}

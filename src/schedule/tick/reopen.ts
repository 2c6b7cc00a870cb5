/**
 * The open slots: what earlier ticks left to be decided again, and what they started that has ended.
 */
import { isGone } from '../../host/identity.ts'
import type { DayLog } from '../../log/day-log.ts'
import type { Driver } from '../../queue/driver.ts'
import { slotText } from '../../queue/exec-queue.ts'
import { isFinal } from '../../queue/status.ts'
import { cancelRows } from '../../queue/store/change.ts'
import type { OpenSlot } from '../../queue/store/read-slot.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { changeSlot, endSlot, type SlotEnding } from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import { givenUp } from './decide.ts'
import type { Facts } from './facts.ts'
import type { DueSlot } from './look-back.ts'

/** A run of a command that has ended. */
export interface EndedRun extends SlotEnding {
  readonly slot: OpenSlot
}

/** How long a launched worker may take to say that it is there. */
const CONFIRM_MS = 10_000
/** A tick that was not heard of for so long is gone, though its process cannot be seen: it gives up itself before that. */
const UNHEARD_MS = 120_000
/** Of late slots a few are started in each tick: so much longer they may wait for their turn. */
const TURN_MS = 3_600_000

/** Whether an open slot is to be decided again. */
export function isUndecided({ verdict, owner, ageMs }: OpenSlot): boolean {
  if (verdict === 'waiting') return true
  if (verdict !== 'starting') return false
  return ageMs >= (isGone(owner) ? CONFIRM_MS : UNHEARD_MS)
}

export interface WaitingSlot extends DueSlot {
  readonly open: OpenSlot
}

/** Closes the slots of a job that wait in vain: a newer one takes their place, or their time is over. @returns these */
export async function giveUp(
  db: Driver,
  job: PlannedJob,
  waiting: readonly WaitingSlot[],
  newest: number,
): Promise<WaitingSlot[]> {
  const given: WaitingSlot[] = []
  for (const slot of waiting) {
    const { slotAt, lateMs, open } = slot
    const withinMs = job.catchUp.withinMs + (open.cause === 'catch-up' ? TURN_MS : 0)
    const isOver = open.cause !== 'overlap' && lateMs > withinMs
    const isOld = job.catchUp.policy !== 'all' && slotAt < newest
    if (open.verdict !== 'waiting' || !(isOver || isOld)) continue
    const { verdict, reason } = givenUp(open.cause, open.reason, lateMs)
    await changeSlot(
      db,
      db.dialect,
      { ...open, verdict, reason, cause: undefined, isOpen: false },
      'waiting',
      open.owner,
    )
    given.push(slot)
  }
  return given
}

/**
 * A job that the schedule has no more: what waits for it is closed, and what was not begun is not begun any more.
 *
 * What somebody wrote just now may be of a schedule that is newer than ours.
 */
async function closeForgotten(db: Driver, slot: OpenSlot, self: ProcessIdentity): Promise<void> {
  if (slot.ageMs < (slot.owner.host === self.host ? CONFIRM_MS : UNHEARD_MS)) return
  if (slot.task?.status === 'running') return
  if (slot.taskId !== undefined) await cancelRows(db, db.dialect, [slot.taskId])
  const reason = 'the schedule has this job no more'
  const verdict = slot.taskId === undefined ? 'missed' : 'started'
  await changeSlot(
    db,
    db.dialect,
    { ...slot, verdict, reason, cause: undefined, isOpen: false },
    slot.verdict,
    slot.owner,
  )
}

export interface SettleOptions {
  readonly unreadable: readonly string[]
  readonly log: DayLog
  readonly self: ProcessIdentity
}

/**
 * Closes what has ended.
 *
 * @param isShared  no host goes by another schedule: a job that this one does not have, none has
 * @returns the runs of commands that have ended
 */
export async function settleAll(
  db: Driver,
  open: readonly OpenSlot[],
  jobs: readonly PlannedJob[],
  { unreadable, log, self }: SettleOptions,
  facts: Facts,
  isShared: boolean,
): Promise<EndedRun[]> {
  const ended: EndedRun[] = []
  for (const slot of open) {
    const job = jobs.find(({ id }) => id === slot.job)
    if (slot.taskId !== undefined) {
      const run = await settle(db, slot, job?.notify !== undefined)
      if (run !== undefined) {
        ended.push(run)
        const { outcome, exitCode, exitSignal } = run
        log.event('job-ended', {
          job: slot.job,
          slot: slotText(slot.slotAt),
          id: slot.taskId,
          outcome,
          exitCode,
          exitSignal,
        })
        continue
      }
    }
    if (job === undefined && isShared && !unreadable.includes(slot.job)) await closeForgotten(db, slot, self)
    if (job?.work.kind === 'queue' && slot.verdict === 'started') await settleQueue(db, slot, job.work.queue, facts)
  }
  return ended
}

/** Notes how the run of a slot has ended. @returns how, as long as it is to be told */
export async function settle(db: Driver, slot: OpenSlot, isTold: boolean): Promise<EndedRun | undefined> {
  const { outcome, exitCode, exitSignal, endedAt = null } = slot
  if (outcome !== undefined) return { slot, outcome, exitCode, exitSignal, endedAt } // its tick died before it was told
  const ending = endingOf(slot)
  if (ending === undefined || !(await endSlot(db, slot, ending, isTold))) return undefined
  return { slot, ...ending }
}

/** Closes the slot of a queue that another job waits for, when its workers have left and nothing is ready. */
async function settleQueue(db: Driver, slot: OpenSlot, queue: string, facts: Facts): Promise<void> {
  const holders = (await facts.holders(queue)).filter(({ job }) => job === slot.job)
  if (holders.length > 0 || (await facts.readyBuckets(queue)).size > 0) return
  await endSlot(db, slot, { outcome: 'done', exitCode: null, exitSignal: null, endedAt: null })
}

function endingOf({ task }: OpenSlot): SlotEnding | undefined {
  if (task === undefined) return { outcome: 'unknown', exitCode: null, exitSignal: null, endedAt: null } // purged
  const { exitCode, exitSignal, finishedAt = null } = task
  return isFinal(task.status) ? { outcome: task.status, exitCode, exitSignal, endedAt: finishedAt } : undefined
}

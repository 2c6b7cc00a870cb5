/**
 * The open slots: what earlier ticks left to be decided again, and what they started that has ended.
 */
import { isGone } from '../../host/identity.ts'
import type { DayLog } from '../../log/day-log.ts'
import type { Driver } from '../../queue/driver.ts'
import { slotText } from '../../queue/exec-queue.ts'
import { cancelRuns } from '../../queue/store/exec-run.ts'
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
/** A tick of another host that was not heard of for so long is gone: it gives up itself before that. */
const OTHER_HOST_MS = 120_000

/** Whether an open slot is to be decided again. */
export function isUndecided({ verdict, owner, ageMs }: OpenSlot, self: ProcessIdentity): boolean {
  if (verdict === 'waiting') return true
  if (verdict !== 'starting') return false
  return owner.host === self.host ? isGone(owner) && ageMs >= CONFIRM_MS : ageMs >= OTHER_HOST_MS
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
    const isOver = open.cause !== 'overlap' && lateMs > job.catchUp.withinMs
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

/** A job that the schedule has no more: what waits for it is closed, and what was not begun is not begun any more. */
async function closeForgotten(db: Driver, slot: OpenSlot): Promise<void> {
  if (slot.task?.status === 'running') return
  if (slot.taskId !== undefined) await cancelRuns(db, db.dialect, slot.job)
  const reason = 'the schedule has this job no more'
  const row = {
    ...slot,
    reason,
    cause: undefined,
    isOpen: false,
    verdict: slot.taskId === undefined ? 'missed' : 'started',
  }
  await changeSlot(db, db.dialect, row as Parameters<typeof changeSlot>[2], slot.verdict, slot.owner)
}

/** Closes what has ended. @returns the runs of commands that have */
export async function settleAll(
  db: Driver,
  open: readonly OpenSlot[],
  jobs: readonly PlannedJob[],
  { unreadable, log }: { readonly unreadable: readonly string[]; readonly log: DayLog },
  facts: Facts,
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
    if (job === undefined && !unreadable.includes(slot.job)) await closeForgotten(db, slot)
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
  switch (task.status) {
    case 'done':
    case 'failed':
    case 'cancelled':
      return { outcome: task.status, exitCode, exitSignal, endedAt: finishedAt }
    default:
      return undefined
  }
}

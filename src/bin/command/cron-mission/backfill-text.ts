/**
 * What a backfill says: its plan before, and how it went after.
 */
import { amount, grouped } from '../../../amount.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import { KEEP_MS } from '../../../queue/store/purge-slots.ts'
import type { BackfillPlan } from '../../../schedule/by-hand/backfill.ts'
import type { BackfillState } from '../../../schedule/by-hand/backfill-runs.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { minuteText } from '../../../time/time-text.ts'

/** UTC milliseconds of whole minutes, both included. */
export interface Period {
  readonly from: number
  readonly to: number
  readonly now: number
}

const MOST_LISTED = 20

export function planLines(job: PlannedJob, plan: BackfillPlan, { from, to, now }: Period, atOnce: number): string[] {
  const { id, timezone, work, overlap } = job
  const { due, ran, waiting, underWay, failed, slots } = plan
  const time = (at: number) => minuteText(timezone, at)
  const known = [
    ...(ran > 0 ? [`${are(ran)} run already`] : []),
    ...(underWay.length > 0 ? [`${grouped(underWay.length)} ${underWay.length === 1 ? 'is' : 'are'} under way`] : []),
    ...(waiting > 0 ? [`${grouped(waiting)} wait for the next tick`] : []),
    ...(failed > 0 ? [`${are(failed)} failed and ${failed === 1 ? 'is' : 'are'} run again`] : []),
  ]
  const times = amount(due, 'time')
  const [first, last] = [slots[0], slots.at(-1)]
  const lines = [`Job ${id} was due ${times} from ${time(from)} to ${time(to)} (${timezone}).`]
  if (known.length > 0) lines.push(`Of these ${known.join(', ')}.`)
  if (from < now - KEEP_MS) {
    lines.push(`What ran before ${time(now - KEEP_MS)} is no longer known, and is run again.`)
  }
  if (first === undefined || last === undefined) return [...lines, 'There is nothing to be begun.']
  const pace = work.kind !== 'exec' ? 'one after the other' : atOnce === 1 ? 'one at a time' : `${atOnce} at a time`
  const which = slots.length === 1 ? `the slot of ${time(first)}` : `the slots from ${time(first)} to ${time(last)}`
  lines.push(`To be run: ${grouped(slots.length)}, ${which}, ${pace}.`)
  if (work.kind === 'exec' && overlap !== 'allow') lines.push(overlapLine(overlap))
  return lines
}

/** It is at work, and its policy says what that means. */
function overlapLine(overlap: Exclude<PlannedJob['overlap'], 'allow'>): string {
  const what = {
    skip: 'is skipped',
    queue: 'waits for the run that is under way',
    replace: 'cancels the runs that are under way',
  }
  return `A slot that falls due meanwhile ${what[overlap]} (overlap: '${overlap}').`
}

export function resultLines({ timezone }: PlannedJob, state: BackfillState): string[] {
  const { done, skipped, taken, failed, running, left } = state
  const parts = [
    `${grouped(done)} done`,
    `${grouped(failed.length)} failed`,
    ...(skipped > 0 ? [`${grouped(skipped)} refused by onlyIf`] : []),
    ...(taken > 0 ? [`${grouped(taken)} begun by somebody else`] : []),
    ...(running > 0 ? [`${grouped(running)} still under way`] : []),
    ...(left > 0 ? [`${grouped(left)} not begun`] : []),
  ]
  const lines = [`${parts.join(', ')}.`]
  for (const { slotAt, taskId, reason } of failed.slice(0, MOST_LISTED)) {
    const task = taskId === undefined ? '' : `; "queuectl show ${taskId}"`
    lines.push(`  ${minuteText(timezone, slotAt)}  ${reason}${task}`)
  }
  if (failed.length > MOST_LISTED) lines.push(`  and ${grouped(failed.length - MOST_LISTED)} more`)
  if (left > 0 || running > 0) lines.push('The same command goes on with what is left.')
  else if (failed.length > 0) lines.push('The same command runs the failed ones again.')
  return lines
}

export function planFacts({ id }: PlannedJob, plan: BackfillPlan, { from, to }: Period, atOnce: number) {
  const { due, ran, waiting, underWay, failed, slots } = plan
  const counts = { due, ran, waiting, underWay: underWay.length, failedBefore: failed, toRun: slots.length }
  return { job: id, from: slotText(from), to: slotText(to), ...counts, atOnce, slots: slots.map(slotText) }
}

export function resultFacts({ id }: PlannedJob, { due, slots }: BackfillPlan, state: BackfillState) {
  const { done, skipped, taken, failed, running, left } = state
  return {
    ...{ job: id, due, toRun: slots.length, done, skipped, taken, running, left },
    failed: failed.map(({ slotAt, taskId = null, reason }) => ({ slot: slotText(slotAt), task: taskId, reason })),
  }
}

function are(number: number): string {
  return `${grouped(number)} ${number === 1 ? 'has' : 'have'}`
}

/**
 * Rows that nobody will come back to, and rows to which somebody should have come: nearly always because no tick and no worker
 * runs any more.
 */

import { amount, grouped } from '../../amount.ts'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import type { HeldFor, SilentWorker, Some } from '../../queue/store/left-behind.ts'
import { LOOKED_AT } from '../../queue/store/left-behind.ts'
import type { BegunMove } from '../../queue/store/move-out.ts'
import { isHeldForMove, nameOfMove } from '../../queue/store/move-out.ts'
import type { QueuePauseKey } from '../../queue/store/queue-pause.ts'
import { isOfQueue } from '../../queue/store/queue-pause.ts'
import { HELD_FOR_PAUSE } from '../../queue/store/set-aside.ts'
import { roughly } from '../../time/time-text.ts'
import { readableLine } from '../readable.ts'

/** How long a tick or another worker may take to clear up after one that died. */
export const CLEARED_UP_MS = 300_000
/** Ticks and workers make tasks ready within a second or a minute. */
export const PROMOTED_MS = 120_000

const WORKERS = 'workers'
const TASKS = 'tasks'
const NAME_LENGTH = 60
/** What may stand in a statement that a person copies. */
const PLAIN_NAME = /^[\w:./-]+$/
const SEE_TICKS = 'See that ticks run ("cron-mission doctor" says why not), or start a worker.'

type Found = Pick<Some, 'count' | 'firstId'>

/** `Task 17` and `has`, or `12 tasks (the first is 17)` and `have`. */
function subject({ count, firstId }: Found, noun = 'task'): [who: string, has: string] {
  if (count === 1) return [`${noun.charAt(0).toUpperCase()}${noun.slice(1)} ${firstId}`, 'has']
  return [`${amount(count, noun)}${count >= LOOKED_AT ? ' or more' : ''} (the first is ${firstId})`, 'have']
}

export function strayFindings(strays: Some | undefined): Finding[] {
  if (strays === undefined) return []
  const [who, has] = subject(strays)
  const since = strays.oldestMs === undefined ? '' : ` for up to ${roughly(strays.oldestMs)}`
  return [
    problem(
      WORKERS,
      `${who} ${has} been running${since} without a worker that is known: nobody clears up after it. ${SEE_TICKS}`,
    ),
  ]
}

export function silentFindings(workers: readonly SilentWorker[]): Finding[] {
  return workers.map(({ workerId, host, pid, queue, silentMs, running }) => {
    const who = `Worker ${workerId} (pid ${pid} on ${host}, queue ${queue}) has been silent for ${roughly(silentMs)}`
    return running > 0
      ? problem(WORKERS, `${who} and has ${amount(running, 'task')}: nobody clears up after it. ${SEE_TICKS}`)
      : note(WORKERS, `${who}; it has no tasks, and the next tick removes its row. ${SEE_TICKS}`)
  })
}

export function overdueFindings(late: Some | undefined): Finding[] {
  if (late === undefined) return []
  return [
    problem(
      TASKS,
      `${subject(late, 'scheduled task')[0]} should have been ready up to ${roughly(late.oldestMs ?? 0)} ago: nobody sees to that. ${SEE_TICKS}`,
    ),
  ]
}

export function statelessFindings(id: number | undefined): Finding[] {
  if (id === undefined) return []
  const fix = 'UPDATE queue SET status = 6 WHERE status > 6'
  return [
    problem(
      TASKS,
      `Task ${id} has a status that is none, so nothing ever happens to it. Run "${fix}", which holds it, then release or cancel it.`,
      fix,
    ),
  ]
}

export function attemptFindings(orphans: Some | undefined): Finding[] {
  if (orphans === undefined) return []
  const fix = 'DELETE FROM attempt WHERE NOT EXISTS (SELECT 1 FROM queue WHERE queue.id = attempt.task_id)'
  return [
    note(
      TASKS,
      `Among the oldest ${grouped(LOOKED_AT)} attempts there are ${orphans.count} of tasks that are gone: somebody deleted these by hand. Run "${fix}", and "queuectl purge" from now on.`,
      fix,
    ),
  ]
}

export function timelessFindings(done: Some | undefined): Finding[] {
  if (done === undefined) return []
  const fix = 'UPDATE queue SET finished_at = mtime WHERE status = 1 AND finished_at IS NULL'
  return [
    note(
      TASKS,
      `Among ${grouped(LOOKED_AT)} done tasks there are ${done.count} without a finished_at, such as ${done.firstId}: somebody set their status, and no purge will ever delete them. Run "${fix}" when little is to be done, and set both from now on.`,
      fix,
    ),
  ]
}

/** @param pauses  those in force, and those over for which somebody still lets tasks go */
export function heldFindings(
  held: readonly HeldFor[],
  pauses: readonly QueuePauseKey[],
  moves: readonly BegunMove[],
): Finding[] {
  return held.flatMap((group): Finding[] => {
    const { heldFor, queue, task, firstId } = group
    const [who, has] = subject(group)
    const tasks = `${who} of queue ${queue}, program ${readableLine(task, NAME_LENGTH)}, ${has} been held for`
    if (heldFor === HELD_FOR_PAUSE) {
      const isKnown = pauses.some((pause) => pause.task === task && isOfQueue(pause, queue))
      const fix = `queuectl release ${firstId}`
      const sentence = `${tasks} a pause that is over, and nobody lets go. Run "${fix}"${group.count === 1 ? '' : ' and the others'}.`
      return isKnown ? [] : [problem(TASKS, sentence, fix)]
    }
    if (!isHeldForMove(heldFor)) return []
    const move = moves.find((one) => heldFor.startsWith(nameOfMove(one.move)))
    if (move !== undefined) {
      return [
        note(
          TASKS,
          `${tasks} a move to ${move.where}. If it is not under way any more, give the same "queuectl move" again: it goes on.`,
        ),
      ]
    }
    const rows = PLAIN_NAME.test(heldFor) ? `held_for = '${heldFor}'` : `id = ${firstId}`
    const fix = `UPDATE queue SET held_for = NULL WHERE status = 6 AND ${rows}`
    return [problem(TASKS, `${tasks} a move that nobody knows. Run "${fix}", then "queuectl release".`, fix)]
  })
}

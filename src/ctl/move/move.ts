/**
 * `queuectl move --to`: waiting tasks into another queue.
 *
 * What runs stays, because its worker books it where it was claimed. Runs of a job's command are never moved: their queue says
 * whose command they are.
 */

import type { Counted } from '../../amount.ts'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { isExecQueue } from '../../queue/exec-queue.ts'
import { checkQueueName } from '../../queue/new-task.ts'
import type { StatusName } from '../../queue/status.ts'
import { requeue } from '../../queue/store/requeue.ts'
import type { Selection } from '../../queue/store/selection.ts'
import { countSelected, walkSelected } from '../../queue/store/walk-selected.ts'
import { PATIENCE_MS } from '../patience.ts'

export const MOVABLE = ['ready', 'scheduled', 'held'] as const satisfies readonly StatusName[]
export const MOST_COUNTED = 100_000

export interface MovePreview {
  /** What waits, and would be moved. */
  readonly waiting: Counted
  /** What runs, and stays. */
  readonly running: Counted
}

export interface MoveEvents {
  /** When it is aborted, the batch that is under way is the last. */
  readonly stop: AbortSignal
  /** @param moved  of those that the move is about */
  readonly onProgress: (moved: number) => void
}

export interface Moved {
  readonly moved: number
  /** They run, and stay. */
  readonly running: Counted
  readonly ended: 'all' | 'stopped'
}

const BATCH = 250

/**
 * The waiting tasks of a selection.
 *
 * @throws Complaint (usage) when it asks for what cannot be moved
 */
export function movable(selection: Selection): Selection {
  const { states = MOVABLE, queues = [], finishedSince, finishedUntil } = selection
  const other = states.find((state) => !(MOVABLE as readonly string[]).includes(state))
  if (other !== undefined || finishedSince !== undefined || finishedUntil !== undefined)
    throw new Complaint(
      EXIT.usage,
      `Tasks that ${other === 'running' ? 'run' : 'have finished'} are not moved. Use --status ${MOVABLE.join(',')}; "queuectl export" takes any.`,
    )
  const exec = queues.find(isExecQueue)
  if (exec !== undefined)
    throw new Complaint(EXIT.usage, `The queue ${exec} has the runs of a job's command, which are not moved.`)
  return { ...selection, states }
}

export async function previewMove(db: Driver, selection: Selection): Promise<MovePreview> {
  return {
    waiting: await countSelected(db, movable(selection), MOST_COUNTED),
    running: await runningOf(db, selection),
  }
}

/** @throws Complaint when `to` is no name of a queue */
export async function moveToQueue(
  db: Driver,
  selection: Selection,
  to: string,
  { stop, onProgress }: MoveEvents,
): Promise<Moved> {
  checkQueueName(to)
  let moved = 0
  for await (const ids of walkSelected(db, movable(selection), BATCH, PATIENCE_MS)) {
    if (ids.length > 0) moved += await requeue(db, ids, to, PATIENCE_MS)
    onProgress(moved)
    if (stop.aborted) return { moved, running: await runningOf(db, selection), ended: 'stopped' }
  }
  return { moved, running: await runningOf(db, selection), ended: 'all' }
}

/** Of the selection, what runs: it was chosen by its other properties. */
export function runningOf(db: Driver, selection: Selection): Promise<Counted> {
  const { states: _those, ...others } = selection
  return countSelected(db, { ...others, states: ['running'] }, MOST_COUNTED)
}

/**
 * `queuectl move --to-url`: waiting tasks into another database, none of them lost and none of them twice, whatever is killed when.
 *
 *     1  all that is to be moved is held for the move, so that nobody starts a later task of a key while an earlier one is
 *        elsewhere already
 *     2  a batch is written there, in one transaction with a note of how far the move has come
 *     3  the batch is deleted here
 *
 * A move that was cut off is found by what it holds. Up to the id that is noted there, what is held has been written and is
 * deleted; what is above is moved. A task that the other database refuses is let go here before any note goes past it.
 */

import type { Counted } from '../../amount.ts'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { installationName } from '../../queue/migrate.ts'
import { type BegunMove, begunMoves, holdForMove, newMove } from '../../queue/store/move-out.ts'
import type { Selection } from '../../queue/store/selection.ts'
import { walkSelected } from '../../queue/store/walk-selected.ts'
import { PATIENCE_MS } from '../patience.ts'
import { CarryOver } from './carry-over.ts'
import { type MoveEvents, movable, runningOf } from './move.ts'

export interface AwayEvents extends MoveEvents {
  /** @param held  so many are held for the move */
  readonly onHeld: (held: number) => void
}

export interface MovedAway {
  readonly moved: number
  /** Of those, of moves that had been cut off before. */
  readonly resumed: number
  /** Of those moved, they had been tried before: their next attempt has another TASK_KEY. */
  readonly tried: number
  /** They stay, and wait as they did: an unfinished task there has their unique value. */
  readonly duplicates: readonly number[]
  /** They stay, and wait as they did: the other database does not take them as they are. */
  readonly refused: readonly { readonly id: number; readonly reason: string }[]
  readonly running: Counted
  /** What is left of it when it was stopped stays held until the same move is given again. */
  readonly ended: 'all' | 'stopped'
  /** Moves to other databases that were cut off. */
  readonly elsewhere: readonly BegunMove[]
}

const BATCH = 250

/** @throws Complaint when both are one database */
export async function refuseSame(source: Driver, target: Driver): Promise<string> {
  const [from, to] = [await installationName(source), await installationName(target)]
  if (from !== to) return to
  throw new Complaint(
    EXIT.usage,
    `--to-url leads to the database that the tasks are in, or to a copy of it (both are the installation ${to}). Name another one.`,
  )
}

/** Moves to this target that were cut off, and those to others. */
export async function cutOffMoves(source: Driver, to: string) {
  const all = await begunMoves(source)
  return { here: all.filter(({ move }) => move.to === to), elsewhere: all.filter(({ move }) => move.to !== to) }
}

/** @param where  the target, as a person may read it */
export async function moveAway(
  source: Driver,
  target: Driver,
  selection: Selection,
  where: string,
  events: AwayEvents,
): Promise<MovedAway> {
  const to = await refuseSame(source, target)
  const waiting = movable(selection)
  const cutOff = await cutOffMoves(source, to)
  const carrying = new CarryOver(source, target, events)
  let held = 0
  let ended: 'all' | 'stopped' = 'all'

  for (const begun of cutOff.here) {
    if (ended === 'all') ended = await carrying.carry(begun)
  }
  const resumed = carrying.moved
  if (ended === 'all') {
    const move = newMove(to)
    let from: number | undefined
    for await (const ids of walkSelected(source, waiting, BATCH, PATIENCE_MS)) {
      from ??= ids[0]
      if (from !== undefined && ids.length > 0)
        held += await holdForMove(source, move, ids, { where, from }, PATIENCE_MS)
      events.onHeld(held)
      if (events.stop.aborted) break
    }
    const begun = (await begunMoves(source)).find((it) => it.move.token === move.token)
    if (begun !== undefined) ended = await carrying.carry(begun)
    else if (events.stop.aborted) ended = 'stopped'
  }
  const { moved, tried, duplicates, refused } = carrying
  return {
    ...{ moved, resumed, tried, duplicates, refused, ended },
    running: await runningOf(source, selection),
    elsewhere: cutOff.elsewhere,
  }
}

/**
 * `queuectl move --back`: what a move to another database still holds, when nobody wants it to go on.
 *
 * What was written there is deleted here, as the move itself would have done; all else waits here again. Should somebody still
 * carry on the move, nothing more is written there from the beginning of this.
 */

import type { Driver } from '../../queue/driver.ts'
import { installationName } from '../../queue/migrate.ts'
import { closeMoveNote, forgetMoveNote } from '../../queue/store/move-in.ts'
import { type BegunMove, begunMoves, forgetMove, letStay, nextHeld } from '../../queue/store/move-out.ts'
import { PATIENCE_MS } from '../patience.ts'
import { settledNote } from './carry-over.ts'

const BATCH = 250

/** @param target  undefined when it is gone: then the moves to whatever database */
export async function movesToTakeBack(source: Driver, target: Driver | undefined): Promise<readonly BegunMove[]> {
  const all = await begunMoves(source)
  if (target === undefined) return all
  const to = await installationName(target)
  return all.filter(({ move }) => move.to === to)
}

/** @returns how many tasks wait here again */
export async function takeBackMoves(
  source: Driver,
  target: Driver | undefined,
  moves: readonly BegunMove[],
): Promise<number> {
  let released = 0
  for (const begun of moves) {
    const { move, from, upTo } = begun
    if (target !== undefined) await closeMoveNote(target, move, PATIENCE_MS)
    const note = target === undefined ? undefined : await settledNote(source, target, move, from)
    let past: number | undefined = from - 1
    while (past !== undefined) {
      const page = await nextHeld(source, move, past, upTo, BATCH)
      if (page.ids.length > 0) await letStay(source, move, page.ids, PATIENCE_MS)
      released += page.ids.length
      past = page.reached
    }
    if (target !== undefined && note !== undefined) await forgetMoveNote(target, move, note, PATIENCE_MS)
    await forgetMove(source, begun, PATIENCE_MS)
  }
  return released
}

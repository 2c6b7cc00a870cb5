/**
 * Changing all tasks of a selection, batch by batch, so that whoever works beside it hardly notices.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../queue/driver.ts'
import type { Change } from '../../queue/store/change.ts'
import { type BoundedSelection, changeSelected, type SelectedOptions } from '../../queue/store/change-selected.ts'
import { PATIENCE_MS } from '../patience.ts'
import { ChangeTally } from './change-tally.ts'
import type { ChangeVerb } from './change-verb.ts'

export interface CarryOutOptions extends SelectedOptions {
  readonly dryRun: boolean
  /** Ends after so long. */
  readonly forMs?: number
  /** Ends after the batch that is under way. */
  readonly leave: AbortSignal
  readonly onBatch: (changes: readonly Change[], tally: ChangeTally) => Promise<void>
}

export interface CarriedOut {
  readonly tally: ChangeTally
  /** All that was selected has been seen. */
  readonly isWhole: boolean
  /** It was told to leave. */
  readonly isStopped: boolean
}

const LONGEST_PAUSE_MS = 20

export async function carryOut(
  db: Driver,
  verb: ChangeVerb,
  selection: BoundedSelection,
  { forMs = Number.POSITIVE_INFINITY, leave, onBatch, ...options }: CarryOutOptions,
): Promise<CarriedOut> {
  const tally = new ChangeTally(verb)
  const endsAt = performance.now() + forMs
  let begunAt = performance.now()
  for await (const changes of changeSelected(db, verb.verb, selection, options)) {
    tally.add(changes)
    const changed = changes.filter(({ kind }) => kind === 'changed').map(({ id }) => id)
    if (!options.dryRun && changed.length > 0) await verb.afterwards?.(db, changed, PATIENCE_MS)
    await onBatch(changes, tally)
    await letOthers(options.dryRun ? 0 : performance.now() - begunAt)
    if (leave.aborted || performance.now() >= endsAt) return { tally, isWhole: false, isStopped: leave.aborted }
    begunAt = performance.now()
  }
  return { tally, isWhole: true, isStopped: false }
}

/**
 * Workers that write beside it come to their turn, as SQLite has one writer at a time. And a signal is heard, which it is not
 * while an embedded database answers at once.
 */
async function letOthers(workedMs: number): Promise<void> {
  await (workedMs > 0 ? sleep(Math.min(workedMs, LONGEST_PAUSE_MS)) : nextTurn())
}

/**
 * Changes every task of a selection, in small batches by ascending ids, up to the highest id that there was at the start.
 *
 * What is added meanwhile is left alone, and nothing is changed twice. Nothing is kept but the ids of one page. The write of a
 * batch asks for the whole selection once more: a task that was failed when it was selected and is done by now stays done.
 */
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { BATCH, type Change, type ChangeOptions, changeTasks } from './change.ts'
import type { Verb } from './change-rules.ts'
import { rowConditions, type Selection, selected } from './selection.ts'
import { marks, padded } from './sql.ts'
import { walkSelected } from './walk-selected.ts'

export interface SelectedOptions extends Omit<ChangeOptions, 'only'> {
  /** Of these alone; ascending, each once. */
  readonly ids?: readonly number[] | undefined
  /** So many changes at most. */
  readonly limit?: number | undefined
}

/** To find the way to the rows costs about as much as to change a few hundred of them. */
const PAGE = 5_000
const SMALLEST = 32

/** A selection that ends at some id. */
export type BoundedSelection = Selection & { readonly toId: number }

/** Without the tasks that are still to be added. */
export async function asOfNow(db: Driver, selection: Selection, patienceMs: number): Promise<BoundedSelection> {
  const [row] = await again(db.dialect, { forMs: patienceMs }, () =>
    db.all<{ id: number | null }>('SELECT MAX(id) AS id FROM queue'),
  )
  const highest = Number(row?.id ?? 0)
  return { ...selection, toId: Math.min(selection.toId ?? highest, highest) }
}

/** What became of each selected task, a batch at a time, some of them empty; whoever asks for no more of them ends it. */
export async function* changeSelected(
  db: Driver,
  verb: Verb,
  selection: BoundedSelection,
  { ids, limit = Number.POSITIVE_INFINITY, ...options }: SelectedOptions,
): AsyncGenerator<readonly Change[], void, undefined> {
  const only = rowConditions(db.dialect, selection)
  let left = limit
  let size = BATCH
  const { patienceMs } = options
  const pages =
    ids === undefined ? walkSelected(db, selection, PAGE, patienceMs) : among(db, selection, ids, patienceMs)
  for await (const page of pages) {
    if (page.length === 0) yield []
    for (let start = 0; start < page.length && left > 0; ) {
      const batch = page.slice(start, start + Math.min(size, left))
      const begunAt = performance.now()
      const changes = await changeTasks(db, verb, batch, { ...options, only })
      size = fitting(batch.length, performance.now() - begunAt, db.dialect.batchMs)
      start += batch.length
      left -= changes.filter(({ kind }) => kind === 'changed').length
      yield changes
    }
    if (left <= 0) return
  }
}

/** As many as a write may take that others wait for. */
function fitting(count: number, tookMs: number, mayTakeMs: number): number {
  return Math.max(SMALLEST, Math.min(BATCH, Math.round((count * mayTakeMs) / tookMs)))
}

async function* among(
  db: Driver,
  selection: Selection,
  ids: readonly number[],
  patienceMs: number,
): AsyncGenerator<readonly number[]> {
  const { sql, values } = selected(db.dialect, selection)
  for (let start = 0; start < ids.length; start += BATCH) {
    const all = padded(ids.slice(start, start + BATCH))
    const rows = await again(db.dialect, { forMs: patienceMs }, () =>
      db.all<{ id: number }>(
        `SELECT id FROM queue ${db.dialect.byPrimaryKey} WHERE id IN (${marks(all.length)})${sql} ORDER BY id`,
        [...all, ...values],
      ),
    )
    yield rows.map(({ id }) => Number(id))
  }
}

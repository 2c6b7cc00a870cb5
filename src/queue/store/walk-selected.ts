/** All tasks of a selection, a batch of ids at a time, the lowest first: for what is done to many. */
import type { Counted } from '../../amount.ts'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { selectTasks } from './select.ts'
import type { Selection } from './selection.ts'

/** Rare ones are looked for so long at a time; a stop is heard in between. */
const LOOK_MS = 500

/**
 * Each is found once, as it stood when it was passed; what is added meanwhile may be among them.
 *
 * @param most  ids in a batch; an empty one says that it is still looking
 * @param patienceMs  how long a database that does not answer is asked again
 */
export async function* walkSelected(
  db: Driver,
  selection: Selection,
  most: number,
  patienceMs: number,
): AsyncGenerator<readonly number[]> {
  const request = { order: 'oldest', limit: most, budgetMs: LOOK_MS } as const
  let past: number | undefined
  do {
    const page = await again(db.dialect, { forMs: patienceMs }, () => selectTasks(db, selection, { ...request, past }))
    yield page.ids
    past = page.reached
  } while (past !== undefined)
}

const COUNT_MS = 100

/** How many there are, counted up to a bound, and for a moment. */
export async function countSelected(db: Driver, selection: Selection, most: number): Promise<Counted> {
  const page = await selectTasks(db, selection, { order: 'oldest', limit: most, budgetMs: COUNT_MS })
  return { count: page.ids.length, isExact: page.ended === 'all' }
}

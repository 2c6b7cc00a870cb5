/**
 * The ids of the tasks of a selection, newest or oldest first, a page at a time.
 *
 * Every statement is bounded: it reads a window of rows by their ids, or the few rows that an index has. What is looked for may
 * be rare in millions of rows without any index that knows it. Then a page ends when its time is over, and says how far
 * it has looked, so that the next one goes on there.
 */
import type { Driver } from '../driver.ts'
import { type Bounds, type IndexPart, pathOf } from './select-path.ts'
import { type Conditions, rowConditions, type Selection, statesOf } from './selection.ts'
import { limited } from './sql.ts'

/** Newest: the highest id first. */
export type Order = 'newest' | 'oldest'

export interface PageRequest {
  readonly order: Order
  /** Go on past this id, in the order asked for. */
  readonly past?: number | undefined
  /** Ids at most; whoever changes many tasks asks for thousands at once. */
  readonly limit: number
  /** When this long has passed no further window is read; `Infinity` to look at all there is. */
  readonly budgetMs?: number
}

export interface Page {
  /** In the order asked for. */
  readonly ids: readonly number[]
  /**
   *     all     there are no others
   *     limit   the page is full; perhaps there are others
   *     budget  its time was over, with rows left to look at
   */
  readonly ended: 'all' | 'limit' | 'budget'
  /** The next page goes on past this id; undefined when there is none. */
  readonly reached: number | undefined
}

/** For a person who waits: with the time that a command takes to start it is not noticed. */
export const BUDGET_MS = 100

/** What each statement reads at most: measured, so that all of one page together stay below the budget. */
export interface SelectBounds extends Bounds {
  /** Ids of the first windows, which fill most pages before any index is asked how much it has. */
  readonly firstWindows: readonly number[]
  readonly window: number
}

const BOUNDS: SelectBounds = {
  entries: 100_000,
  rows: 20_000,
  few: 2_000,
  firstWindows: [2_000, 10_000],
  window: 10_000,
}

/** @param bounds  smaller ones, so that a few rows are enough to see all ways of finding them */
export async function selectTasks(
  db: Driver,
  selection: Selection,
  request: PageRequest,
  bounds = BOUNDS,
): Promise<Page> {
  const { order, limit, budgetMs = BUDGET_MS } = request
  const endsAt = performance.now() + budgetMs
  const conditions = rowConditions(db.dialect, selection)
  const ids: number[] = []
  let left = statesOf(selection)?.length === 0 ? undefined : spanOf(selection, request)

  const walk = async (span: Span, size: number) => {
    const window = conditions.sql === '' ? { span, rest: undefined } : await windowOf(db, span, order, size)
    left = window?.rest
    if (window !== undefined)
      ids.push(...(await idsInWindow(db, conditions, window.span, order, limit + 1 - ids.length)))
  }

  for (const size of bounds.firstWindows) if (left !== undefined && ids.length < limit) await walk(left, size)
  if (left !== undefined && ids.length < limit) {
    const path = await pathOf(db, selection, bounds)
    if (path.kind === 'index') {
      ids.push(...(await idsInIndex(db, conditions, path.parts, left, order, limit + 1 - ids.length)))
      left = undefined
    } else {
      left = spanWithin({ low: Math.max(left.low, path.lowest), high: Math.min(left.high, path.highest) })
    }
  }
  while (left !== undefined && ids.length < limit && performance.now() < endsAt) await walk(left, bounds.window)
  return pageOf(ids, limit, left, order)
}

/** Ids from the one to the other, both included. */
interface Span {
  readonly low: number
  readonly high: number
}

function spanOf({ fromId = 1, toId = Number.MAX_SAFE_INTEGER }: Selection, { order, past }: PageRequest) {
  if (past === undefined) return spanWithin({ low: fromId, high: toId })
  return order === 'newest'
    ? spanWithin({ low: fromId, high: Math.min(toId, past - 1) })
    : spanWithin({ low: Math.max(fromId, past + 1), high: toId })
}

function spanWithin(span: Span): Span | undefined {
  return span.low <= span.high ? span : undefined
}

function pageOf(ids: readonly number[], limit: number, left: Span | undefined, order: Order): Page {
  if (ids.length > limit || (ids.length === limit && left !== undefined))
    return { ids: ids.slice(0, limit), ended: 'limit', reached: ids[limit - 1] }
  if (left === undefined) return { ids, ended: 'all', reached: undefined }
  return { ids, ended: 'budget', reached: order === 'newest' ? left.high + 1 : left.low - 1 }
}

/**
 * A part of a span that begins with its first row and has so many ids, so at most as many rows; and what is left of the span
 * behind it. Undefined when it has no row.
 */
async function windowOf(
  db: Driver,
  { low, high }: Span,
  order: Order,
  size: number,
): Promise<{ span: Span; rest: Span | undefined } | undefined> {
  const [row] = await db.all<{ id: number }>(
    `SELECT id FROM queue ${db.dialect.byPrimaryKey}
      WHERE id >= ? AND id <= ?
      ORDER BY id ${DIRECTION[order]} LIMIT 1`,
    [low, high],
  )
  if (row === undefined) return undefined
  const first = Number(row.id)
  if (order === 'newest') {
    const last = Math.max(low, first - size + 1)
    return { span: { low: last, high: first }, rest: spanWithin({ low, high: last - 1 }) }
  }
  const last = Math.min(high, first + size - 1)
  return { span: { low: first, high: last }, rest: spanWithin({ low: last + 1, high }) }
}

const DIRECTION = { newest: 'DESC', oldest: 'ASC' } as const

async function idsInWindow(
  db: Driver,
  { sql, values }: Conditions,
  { low, high }: Span,
  order: Order,
  most: number,
): Promise<number[]> {
  const rows = await db.all<{ id: number }>(
    `SELECT id FROM queue ${db.dialect.byPrimaryKey}
      WHERE id >= ? AND id <= ?${sql}
      ORDER BY id ${DIRECTION[order]} LIMIT ${limited(most)}`,
    [low, high, ...values],
  )
  return rows.map(({ id }) => Number(id))
}

async function idsInIndex(
  db: Driver,
  conditions: Conditions,
  parts: readonly IndexPart[],
  { low, high }: Span,
  order: Order,
  most: number,
): Promise<number[]> {
  const { dialect } = db
  const inOrder = `ORDER BY id ${DIRECTION[order]} LIMIT ${limited(most)}`
  const branches = parts.map(({ index, where }) =>
    dialect.limitedBranch(
      `SELECT id FROM queue ${dialect.useIndex(index)}
        WHERE ${where} AND id >= ? AND id <= ?${conditions.sql}
        ${inOrder}`,
    ),
  )
  const rows = await db.all<{ id: number }>(
    `${branches.join(' UNION ALL ')} ${branches.length === 1 ? '' : inOrder}`,
    parts.flatMap(({ values }) => [...values, low, high, ...conditions.values]),
  )
  return rows.map(({ id }) => Number(id))
}

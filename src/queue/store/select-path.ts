/**
 * How the tasks of a selection are found: which index has few rows that it may be among.
 *
 * Each thing that a selection asks for may have an index. How many rows it would give is counted in the index itself, up to
 * a bound, and the one with the fewest is used. Where all have too many, rows are read by their ids instead, in windows, from the
 * first to the last that the best of them has.
 */
import type { Dialect, Driver, Value } from '../driver.ts'
import { HIGHEST_STATUS, STATUS_NAMES, type StatusName } from '../status.ts'
import { between, type Conditions, oneOf, type Selection, statesOf, statusIs } from './selection.ts'

/** A part of an index; the parts of a path have no row in common. */
export interface IndexPart {
  readonly index: string
  readonly where: string
  readonly values: readonly Value[]
}

export type Path =
  /** Every selected task is in these. */
  | { readonly kind: 'index'; readonly parts: readonly IndexPart[] }
  /** Every selected task has an id of these. */
  | { readonly kind: 'walk'; readonly lowest: number; readonly highest: number }

/** How much is read at most, in entries of an index and in rows. */
export interface Bounds {
  /** Entries that are read where they say all that is asked for. */
  readonly entries: number
  /** Rows that are looked up one by one. */
  readonly rows: number
  /** With so few no better index is looked for. */
  readonly few: number
}

export async function pathOf(db: Driver, selection: Selection, bounds: Bounds): Promise<Path> {
  let best: Candidate | undefined
  let least = bounds.entries
  for (const candidate of candidates(db.dialect, selection)) {
    const most = Math.min(least, candidate.isMostOfAll ? bounds.rows : bounds.entries)
    if (candidate.isAll) {
      if (await hasMore(db, candidate.parts, most)) continue
      return { kind: 'index', parts: candidate.parts }
    }
    const count = await countUpTo(db, candidate.parts, most)
    if (count === undefined) continue
    least = count
    best = candidate
    if (count <= bounds.few) break
  }
  if (best === undefined) return { kind: 'walk', lowest: 1, highest: Number.MAX_SAFE_INTEGER }
  if (least <= bounds.rows) return { kind: 'index', parts: best.parts }
  return { kind: 'walk', ...(await idsOf(db, best.parts)) }
}

interface Candidate {
  readonly parts: readonly IndexPart[]
  /** It is likely to have most of the table, and hardly worth counting. */
  readonly isMostOfAll: boolean
  /** The index says all that is asked for; no row has to be looked up. */
  readonly isAll: boolean
}

/** Those that are likely to have few rows first. */
function candidates(dialect: Dialect, selection: Selection): Candidate[] {
  const { key, tasks, param, error, addedSince, addedUntil, finishedSince, finishedUntil, queues } = selection
  const states = statesOf(selection)
  const isPlain = [key, tasks, param, error].every((it) => it === undefined)
  const isAdded = addedSince !== undefined || addedUntil !== undefined
  const isFinished = finishedSince !== undefined || finishedUntil !== undefined
  const found: Candidate[] = []
  const add = (parts: readonly IndexPart[], isAll: boolean, isMostOfAll = false) => {
    found.push({ parts, isAll, isMostOfAll })
  }
  const addStates = (of: readonly StatusName[], isMostOfAll: boolean) => {
    const hasQueues = queues === undefined || of.every((state) => dialect.stateIndex(state).hasQueue)
    const parts = of.map((state) => statePart(dialect, state, queues))
    add(parts, isPlain && !isAdded && !isFinished && hasQueues, isMostOfAll)
  }

  if (key !== undefined && states?.every(isUnfinished)) add(laneParts(dialect, key, states, queues), false)
  if (states !== undefined && !states.includes('done')) addStates(states, false)
  if (isFinished) {
    add(finishedParts(dialect, states ?? [], between(dialect, 'finished_at', finishedSince, finishedUntil)), false)
  }
  if (isAdded) {
    const part = partOf('queue_added', '1 = 1', between(dialect, dialect.added, addedSince, addedUntil))
    add([part], isPlain && queues === undefined && states === undefined)
  }
  if (states?.includes('done')) addStates(states, true)
  if (states === undefined && queues !== undefined && dialect.queueIndex !== undefined)
    add([queuePart(dialect.queueIndex, queues)], isPlain && !isAdded, true)
  return found
}

const IN_LANE: readonly StatusName[] = ['ready', 'running', 'held']

function isUnfinished(state: StatusName): boolean {
  return IN_LANE.includes(state) || state === 'scheduled'
}

/** A lane has no scheduled task that was never tried: those are found by their state. */
function laneParts(
  dialect: Dialect,
  key: string,
  states: readonly StatusName[],
  queues: readonly string[] | undefined,
): IndexPart[] {
  const inLane = states.filter((state) => IN_LANE.includes(state))
  const { sql, values } = oneOf('queue', queues)
  const where = `lane = ? AND ${statusIs(inLane)}${sql}`
  return [
    ...(inLane.length === 0 ? [] : [{ index: 'queue_lane', where, values: [key, ...values] }]),
    ...(states.includes('scheduled') ? [statePart(dialect, 'scheduled', queues)] : []),
  ]
}

function finishedParts(dialect: Dialect, states: readonly StatusName[], times: Conditions): IndexPart[] {
  return dialect.finishedIndexes.flatMap(({ index, states: indexed }) => {
    const wanted = indexed.filter((state) => states.includes(state))
    // Where one index has all that finished, asking for the state would look up every row just to be counted.
    const where = indexed.length === 1 ? statusIs(indexed) : '1 = 1'
    return wanted.length === 0 ? [] : [partOf(index, where, times)]
  })
}

function statePart(dialect: Dialect, state: StatusName, queues: readonly string[] | undefined): IndexPart {
  const { index, hasQueue } = dialect.stateIndex(state)
  return partOf(index, statusIs([state]), oneOf('queue', hasQueue ? queues : undefined))
}

/** State by state, and whatever has none of ours: such rows are of any queue, and few. */
function queuePart(index: string, queues: readonly string[]): IndexPart {
  const { sql, values } = oneOf('queue', queues)
  return { index, where: `((${statusIs(STATUS_NAMES)}${sql}) OR status > ${HIGHEST_STATUS})`, values }
}

function partOf(index: string, where: string, { sql, values }: Conditions): IndexPart {
  return { index, where: `${where}${sql}`, values }
}

/**
 * It is looked for the first entry that is one too many, then the few there are are counted: to count up to a bound in one
 * statement, MySQL copies the entries.
 *
 * @returns undefined when there are more
 */
async function countUpTo(db: Driver, parts: readonly IndexPart[], most: number): Promise<number | undefined> {
  let count = 0
  for (const part of parts) {
    if (await hasMore(db, [part], most - count)) return undefined
    const [row] = await db.all<{ count: number }>(`SELECT COUNT(*) AS count ${from(db, part)}`, part.values)
    count += Number(row?.count ?? 0)
  }
  return count <= most ? count : undefined
}

/** Whether one of the parts has more entries than that. */
async function hasMore(db: Driver, parts: readonly IndexPart[], most: number): Promise<boolean> {
  for (const part of parts) {
    const surplus = await db.all(`SELECT 1 AS one ${from(db, part)} LIMIT 1 OFFSET ${most}`, part.values)
    if (surplus.length > 0) return true
  }
  return false
}

function from({ dialect }: Driver, { index, where }: IndexPart): string {
  return `FROM queue ${dialect.useIndex(index)} WHERE ${where}`
}

/** The lowest and the highest id in the parts, of which none is empty altogether. */
async function idsOf(db: Driver, parts: readonly IndexPart[]): Promise<{ lowest: number; highest: number }> {
  const ends: number[] = []
  for (const part of parts) {
    const [row] = await db.all<{ lowest: number | null; highest: number | null }>(
      `SELECT MIN(id) AS lowest, MAX(id) AS highest ${from(db, part)}`,
      part.values,
    )
    if (row !== undefined && row.lowest !== null && row.highest !== null)
      ends.push(Number(row.lowest), Number(row.highest))
  }
  return { lowest: Math.min(...ends), highest: Math.max(...ends) }
}

/**
 * What is in front of a ready task: how many ready ones a worker of its shard takes first, and how long its lane is.
 *
 * Both are ranges of an index, read up to a limit: of a task that has a million before it, nobody needs to know the rest.
 */
import type { Counted } from '../../amount.ts'
import type { Driver, Value } from '../driver.ts'
import { inTheWay } from './lane.ts'
import { limited } from './sql.ts'

export interface Place {
  readonly id: number
  readonly queue: string
  readonly priority: number
}

const MOST_AHEAD = 50_000
const MOST_IN_LANE = 1_000
const NO_WORKER = 0

/** @param buckets  those of the shard that it falls to */
export async function readyAhead(
  db: Driver,
  { id, queue, priority }: Place,
  buckets: readonly number[],
  most = MOST_AHEAD,
): Promise<Counted> {
  const { dialect } = db
  const some = `bucket IN (${buckets.map(Number).join(', ')})`
  const branches: readonly (readonly [string, readonly Value[]])[] = [
    [`${some} AND priority < ?`, [priority]],
    [`${some} AND priority = ? AND id < ?`, [priority, id]],
  ]
  let count = 0
  for (const [condition, values] of branches) {
    if (count >= most) break
    const rows = await db.all<{ count: number }>(
      `SELECT COUNT(*) AS count FROM (
         SELECT 1 AS one FROM queue ${dialect.useIndex('queue_claim')}
          WHERE queue = ? AND status = 0 AND ${condition}
          LIMIT ${limited(most - count)}) AS ahead`,
      [queue, ...values],
    )
    count += Number(rows[0]?.count ?? 0)
  }
  return { count, isExact: count < most }
}

/** Tasks of one key that must be out of the way before this one, those that wait for another attempt included. */
export async function laneAhead(db: Driver, queue: string, key: string, id: number): Promise<Counted> {
  const rows = await db.all<{ count: number }>(
    `SELECT COUNT(*) AS count FROM (
       SELECT 1 AS one FROM queue ${db.dialect.useIndex('queue_lane')}
        WHERE lane = ? AND queue = ? AND id < ? AND ${inTheWay(db.dialect)}
        LIMIT ${limited(MOST_IN_LANE)}) AS ahead`,
    [key, queue, id, NO_WORKER],
  )
  const count = Number(rows[0]?.count ?? 0)
  return { count, isExact: count < MOST_IN_LANE }
}

export interface IdRange {
  readonly lowest: number
  readonly highest: number
}

/** @returns undefined when the table is empty */
export async function idRange(db: Driver): Promise<IdRange | undefined> {
  const [row] = await db.all<{ lowest: number | null; highest: number | null }>(
    'SELECT (SELECT MIN(id) FROM queue) AS lowest, (SELECT MAX(id) FROM queue) AS highest',
  )
  if (row === undefined || row.lowest === null || row.highest === null) return undefined
  return { lowest: Number(row.lowest), highest: Number(row.highest) }
}

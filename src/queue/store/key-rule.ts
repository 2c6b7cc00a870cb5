/**
 * By which rule the tasks of one key are taken: one at a time in their order, or so many at once while keys take turns. That is a
 * matter of the workers of a queue, who all go by one rule; no row says it.
 */
import type { Counted } from '../../amount.ts'
import type { Driver } from '../driver.ts'
import { limited } from './sql.ts'

/** @returns undefined when no worker of the queue is there; its `perKey` is undefined where each key is a lane */
export async function ruleOfWorkers(
  db: Driver,
  queue: string,
): Promise<{ readonly perKey: number | undefined } | undefined> {
  const [row] = await db.all<{ per_key: number | null }>(
    `SELECT per_key FROM worker WHERE queue = ? AND seat IS NOT NULL AND lease_until > ${db.dialect.now}
      ORDER BY id DESC LIMIT 1`,
    [queue],
  )
  if (row === undefined) return undefined
  return { perKey: row.per_key === null ? undefined : Number(row.per_key) }
}

/** How a key stands that takes turns with others. */
export interface KeyTurn {
  /** The tasks of it that workers have, the lowest ids, counted up to `MOST_CLAIMED`. */
  readonly claimed: readonly number[]
  /** Its ready tasks that come before this one. */
  readonly ahead: Counted
}

export interface KeyedTask {
  readonly id: number
  readonly queue: string
  readonly bucket: number
  readonly priority: number
}

const MOST_CLAIMED = 1_000
const MOST_AHEAD = 10_000

export async function keyTurn(db: Driver, task: KeyedTask, key: string): Promise<KeyTurn> {
  const { dialect } = db
  const claimed = await db.all<{ id: number }>(
    `SELECT id FROM queue ${dialect.useIndex(dialect.runningIndex)}
      WHERE status = 2 AND queue = ? AND shard_key = ? LIMIT ${limited(MOST_CLAIMED)}`,
    [task.queue, key],
  )
  const before = ['priority < ?', 'priority = ? AND id < ?'].map((condition) =>
    dialect.limitedBranch(
      `SELECT id FROM queue ${dialect.useIndex('queue_share')}
        WHERE queue = ? AND bucket = ? AND ready_key = ? AND ${condition} LIMIT ${limited(MOST_AHEAD)}`,
    ),
  )
  const place = [task.queue, task.bucket, key]
  const [row] = await db.all<{ count: number }>(
    `SELECT COUNT(*) AS count FROM (${before.join(' UNION ALL ')}) AS ahead`,
    [...place, task.priority, ...place, task.priority, task.id],
  )
  const count = Number(row?.count ?? 0)
  return {
    claimed: claimed.map(({ id }) => Number(id)).toSorted((a, b) => a - b),
    ahead: { count: Math.min(count, MOST_AHEAD), isExact: count < MOST_AHEAD },
  }
}

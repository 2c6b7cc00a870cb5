/**
 * The limit of a key: how many of its tasks others have, so how many are left for us.
 *
 * It is read from the rows that run, before a claim is written and again afterwards, and counted nowhere: what is not written down
 * cannot be wrong. Whatever is claimed counts, begun or not, also what a dead worker left behind. Of two workers that write at the
 * same moment the second one to read sees the other's rows, and gives its own back.
 */
import type { Driver } from '../driver.ts'
import { laneOf } from './lane.ts'

export interface Claimant {
  readonly queue: string
  readonly workerId: number
}

/** By key, how many of its tasks are claimed by others. */
export async function claimedElsewhere(db: Driver, { queue, workerId }: Claimant): Promise<Map<string, number>> {
  const { dialect } = db
  const rows = await db.all<{ shard_key: string }>(
    `SELECT shard_key FROM queue ${dialect.useIndex(dialect.runningIndex)}
      WHERE status = 2 AND queue = ? AND (worker_id IS NULL OR worker_id <> ?) AND shard_key IS NOT NULL`,
    [queue, workerId],
  )
  const counts = new Map<string, number>()
  for (const { shard_key } of rows) counts.set(laneOf(shard_key), (counts.get(laneOf(shard_key)) ?? 0) + 1)
  return counts
}

/**
 * Of tasks that were claimed just now, those without a key and those whose key others leave room for.
 *
 * @param onRoom  told of each such key how many of its tasks we may run at once
 */
export async function withinLimit<Task extends { readonly shardKey: string | null }>(
  db: Driver,
  claimant: Claimant,
  perKey: number,
  tasks: readonly Task[],
  onRoom: (key: string, room: number) => void,
): Promise<Task[]> {
  const keys = new Set(tasks.flatMap(({ shardKey }) => (shardKey === null ? [] : laneOf(shardKey))))
  if (keys.size === 0) return [...tasks]
  const elsewhere = await claimedElsewhere(db, claimant)
  const roomOf = (key: string) => Math.max(0, perKey - (elsewhere.get(key) ?? 0))
  for (const key of keys) if (roomOf(key) > 0) onRoom(key, roomOf(key))
  return tasks.filter(({ shardKey }) => shardKey === null || roomOf(laneOf(shardKey)) > 0)
}

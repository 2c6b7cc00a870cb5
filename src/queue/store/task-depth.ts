/**
 * Which task programs the ready tasks of a queue are for.
 *
 * No index knows the program, so rows have to be read. Where they are few, all are. Else the claim index is gone through, or some
 * whole buckets of it, and every so manieth row is read: old and new ones, of all keys and priorities alike.
 */
import { BUCKETS } from '../bucket.ts'
import type { Driver } from '../driver.ts'
import { type Bounded, estimate } from './bounded.ts'
import { randomBuckets } from './depth.ts'
import { limited } from './sql.ts'

/** Up to so many are all read. */
const READ_ALL = 5_000
/** About so many are read of more: shares are right within two or three per cent. */
const SAMPLED = 2_000
/** Entries of the index that are gone through for it. */
const PASSED = 15_000
/** Ids may be given in steps, by servers that take turns: no step has one of these as its factor. */
const PRIMES = [2, 3, 5, 7, 11, 17, 29, 53, 101, 199, 401]

/**
 * @param ready   how many there are
 * @param effort  1 at most; less where many queues are asked for
 */
export async function taskDepths(
  db: Driver,
  queue: string,
  ready: Bounded,
  effort: number,
): Promise<Map<string, Bounded>> {
  if (ready.count === 0) return new Map()
  const isWhole = ready.isExact && ready.count <= READ_ALL * effort
  const counts = await countTasks(db, queue, isWhole ? '' : everySoManieth(ready.count, effort))
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  const depth = (count: number) => (isWhole ? { ...ready, count } : estimate((ready.count * count) / all))
  return new Map(counts.map(({ task, count }) => [task, depth(count)]))
}

async function countTasks(db: Driver, queue: string, which: string): Promise<{ task: string; count: number }[]> {
  const rows = await db.all<{ task: string; counted: number }>(
    `SELECT task, COUNT(*) AS counted
       FROM (SELECT id FROM queue ${db.dialect.useIndex('queue_claim')}
              WHERE queue = ? AND status = 0${which} LIMIT ${limited(READ_ALL)}) AS sample
       JOIN queue AS sampled ON sampled.id = sample.id
      GROUP BY task`,
    [queue],
  )
  return rows.map(({ task, counted }) => ({ task, count: Number(counted) }))
}

/** A condition: numbers of ours, no values. */
function everySoManieth(count: number, effort: number): string {
  const buckets = Math.min(BUCKETS, Math.max(1, Math.floor((PASSED * effort) / (count / BUCKETS))))
  const entries = (count * buckets) / BUCKETS
  const step = PRIMES.find((prime) => prime >= entries / (SAMPLED * effort)) ?? (PRIMES.at(-1) as number)
  const ofBuckets = buckets === BUCKETS ? '' : ` AND bucket IN (${randomBuckets(buckets).join(', ')})`
  return `${ofBuckets} AND id % ${step} = ${Math.floor(Math.random() * step)}`
}

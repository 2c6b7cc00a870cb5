/**
 * Buckets: how the rows of a queue are dealt to shards.
 *
 * Every row carries a bucket from 0 to 59, at random or from its `shard_key`. Shard i of N owns the buckets b with
 * `b mod N = i`, so any two totals can read the same table, and a shard's rows are contiguous in the claim index
 * whatever N is. 60 divides evenly by 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 and 60.
 */
import { crc32 } from 'node:zlib'

export const BUCKETS = 60

/** The bucket of a row whose producer gave a key: rows with one key always fall to one shard. */
export function bucketOfKey(shardKey: string): number {
  return crc32(shardKey) % BUCKETS
}

export function randomBucket(): number {
  return Math.floor(Math.random() * BUCKETS)
}

/**
 * The buckets that belong to these shards of `total`, ascending.
 *
 * @param total   1..60
 * @param shards  each 0..total-1
 */
export function bucketsOf(total: number, shards: readonly number[]): number[] {
  return Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter((bucket) => shards.includes(bucket % total))
}

/** `2`, `0-3`, `0,2,4-6`: how a command line and a log name some shards. */
export function shardRanges(shards: readonly number[]): string {
  const ranges: string[] = []
  for (let i = 0; i < shards.length; i++) {
    const from = shards[i] as number
    while (shards[i + 1] === (shards[i] as number) + 1) i++
    const to = shards[i] as number
    ranges.push(from === to ? `${from}` : `${from}-${to}`)
  }
  return ranges.join(',')
}

/**
 * Ready tasks without a key, among others that have one.
 *
 * The claim index has both. So its first entries are read, and where a bucket has nothing but keys there, the search goes on behind
 * them with each look, a piece of the index at a time: however many tasks with keys are ready, a look costs the same.
 */
import type { Driver, Value } from '../driver.ts'
import { conditions, type TaskFilter } from './filter.ts'
import { limited, padded } from './sql.ts'

export interface KeylessRequest {
  readonly queue: string
  readonly buckets: readonly number[]
  readonly filter?: TaskFilter
}

interface Entry {
  readonly id: number
  readonly bucket: number
  readonly priority: number
  readonly isKeyed: boolean
}

/** So many entries are read behind those that come first, in all. */
const PIECE = 2_000
const LEAST_PIECE = 32
/** A bucket of which nothing is read. */
const NO_BUCKET = -1
/** Where none was found among many with keys, so long none is searched for. */
const REST_MS = 250
const SIZES = [8, 16, 32, 64, 128, 256, 512, 1_024, 2_048]

export class Keyless {
  /** By bucket, how far beyond its first entries it was searched. */
  readonly #reached = new Map<number, Entry>()
  #restsUntil = Number.NEGATIVE_INFINITY

  /** @returns at most `count` ids, the most urgent first, as far as it has searched */
  async look(db: Driver, request: KeylessRequest, count: number): Promise<number[]> {
    if (performance.now() < this.#restsUntil) return []
    const size = sizeFor(Math.ceil((2 * count) / request.buckets.length))
    const first = await readEntries(
      db,
      request,
      request.buckets.map((bucket) => ({ bucket })),
      size,
    )
    const found = first.filter(({ isKeyed }) => !isKeyed)
    const isFull = first.length >= size
    if (found.length < count && isFull) found.push(...(await this.#lookBehind(db, request, first, size)))
    if (found.length === 0 && isFull) this.#restsUntil = performance.now() + REST_MS
    return found
      .toSorted((a, b) => a.priority - b.priority || a.id - b.id)
      .slice(0, count)
      .map(({ id }) => id)
  }

  async #lookBehind(db: Driver, request: KeylessRequest, first: readonly Entry[], size: number): Promise<Entry[]> {
    const full = [...Map.groupBy(first, ({ bucket }) => bucket)].filter(([, entries]) => entries.length === size)
    if (full.length === 0) return []
    const places = full.map(([bucket, entries]) => {
      const end = entries.at(-1) as Entry
      const reached = this.#reached.get(bucket)
      return { bucket, behind: reached !== undefined && isBefore(end, reached) ? reached : end }
    })
    const piece = sizeFor(Math.max(LEAST_PIECE, PIECE / places.length))
    const entries = Map.groupBy(await readEntries(db, request, places, piece), ({ bucket }) => bucket)
    for (const { bucket } of places) {
      const read = entries.get(bucket) ?? []
      const last = read.at(-1)
      if (last === undefined || read.length < piece) this.#reached.delete(bucket)
      else this.#reached.set(bucket, last)
    }
    return [...entries.values()].flat().filter(({ isKeyed }) => !isKeyed)
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.id < b.id)
}

/** One of a few, so that the texts are few; even, because half of it may be of either branch. */
function sizeFor(count: number): number {
  return SIZES.find((size) => size >= count) ?? (SIZES.at(-1) as number)
}

interface Place {
  readonly bucket: number
  /** Undefined for the first entries of the bucket. */
  readonly behind?: Entry
}

/** @returns at most `size` entries of each bucket, in the order of the index */
async function readEntries(
  db: Driver,
  request: KeylessRequest,
  places: readonly Place[],
  size: number,
): Promise<Entry[]> {
  const branches = places.flatMap(({ bucket, behind }): Branch[] =>
    behind === undefined
      ? [['', [bucket]]]
      : [
          [' AND priority = ? AND id > ?', [bucket, behind.priority, behind.id]],
          [' AND priority > ?', [bucket, behind.priority]],
        ],
  )
  const rows: Entry[] = []
  for (const [where, same] of Map.groupBy(branches, ([where]) => where))
    rows.push(
      ...(await readBranches(
        db,
        request,
        where,
        same.map(([, values]) => values),
        size,
      )),
    )
  const sorted = rows.toSorted((a, b) => a.bucket - b.bucket || (isBefore(a, b) ? -1 : 1))
  return [...Map.groupBy(sorted, ({ bucket }) => bucket).values()].flatMap((entries) => entries.slice(0, size))
}

type Branch = readonly [where: string, values: readonly Value[]]

async function readBranches(
  db: Driver,
  { queue, filter }: KeylessRequest,
  where: string,
  places: readonly (readonly Value[])[],
  size: number,
): Promise<Entry[]> {
  const { dialect } = db
  const matches = conditions(dialect, filter)
  const filling = (places[0] ?? []).map(() => NO_BUCKET)
  const all = [
    ...places,
    ...padded(places)
      .slice(places.length)
      .map(() => filling),
  ]
  const branch = dialect.limitedBranch(
    `SELECT id, bucket, priority, CASE WHEN shard_key IS NULL THEN 0 ELSE 1 END AS keyed
       FROM queue ${dialect.useIndex('queue_claim')}
      WHERE queue = ? AND status = 0 AND bucket = ?${where}${matches.sql}
      ORDER BY priority, id LIMIT ${limited(size)}`,
  )
  const rows = await db.all<{ id: number; bucket: number; priority: number; keyed: number }>(
    all.map(() => branch).join(' UNION ALL '),
    all.flatMap((values) => [queue, ...values, ...matches.values]),
  )
  return rows.map((row) => ({
    id: Number(row.id),
    bucket: Number(row.bucket),
    priority: Number(row.priority),
    isKeyed: Number(row.keyed) === 1,
  }))
}

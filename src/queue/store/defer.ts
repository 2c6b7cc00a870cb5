/**
 * Ready rows with their time to come: a producer's plain INSERT leaves such. They become scheduled, and are never run early.
 *
 * Where one is there are mostly many, added by one statement and therefore side by side in the claim index. What is behind them
 * can only be seen when they are gone, so those that a look came to are not all: the index is read on from there, in longer and
 * longer pieces, as long as half of a piece is early.
 */
import type { Driver } from '../driver.ts'
import type { Head } from './look.ts'
import { givenIds, IDS, limited, padded } from './sql.ts'

/** Where a piece of the claim index begins. */
type Place = Pick<Head, 'bucket' | 'priority' | 'id'>

/** So many entries of a bucket are read at once; the first piece is the shortest. */
const SIZES = [8, 32, 64, 128, 512, 2_048, 4_096]
/** So many entries at once, of all buckets together. */
const MOST_READ = 4_096
/** So many rows are written at once: others that want one of them wait no longer than for a claim. */
const MOST_WRITTEN = 1_000
/** After so long the worker has its turn again. */
const TAKES_MS = 250
/** A bucket of which nothing is read. */
const NO_BUCKET = -1

/**
 * @param early  rows that a look came to, all of this queue
 * @returns whether it ended before it had come to the last of them
 */
export async function defer(db: Driver, queue: string, early: readonly Head[]): Promise<boolean> {
  const deadline = performance.now() + TAKES_MS
  await schedule(db, early)
  let places: Place[] = [...Map.groupBy(early, ({ bucket }) => bucket).values()].map(firstOf)
  for (let longer = 0; places.length > 0; longer++) {
    const size = sizeFor(longer, places.length)
    const found = Map.groupBy(await readFrom(db, queue, places, size), ({ bucket }) => Number(bucket))
    await schedule(
      db,
      [...found.values()].flat().filter(({ early }) => Number(early) === 1),
    )
    places = places.flatMap((place) => placeBehind(place, found.get(place.bucket) ?? [], size))
    if (performance.now() >= deadline) return places.length > 0
  }
  return false
}

function firstOf(heads: readonly Head[]): Head {
  return heads.reduce((first, head) => (isBefore(head, first) ? head : first))
}

function isBefore(a: Head, b: Head): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.id < b.id)
}

function sizeFor(longer: number, places: number): number {
  const most = Math.min(SIZES[longer] ?? MOST_READ, MOST_READ / places)
  return SIZES.findLast((size) => size <= most) ?? (SIZES[0] as number)
}

/** Nothing where the bucket has no more of this priority, or most of what it had there is due. */
function placeBehind({ bucket, priority }: Place, piece: readonly Entry[], size: number): Place[] {
  const last = piece.at(-1)
  const early = piece.filter((entry) => Number(entry.early) === 1).length
  if (last === undefined || piece.length < size || 2 * early < size) return []
  return [{ bucket, priority, id: Number(last.id) + 1 }]
}

interface Entry {
  readonly id: number
  readonly bucket: number
  readonly early: number
}

/** @returns of each bucket in the order of the index, however many of them are early */
function readFrom(db: Driver, queue: string, places: readonly Place[], size: number): Promise<Entry[]> {
  const { limitedBranch, useIndex, now } = db.dialect
  const none: Place = { bucket: NO_BUCKET, priority: 0, id: 0 }
  const all = padded(places).map((place, i) => (i < places.length ? place : none))
  const branch = limitedBranch(
    `SELECT id, bucket, CASE WHEN run_at > ${now} THEN 1 ELSE 0 END AS early
       FROM queue ${useIndex('queue_claim')}
      WHERE queue = ? AND status = 0 AND bucket = ? AND priority = ? AND id >= ?
      ORDER BY id LIMIT ${limited(size)}`,
  )
  return db.all<Entry>(
    all.map(() => branch).join(' UNION ALL '),
    all.flatMap(({ bucket, priority, id }) => [queue, bucket, priority, id]),
  )
}

async function schedule(db: Driver, rows: readonly { readonly id: number }[]): Promise<void> {
  const { now, updateGiven } = db.dialect
  const ids = rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b)
  for (let start = 0; start < ids.length; start += MOST_WRITTEN) {
    await db.run(updateGiven(IDS, `status = 4, mtime = ${now}`, `status = 0 AND run_at > ${now}`), [
      givenIds(ids.slice(start, start + MOST_WRITTEN)),
    ])
  }
}

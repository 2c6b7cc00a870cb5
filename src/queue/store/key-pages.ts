/**
 * Pages of the index of ready keys: of each bucket, the first entries behind a key.
 *
 * One range of the index for each bucket, which has all it takes. How much is ready does not matter: of a key with a million ready
 * rows a page is read, and the next one goes on behind the key.
 */
import type { Driver, Value } from '../driver.ts'
import { conditions, type TaskFilter } from './filter.ts'
import { limited, padded } from './sql.ts'

export interface KeyPagesRequest {
  readonly queue: string
  readonly filter?: TaskFilter
}

export interface KeyedRow {
  readonly id: number
  readonly bucket: number
  readonly key: string
}

/** No row has it: fills a statement up to one of a few sizes. */
const NO_BUCKET = -1

/**
 * @param past  by bucket, the key behind which its page begins; undefined for the first key
 * @param size  so many entries of each
 * @returns in the order of the index: by bucket, key, priority, id
 */
export async function keyPages(
  db: Driver,
  request: KeyPagesRequest,
  past: ReadonlyMap<number, string | undefined>,
  size: number,
): Promise<KeyedRow[]> {
  const fromStart = [...past].flatMap(([bucket, key]) => (key === undefined ? [[bucket]] : []))
  const behind = [...past].flatMap(([bucket, key]) => (key === undefined ? [] : [[bucket, key]]))
  const rows = [
    ...(await read(db, request, 'ready_key IS NOT NULL', [NO_BUCKET], fromStart, size)),
    ...(await read(db, request, 'ready_key > ?', [NO_BUCKET, ''], behind, size)),
  ]
  return rows.map(({ id, bucket, ready_key }) => ({ id: Number(id), bucket: Number(bucket), key: ready_key }))
}

interface Row {
  id: number
  bucket: number
  ready_key: string
}

async function read(
  db: Driver,
  request: KeyPagesRequest,
  where: string,
  filling: readonly Value[],
  places: readonly (readonly Value[])[],
  size: number,
): Promise<Row[]> {
  if (places.length === 0) return []
  const { dialect } = db
  const matches = conditions(dialect, request.filter)
  const all = [
    ...places,
    ...padded(places)
      .slice(places.length)
      .map(() => filling),
  ]
  const branch = dialect.limitedBranch(
    `SELECT id, bucket, ready_key FROM queue ${dialect.useIndex('queue_share')}
      WHERE queue = ? AND bucket = ? AND ${where}${matches.sql}
      ORDER BY ready_key, priority, id LIMIT ${limited(size)}`,
  )
  return db.all<Row>(
    all.map(() => branch).join(' UNION ALL '),
    all.flatMap((place) => [request.queue, ...place, ...matches.values]),
  )
}

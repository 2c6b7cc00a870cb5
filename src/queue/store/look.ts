/**
 * The look: which ready rows of some buckets come next. A plain read, no lock.
 *
 * It has one range of the claim index per bucket, each in order, so nothing is sorted but their few heads. Only those that
 * come first of all are joined to their rows, to learn their `shard_key` and whether they are due.
 *
 * Sixty ranges cost the server some milliseconds even where one row is ready. The short look is one range of the same index
 * with the rows behind it, in no order: where few are ready it has them all, and they are sorted here.
 */
import { BUCKETS } from '../bucket.ts'
import type { Dialect, Driver, Value } from '../driver.ts'
import { conditions, type TaskFilter } from './filter.ts'
import { claimableConditions, inTheWay } from './lane.ts'
import { LET_GO } from './set-aside.ts'
import { givenIds, IDS, limited, marks, padded } from './sql.ts'

export interface LookRequest {
  readonly queue: string
  /** Each 0..59. */
  readonly buckets: readonly number[]
  /** Whose own running rows are in nobody's way. */
  readonly workerId: number
  readonly filter?: TaskFilter
  /** Task programs that are paused. */
  readonly paused?: readonly string[]
  /**
   * When given, it looks past what cannot be claimed now: rows with one of these keys, and rows whose lane has something else
   * than a ready row in front. That reads the row of everything it passes.
   */
  readonly past?: readonly string[]
  /** It looks past rows that are not due, too. */
  readonly onlyDue?: boolean
  /** It begins with those that come last of all, and reads as few. */
  readonly fromEnd?: boolean
}

export interface Head {
  readonly id: number
  readonly priority: number
  readonly bucket: number
  readonly shardKey: string | null
  readonly task: string
  /** A person let it go although its program may be paused. */
  readonly isLetGo: boolean
  /** A producer's plain INSERT may be ready and have its `run_at` to come. */
  readonly early: boolean
}

/** A short look reads so many rows at most, and one more to know that there are more. */
export const FEW = 64

/**
 * How many rows of each bucket are read first. By chance one of them has more than its even share of what comes first, by about
 * the root of it; so much more than that hardly ever.
 */
function shareOf(count: number, buckets: number): number {
  const even = count / buckets
  return Math.min(count, Math.ceil(even + 4 * Math.sqrt(even) + 4))
}

/**
 * Tasks spread evenly over the buckets, so a few rows of each are nearly always enough to find the first of all. Where
 * one bucket gave every row it was asked for, more of it may belong among them: then each is asked for all.
 *
 * @returns at most `count`, in any case the most urgent first, and in the order of ids among equals
 */
export async function look(db: Driver, request: LookRequest, count: number): Promise<Head[]> {
  const share = shareOf(count, request.buckets.length)
  const found = await lookAtHeads(db, request, share, count)
  const isDeepEnough = share === count || mostOfOneBucket(found) < share
  return isDeepEnough ? found : lookAtHeads(db, request, count, count)
}

/**
 * @returns what `look` would, where at most `FEW` rows are ready; undefined where there are more, or where this cannot tell
 *   because more than the index knows decides what is looked at
 */
export async function shortLook(db: Driver, request: LookRequest, count: number): Promise<Head[] | undefined> {
  const { queue, buckets, filter, past } = request
  if (past !== undefined || buckets.length === 0 || conditions(db.dialect, filter).sql !== '') return undefined
  const rows = await db.all<HeadRow>(
    `SELECT ${headColumns(db.dialect, 'queue')}
       FROM queue ${db.dialect.useIndex('queue_claim')}
      WHERE queue = ? AND status = 0${ofBuckets(buckets)} LIMIT ${limited(FEW + 1)}`,
    [queue],
  )
  return rows.length > FEW ? undefined : headsOf(rows).slice(0, count)
}

/** As a condition to stand behind another one. */
export function ofBuckets(buckets: readonly number[]): string {
  return buckets.length === BUCKETS ? '' : ` AND bucket IN (${buckets.map(Number).join(', ')})`
}

export interface HeadRow {
  id: number
  priority: number
  bucket: number
  shard_key: string | null
  task: string
  is_let_go: number
  early: number
}

async function lookAtHeads(db: Driver, request: LookRequest, share: number, count: number): Promise<Head[]> {
  const { dialect } = db
  const filter = conditions(dialect, request.filter)
  const open = request.past === undefined ? { sql: '', values: [] } : passing(dialect, request, request.past)
  const order = request.fromEnd ? 'priority DESC, id DESC' : 'priority, id'
  const branches = request.buckets.map((bucket) =>
    dialect.limitedBranch(
      `SELECT id, priority, bucket FROM queue ${dialect.useIndex('queue_claim')}
        WHERE queue = ? AND status = 0 AND bucket = ${Number(bucket)}${filter.sql}${open.sql}
        ORDER BY ${order} LIMIT ${limited(share)}`,
    ),
  )
  const rows = await db.all<HeadRow>(
    `SELECT ${headColumns(dialect, 'task')}
       FROM (${branches.join(' UNION ALL ')} ORDER BY ${order} LIMIT ${limited(count)}) AS head
       JOIN queue AS task ON task.id = head.id`,
    request.buckets.flatMap(() => [request.queue, ...filter.values, ...open.values]),
  )
  return headsOf(rows)
}

export function headColumns({ now }: Dialect, table: 'queue' | 'task'): string {
  return `${table}.id, ${table}.priority, ${table}.bucket, ${table}.shard_key, ${table}.task,
            CASE WHEN ${table}.held_for = '${LET_GO}' THEN 1 ELSE 0 END AS is_let_go,
            CASE WHEN ${table}.run_at > ${now} THEN 1 ELSE 0 END AS early`
}

/** In order: the most urgent first. */
export function headsOf(rows: readonly HeadRow[]): Head[] {
  return rows
    .map((row) => ({
      id: Number(row.id),
      priority: row.priority,
      bucket: row.bucket,
      shardKey: row.shard_key,
      task: row.task,
      isLetGo: Number(row.is_let_go) === 1,
      early: Number(row.early) === 1,
    }))
    .toSorted((a, b) => a.priority - b.priority || a.id - b.id)
}

/** Those of these rows that are ready. */
export async function headsOfIds(db: Driver, ids: readonly number[]): Promise<Head[]> {
  const rows = await db.all<HeadRow>(
    `SELECT ${headColumns(db.dialect, 'queue')}
       FROM ${db.dialect.given(IDS)}
      CROSS JOIN queue ${db.dialect.byPrimaryKey}
      WHERE queue.id = given.id AND status = 0`,
    [givenIds(ids)],
  )
  return headsOf(rows)
}

function mostOfOneBucket(heads: readonly Head[]): number {
  const counts = new Map<number, number>()
  for (const { bucket } of heads) counts.set(bucket, (counts.get(bucket) ?? 0) + 1)
  return Math.max(0, ...counts.values())
}

/** Of a lane that begins with a ready row which may be claimed; or to be set aside: of a paused program, or not due. */
function passing(
  dialect: Dialect,
  { workerId, filter, paused = [], onlyDue }: LookRequest,
  past: readonly string[],
): { sql: string; values: Value[] } {
  const keys = padded(past)
  const programs = padded(paused)
  const matches = claimableConditions(dialect, filter, paused)
  return {
    sql: ` AND ${onlyDue ? `run_at <= ${dialect.now} AND (` : `(run_at > ${dialect.now} OR `}shard_key IS NULL OR ${programs.length === 0 ? '' : `task IN (${marks(programs.length)}) OR `}(
                ${keys.length === 0 ? '' : `shard_key NOT IN (${marks(keys.length)}) AND `}(
                SELECT CASE WHEN status = 0${matches.sql} THEN 1 ELSE 0 END
                  FROM queue AS ahead ${dialect.useIndex('queue_lane')}
                 WHERE ahead.lane = queue.shard_key AND ahead.queue = queue.queue
                   AND ${inTheWay(dialect)}
                 ORDER BY ahead.id LIMIT 1) = 1))`,
    values: [...programs, ...keys, ...matches.values, workerId],
  }
}

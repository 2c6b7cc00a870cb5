/**
 * News: whether an idle worker should look in full. Asked many times a second, so it reads three entries of indexes,
 * however long the history is and however much is scheduled.
 */
import type { Dialect, Driver } from '../driver.ts'
import { limited } from './sql.ts'

export interface News {
  /** The highest id of any queue; 0 for none. */
  readonly newestId: number
  /** The queue has a ready task, perhaps of other buckets, perhaps one that cannot be claimed now. */
  readonly isReady: boolean
  /** A scheduled task of any queue has come to its time. */
  readonly isDue: boolean
}

/** Of the rows that came since, at most so many are read: where there are more, some may be ours. */
const MOST_NEW_ROWS = 500

/** Three answers in one number: of a column, a client reads a description with each answer. */
function newsOf({ now, useIndex }: Dialect): string {
  return `COALESCE((SELECT MAX(id) FROM queue), 0) * 4
            + EXISTS (SELECT 1 FROM queue ${useIndex('queue_claim')} WHERE queue = ? AND status = 0) * 2
            + EXISTS (SELECT 1 FROM queue ${useIndex('queue_due')} WHERE is_scheduled = 1 AND run_at <= ${now})`
}

export async function news(db: Driver, queue: string): Promise<News> {
  return newsFrom(await db.all<NewsRow>(newsStatement(db.dialect), [queue]))
}

/**
 * Waits at the server until the news are not these any more, at the most for `turns` times `everyMs`.
 *
 * @returns what they are then; undefined where the server has no such statement: nothing was waited for
 */
export async function waitForNews(
  db: Driver,
  queue: string,
  { newestId, isReady, isDue }: News,
  everyMs: number,
  turns: number,
): Promise<News | undefined> {
  const { dialect } = db
  if (dialect.waitUntil === undefined) return undefined
  const known = newestId * 4 + Number(isReady) * 2 + Number(isDue)
  const statement = dialect.waitUntil(`${newsOf(dialect)} <> ?`, everyMs, turns, newsStatement(dialect))
  try {
    return newsFrom(await db.all<NewsRow>(statement, [queue, known, queue]))
  } catch (error) {
    if (dialect.isConnectionLost(error) || dialect.isUnavailable(error) || dialect.isTransient(error)) throw error
    return undefined
  }
}

interface NewsRow {
  readonly news: number
}

function newsStatement(dialect: Dialect): string {
  return `SELECT ${newsOf(dialect)} AS news`
}

function newsFrom([row]: readonly NewsRow[]): News {
  const all = Number(row?.news ?? 0)
  return { newestId: Math.floor(all / 4), isReady: Math.floor(all / 2) % 2 === 1, isDue: all % 2 === 1 }
}

/** Milliseconds until the next scheduled task of any queue is due; undefined for none. */
export async function untilDue(db: Driver): Promise<number | undefined> {
  const { asMs, now, useIndex } = db.dialect
  const [row] = await db.all<{ ms: number | null }>(
    `SELECT ${asMs('MIN(run_at)')} - ${asMs(now)} AS ms FROM queue ${useIndex('queue_due')} WHERE is_scheduled = 1`,
  )
  return row?.ms == null ? undefined : Number(row.ms)
}

/** Whether there is a ready row of these buckets behind that id, or more rows than are worth reading. */
export async function hasReadyBehind(
  db: Driver,
  queue: string,
  buckets: readonly number[],
  id: number,
): Promise<boolean> {
  const [row] = await db.all<{ read_rows: number; ours: number | null }>(
    `SELECT COUNT(*) AS read_rows,
            SUM(CASE WHEN queue = ? AND status = 0 AND bucket IN (${buckets.map(Number).join(', ')}) THEN 1 ELSE 0 END) AS ours
       FROM (SELECT queue, status, bucket FROM queue ${db.dialect.byPrimaryKey}
              WHERE id > ? ORDER BY id LIMIT ${limited(MOST_NEW_ROWS)}) AS newer`,
    [queue, id],
  )
  return Number(row?.ours ?? 0) > 0 || Number(row?.read_rows) === MOST_NEW_ROWS
}

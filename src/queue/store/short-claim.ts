/**
 * The short claim: looking, the guarded write and reading back as one statement, where one row is ready and nothing has to be asked
 * about it. So an idle worker that is told of a task has it after one answer instead of three.
 *
 * A row with a key, one that is not due, several rows, pauses, filters, keys in turn: all that is for `claim` to go through step
 * by step, and nothing is written.
 */
import type { Dialect, Driver } from '../driver.ts'
import { type ClaimedRow, type ClaimedTask, claimedColumns, claimedTask } from './claimed-task.ts'
import { conditions, type TaskFilter } from './filter.ts'
import { FEW, ofBuckets } from './look.ts'
import { newToken, takeable, taken } from './take.ts'

export interface ShortClaimRequest {
  readonly queue: string
  /** Each 0..59. */
  readonly buckets: readonly number[]
  readonly workerId: number
  /** One row at most is ready, as far as is known: else this would be a question in vain. */
  readonly expectsOne?: boolean
  readonly filter?: TaskFilter
  readonly pauses?: readonly unknown[]
  readonly turns?: unknown
  /** Called before it returns: rows may bear this token, and nobody was told. */
  readonly onUnsure?: (token: number) => void
}

/** Variables of the statement. */
const ID = 'the_id'
const READY = 'are_ready'
const KEYED = 'are_keyed'

/** Servers that have refused it are not asked again. */
const refusing = new WeakSet<Driver>()

export interface ShortAnswer {
  /** All that was ready; undefined where that has to be gone through step by step. */
  readonly claimed: readonly ClaimedTask[] | undefined
  /** More rows are ready than a short look sees. */
  readonly areMany: boolean
}

const UNKNOWN: ShortAnswer = { claimed: undefined, areMany: false }

/** Whatever goes wrong is found again by whoever goes through it step by step. */
export async function shortClaim(db: Driver, request: ShortClaimRequest): Promise<ShortAnswer> {
  const { queue, workerId, buckets, onUnsure } = request
  const statement = isPlain(db, request) ? shortStatement(db.dialect, buckets) : undefined
  if (statement === undefined) return UNKNOWN
  const token = newToken()
  try {
    const [row] = await db.all<Answer>(statement, [queue, token, workerId, token])
    if (row === undefined) return UNKNOWN
    const areReady = Number(row.are_ready)
    if ('id' in row) return { claimed: [claimedTask(row)], areMany: false }
    return { claimed: areReady === 0 ? [] : undefined, areMany: areReady > FEW }
  } catch (error) {
    const { isConnectionLost, isUnavailable, isTransient } = db.dialect
    if (!isConnectionLost(error) && !isUnavailable(error) && !isTransient(error)) refusing.add(db)
    onUnsure?.(token)
    return UNKNOWN
  }
}

function isPlain(db: Driver, { expectsOne = false, buckets, filter, pauses = [], turns }: ShortClaimRequest): boolean {
  const isAsked = expectsOne && buckets.length > 0 && !refusing.has(db)
  return isAsked && pauses.length === 0 && turns === undefined && conditions(db.dialect, filter).sql === ''
}

/** How many are ready, as far as they were counted; where it was one that could be claimed, no row when others were faster. */
type Answer = { readonly are_ready: number } | (ClaimedRow & { readonly are_ready: 1 })

function shortStatement(dialect: Dialect, buckets: readonly number[]): string | undefined {
  const { useIndex, byPrimaryKey } = dialect
  return dialect.compound?.({ [ID]: 'BIGINT', [READY]: 'INT', [KEYED]: 'INT' }, [
    `SELECT MIN(id), COUNT(*), COUNT(shard_key) INTO ${ID}, ${READY}, ${KEYED}
       FROM (SELECT id, shard_key FROM queue ${useIndex('queue_claim')}
              WHERE queue = ? AND status = 0${ofBuckets(buckets)} LIMIT ${FEW + 1}) AS ready`,
    `IF ${READY} = 1 AND ${KEYED} = 0 THEN
       UPDATE queue ${byPrimaryKey} SET ${taken(dialect)} WHERE id = ${ID} AND ${takeable(dialect)};
       SELECT ${READY} AS are_ready, ${claimedColumns(dialect)}
         FROM queue ${byPrimaryKey}
        WHERE id = ${ID} AND status = 2 AND claim_token = ?;
     ELSE
       SELECT ${READY} AS are_ready;
     END IF`,
  ])
}

/**
 * What was asked of tasks while they run.
 *
 * A worker asks about the tasks it runs: which were cancelled, and which are no longer its own. It is one read by
 * primary key, cheap enough for every second. Nothing is tried again here: the next second asks anew.
 */
import type { Driver } from '../driver.ts'
import { STATUS } from '../status.ts'
import { marks, padded } from './sql.ts'

export interface Claim {
  readonly id: number
  readonly claimToken: number
}

export interface Asked {
  /** Ids of tasks that are still ours and were cancelled. */
  readonly cancelled: readonly number[]
  /** Ids of tasks that no longer run under our claim. */
  readonly lost: readonly number[]
}

const BATCH = 250

/** @param claims  what the worker believes to be its own, each id once */
export async function asked(db: Driver, claims: readonly Claim[]): Promise<Asked> {
  const byId = claims.toSorted((a, b) => a.id - b.id)
  const cancelled: number[] = []
  const lost: number[] = []
  for (let start = 0; start < byId.length; start += BATCH) {
    const batch = byId.slice(start, start + BATCH)
    const rows = await read(
      db,
      batch.map(({ id }) => id),
    )
    for (const { id, claimToken } of batch) {
      const row = rows.get(id)
      if (!row?.runs || row.claimToken !== claimToken) lost.push(id)
      else if (row.isCancelled) cancelled.push(id)
    }
  }
  return { cancelled, lost }
}

interface Row {
  readonly runs: boolean
  readonly claimToken: number
  readonly isCancelled: boolean
}

/** The state is read and not asked for: a condition on it would invite another index than the primary key. */
async function read(db: Driver, ids: readonly number[]): Promise<ReadonlyMap<number, Row>> {
  const all = padded(ids)
  const rows = await db.all<{ id: number; status: number; claim_token: number; is_cancelled: number }>(
    `SELECT id, status, claim_token, CASE WHEN cancel_at IS NULL THEN 0 ELSE 1 END AS is_cancelled
       FROM queue
      WHERE id IN (${marks(all.length)})`,
    [...all],
  )
  return new Map(
    rows.map((row) => [
      Number(row.id),
      {
        runs: Number(row.status) === STATUS.running,
        claimToken: Number(row.claim_token),
        isCancelled: Number(row.is_cancelled) === 1,
      },
    ]),
  )
}

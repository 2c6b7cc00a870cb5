/** The guarded write of a claim: by id, those rows that are nobody's become ours, and are read back by the token that we wrote. */
import { randomInt } from 'node:crypto'
import type { Dialect, Driver } from '../driver.ts'
import { type ClaimedRow, type ClaimedTask, claimedColumns, claimedTask } from './claimed-task.ts'
import { givenIds, IDS } from './sql.ts'

const TOKEN_LIMIT = 2 ** 48 - 1

export function newToken(): number {
  return randomInt(1, TOKEN_LIMIT)
}

/** @returns the rows that bear this token now, by their ids */
export async function take(
  db: Pick<Driver, 'all' | 'run' | 'dialect'>,
  ids: readonly number[],
  token: number,
  workerId: number,
  attempt: number,
): Promise<Map<number, ClaimedTask>> {
  // When the answer to an earlier try was lost, the rows themselves know whether it had happened.
  const earlier = attempt === 0 ? undefined : await readBack(db, ids, token)
  if (earlier !== undefined && earlier.size > 0) return earlier

  const { dialect } = db
  await db.run(dialect.updateGiven(IDS, taken(dialect), takeable(dialect)), [givenIds(ids), token, workerId])
  return readBack(db, ids, token)
}

/** What is set in a row; its values: the token and the worker. */
export function taken({ now }: Dialect): string {
  return `status = 2, claim_token = ?, worker_id = ?,
          attempts = CASE WHEN attempts < 65535 THEN attempts + 1 ELSE attempts END,
          started_at = ${now}, finished_at = NULL, mtime = ${now}`
}

/** The condition is the lock: of many writers, one changes a row. */
export function takeable({ now }: Dialect): string {
  return `status = 0 AND run_at <= ${now}`
}

async function readBack(
  db: Pick<Driver, 'all' | 'dialect'>,
  ids: readonly number[],
  token: number,
): Promise<Map<number, ClaimedTask>> {
  const rows = await db.all<ClaimedRow>(
    `SELECT ${claimedColumns(db.dialect)}
       FROM ${db.dialect.given(IDS)}
      CROSS JOIN queue ${db.dialect.byPrimaryKey}
      WHERE queue.id = given.id
        AND status = 2
        AND claim_token = ?`,
    [givenIds(ids), token],
  )
  return new Map(rows.map((row) => [Number(row.id), claimedTask(row)]))
}

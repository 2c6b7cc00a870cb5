/**
 * Carrying the unfinished rows of an old table into ours, while its producers go on writing there.
 *
 * A row is added here and set to 1 there in one transaction, so it is carried once, whoever is killed when: and an old doQueue
 * does not see it any more. Rows that a transaction has not committed yet are waited for.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { limited } from '../store/sql.ts'
import type { Adoption } from './adoption.ts'
import type { OldTable } from './old-table.ts'
import { addedAt, identifier, taskOf } from './old-values.ts'

const AT_ONCE = 250
const PATIENCE_MS = 30_000

export interface CopyRequest {
  readonly table: OldTable
  readonly adoption: Pick<Adoption, 'column' | 'map' | 'zone'>
  readonly stop?: AbortSignal | undefined
  readonly onRows?: (copied: number) => void
}

export interface Copied {
  readonly copied: number
  readonly isAll: boolean
}

export async function copyRows(db: Driver, request: CopyRequest): Promise<Copied> {
  if (request.table.engine !== 'InnoDB') {
    throw new Complaint(
      EXIT.badConfig,
      `The table ${request.table.name} is kept by ${request.table.engine}, which cannot carry a row in one step. Run "ALTER TABLE ${request.table.name} ENGINE = InnoDB" first.`,
    )
  }
  let copied = 0
  let after = 0
  while (request.stop?.aborted !== true) {
    const ids = await again(db.dialect, { forMs: PATIENCE_MS }, () => copySome(db, request, after))
    const last = ids.at(-1)
    if (last === undefined) return { copied, isAll: true }
    copied += ids.length
    after = last
    request.onRows?.(copied)
  }
  return { copied, isAll: false }
}

function copySome(db: Driver, { table, adoption }: CopyRequest, after: number): Promise<number[]> {
  const from = `${identifier(table.database)}.${identifier(table.name)}`
  const { added, now } = db.dialect
  const at = `COALESCE(LEAST(${addedAt(table.columns.get('ctime'), adoption.zone)}, ${now}), ${now})`
  return db.transaction(async (tx) => {
    const rows = await tx.all<{ id: number }>(
      `SELECT id FROM ${from} WHERE id > ? AND status = '0' ORDER BY id LIMIT ${limited(AT_ONCE)} FOR UPDATE`,
      [after],
    )
    const ids = rows.map(({ id }) => Number(id))
    if (ids.length === 0) return ids
    const these = ids.map(() => '?').join(', ')
    await tx.run(
      `INSERT INTO queue (task, param, run_at, ${added})
       SELECT ${taskOf(adoption)}, COALESCE(CONVERT(param USING utf8mb4), ''), ${at}, ${at}
         FROM ${from} WHERE id IN (${these}) ORDER BY id`,
      ids,
    )
    await tx.run(`UPDATE ${from} SET status = '1' WHERE id IN (${these})`, ids)
    return ids
  })
}

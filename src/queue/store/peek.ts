/** What a claim would take next, without taking it: for a dry run. */
import type { Driver } from '../driver.ts'
import { type ClaimRequest, look } from './claim.ts'
import { marks } from './sql.ts'

export interface ReadyTask {
  readonly id: number
  readonly task: string
  readonly param: string
  readonly priority: number
  readonly attempts: number
}

export async function peek(
  db: Driver,
  request: Pick<ClaimRequest, 'queue' | 'buckets' | 'filter'>,
  count: number,
): Promise<ReadyTask[]> {
  const ids = await look(db, request, count)
  if (ids.length === 0) return []
  const rows = await db.all<ReadyTask>(
    `SELECT id, task, param, priority, attempts FROM queue WHERE id IN (${marks(ids.length)})`,
    ids,
  )
  const byId = new Map(rows.map((row) => [Number(row.id), { ...row, id: Number(row.id) }]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

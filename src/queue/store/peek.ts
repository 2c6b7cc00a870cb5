/**
 * What a claim would take next, without taking it: for a dry run. Tasks that wait for an earlier one of their key which
 * cannot be claimed itself are not shown.
 */
import type { Driver } from '../driver.ts'
import type { TaskFilter } from './filter.ts'
import { claimable } from './lane.ts'
import { look } from './look.ts'
import { marks } from './sql.ts'

export interface ReadyTask {
  readonly id: number
  readonly task: string
  readonly param: string
  readonly priority: number
  readonly attempts: number
}

/** The id of no worker: whatever runs, runs elsewhere. */
const NOBODY = 0

export async function peek(
  db: Driver,
  request: { readonly queue: string; readonly buckets: readonly number[]; readonly filter?: TaskFilter },
  count: number,
): Promise<ReadyTask[]> {
  const forNobody = { ...request, workerId: NOBODY }
  const ids = await claimable(db, forNobody, await look(db, { ...forNobody, past: [] }, count))
  if (ids.length === 0) return []
  const rows = await db.all<ReadyTask>(
    `SELECT id, task, param, priority, attempts FROM queue WHERE id IN (${marks(ids.length)})`,
    ids,
  )
  const byId = new Map(rows.map((row) => [Number(row.id), { ...row, id: Number(row.id) }]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

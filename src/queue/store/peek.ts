/**
 * What a claim would take next, without taking it: for a dry run. Tasks that wait for an earlier one of their key which
 * cannot be claimed itself are not shown; where keys take turns, those that are more than may run at once.
 */
import type { Driver } from '../driver.ts'
import type { TaskFilter } from './filter.ts'
import { claimable } from './lane.ts'
import { look } from './look.ts'
import { marks } from './sql.ts'
import { chooseInTurn, EMPTY_HANDS, Turns } from './turns.ts'

export interface ReadyTask {
  readonly id: number
  readonly task: string
  readonly param: string
  readonly priority: number
  readonly attempts: number
}

/** The id of no worker: whatever runs, runs elsewhere. */
const NOBODY = 0

export interface PeekRequest {
  readonly queue: string
  readonly buckets: readonly number[]
  readonly filter?: TaskFilter
  /** So many tasks of one key at once, while keys take turns; undefined where each key is a lane. */
  readonly perKey?: number | undefined
}

export async function peek(db: Driver, request: PeekRequest, count: number): Promise<ReadyTask[]> {
  const ids = await nextIds(db, request, count)
  if (ids.length === 0) return []
  const rows = await db.all<ReadyTask>(
    `SELECT id, task, param, priority, attempts FROM queue WHERE id IN (${marks(ids.length)}) AND run_at <= ${db.dialect.now}`,
    ids,
  )
  const byId = new Map(rows.map((row) => [Number(row.id), { ...row, id: Number(row.id) }]))
  return ids.flatMap((id) => byId.get(id) ?? [])
}

async function nextIds(db: Driver, { perKey, ...request }: PeekRequest, count: number): Promise<readonly number[]> {
  const forNobody = { ...request, workerId: NOBODY }
  if (perKey === undefined)
    return claimable(db, forNobody, await look(db, { ...forNobody, past: [], onlyDue: true }, count))
  const turns = new Turns(perKey, EMPTY_HANDS)
  const { chosen } = await chooseInTurn(db, { ...forNobody, turns, limit: count, pauses: [], avoid: new Set() }, 1)
  return chosen
}

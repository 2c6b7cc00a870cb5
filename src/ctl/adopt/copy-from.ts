/** `queuectl adopt --from`: carries the unfinished rows of another table into ours. */
import { Complaint, EXIT } from '../../exit.ts'
import type { Adoption } from '../../queue/adopt/adoption.ts'
import { type Copied, copyRows } from '../../queue/adopt/copy-rows.ts'
import { readOldRows } from '../../queue/adopt/old-rows.ts'
import { type OldTable, readOldTable } from '../../queue/adopt/old-table.ts'
import { globalZone } from '../../queue/adopt/old-zone.ts'
import type { Driver } from '../../queue/driver.ts'
import { type GivenWords, refuseUnknownZone } from './adopt.ts'

export interface FromPlan {
  readonly name: string
  readonly table: OldTable
  readonly adoption: Pick<Adoption, 'column' | 'map' | 'zone'>
  /** Unfinished rows. */
  readonly count: number
}

/**
 * @param name  `old_queue`, or `shop.queue` of another database on the same server
 * @throws Complaint when there is no such table, or it is ours
 */
export async function planCopy(db: Driver, name: string, given: GivenWords): Promise<FromPlan> {
  const [tableName = '', database] = name.split('.').reverse()
  const table = await readOldTable(db, tableName, database)
  const column = given.column ?? 'taskphp'
  const missing = ['id', 'param', 'status', column].find((one) => table !== undefined && !table.columns.has(one))
  if (table === undefined || missing !== undefined || table.columns.has('claim_token')) {
    const why =
      table === undefined ? 'there is none' : missing === undefined ? 'it is ours' : `it has no column ${missing}`
    throw new Complaint(
      EXIT.usage,
      `--from is "${name}": ${why}. Name a table with id, ${column}, param and status, as in old_queue or shop.queue.`,
    )
  }
  await refuseUnknownZone(db, given.zone)
  const adoption = { column, map: given.map ?? {}, zone: given.zone ?? (await globalZone(db)) }
  const { groups } = await readOldRows(db, table, { ...adoption, time: table.columns.get('ctime'), after: 0 })
  const count = groups.filter(({ status }) => status === '0').reduce((sum, group) => sum + group.count, 0)
  return { name, table, adoption, count }
}

export function copyFrom(
  db: Driver,
  { table, adoption }: FromPlan,
  stop: AbortSignal,
  onRows: (copied: number) => void,
): Promise<Copied> {
  return copyRows(db, { table, adoption, stop, onRows })
}

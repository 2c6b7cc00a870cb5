/**
 * What stands in the rows of an old table, counted in one pass over it.
 */
import type { Driver } from '../driver.ts'
import { limited } from '../store/sql.ts'
import type { OldColumn, OldTable } from './old-table.ts'
import { addedAt, identifier, programName } from './old-values.ts'

export interface OldGroup {
  /** As it stands in the column that names the program. */
  readonly program: string
  /** As it stands in `status`: `'0'`; `'null'` for NULL. */
  readonly status: string
  readonly count: number
}

export interface OldRows {
  readonly groups: readonly OldGroup[]
  /** There are more kinds of rows than are looked at. */
  readonly isCut: boolean
  /** When the newest row was added, and now, by the database's clock: UTC milliseconds; null where no row says. */
  readonly newest: number | null
  readonly now: number
  /** One of the newest params that was written as UTF-8 over a connection of latin1, as it reads and as it was meant. */
  readonly misread: { readonly reads: string; readonly meant: string } | undefined
}

const MOST_GROUPS = 2_000
const SAMPLES = 500

export interface OldRowsRequest {
  readonly column: string
  readonly time: OldColumn | undefined
  readonly zone: string
  /** Rows behind this id. */
  readonly after: number
}

/** @param table  its name may be of another database on the same server */
export async function readOldRows(db: Driver, table: OldTable, request: OldRowsRequest): Promise<OldRows> {
  const from = `${identifier(table.database)}.${identifier(table.name)}`
  const { asMs, now } = db.dialect
  const time = addedAt(request.time, request.zone)
  return db.transaction(
    async (tx) => {
      const groups = await tx.all<{ program: string | null; status: string | null; count: number }>(
        `SELECT ${programName(request.column)} AS program, CAST(status AS CHAR) AS status, COUNT(*) AS count
           FROM ${from} WHERE id > ? GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${limited(MOST_GROUPS + 1)}`,
        [request.after],
      )
      const [clock] = await tx.all<{ now: number }>(`SELECT ${asMs(now)} AS now`)
      const [last] = await tx.all<{ at: number | null }>(
        `SELECT ${asMs(time)} AS at FROM ${from} ORDER BY id DESC LIMIT 1`,
      )
      const samples = await tx.all<{ as_read: string; bytes: string }>(
        `SELECT param AS as_read, HEX(CONVERT(param USING latin1)) AS bytes
           FROM (SELECT id, CONVERT(param USING utf8mb4) AS param FROM ${from} ORDER BY id DESC LIMIT ${limited(SAMPLES)}) AS newest
          WHERE OCTET_LENGTH(param) > CHAR_LENGTH(param) AND CONVERT(CONVERT(param USING latin1) USING utf8mb4) = param`,
      )
      return {
        misread: samples.flatMap(misread)[0],
        groups: groups.slice(0, MOST_GROUPS).map(({ program, status, count }) => ({
          program: program ?? '',
          status: status ?? 'null',
          count: Number(count),
        })),
        isCut: groups.length > MOST_GROUPS,
        newest: last?.at == null ? null : Number(last.at),
        now: Number(clock?.now),
      }
    },
    { slow: true },
  )
}

/** Text whose bytes of latin1 are UTF-8 again, and another text, is no accident. */
function misread({ as_read: reads, bytes }: { as_read: string; bytes: string }) {
  const raw = Buffer.from(bytes, 'hex')
  const meant = raw.toString()
  return Buffer.from(meant).equals(raw) && meant !== reads ? [{ reads, meant }] : []
}

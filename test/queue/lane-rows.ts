/** What the tests of lanes share: rows of one key, and a database whose statements somebody watches. */
import { bucketOfKey } from '../../src/queue/bucket.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { claimSome } from './stores.ts'

export const A_MINUTE_MS = 60_000
export const ELSEWHERE = { status: 2, worker_id: 9, claim_token: 5, attempts: 1 }
export const READY = { status: 0 }

export type Columns = Readonly<Record<string, Value>>

const TIMES = ['run_at', 'started_at']

/** Rows of one key unless they say otherwise; of times, milliseconds from now. @returns the ids */
export async function insert(db: Driver, ...rows: readonly Columns[]): Promise<number[]> {
  return db.transaction(async (tx) => {
    const ids: number[] = []
    for (const given of rows) {
      const shardKey = given.shard_key === undefined ? 'key' : given.shard_key
      const bucket = shardKey === null ? 0 : bucketOfKey(String(shardKey))
      const columns: Columns = { task: 'program', bucket, ...given, shard_key: shardKey }
      const names = Object.keys(columns)
      const marks = names.map((name) => (TIMES.includes(name) ? db.dialect.fromNow('?') : '?'))
      const sql = `INSERT INTO queue (${names.join(', ')}) VALUES (${marks.join(', ')})`
      ids.push((await tx.run(sql, Object.values(columns))).insertId)
    }
    return ids
  })
}

export async function insertMany(db: Driver, count: number, columns: Columns): Promise<void> {
  const all: Columns = { task: 'program', ...columns }
  const names = Object.keys(all)
  const values = `(${names.map(() => '?').join(', ')})`
  for (let left = count; left > 0; left -= 1_000) {
    const rows = Array.from({ length: Math.min(left, 1_000) }, () => Object.values(all))
    await db.run(`INSERT INTO queue (${names.join(', ')}) VALUES ${rows.map(() => values).join(', ')}`, rows.flat())
  }
}

export async function claimedIds(db: Driver, request: Parameters<typeof claimSome>[1] = {}): Promise<number[]> {
  return (await claimSome(db, request)).map(({ id }) => id)
}

export interface Watch {
  /** Called before a statement. */
  readonly run?: (sql: string) => unknown
  readonly all?: (sql: string, values: readonly Value[]) => unknown
}

/** The same database, whose statements somebody watches. */
export function watched(db: Driver, watch: Watch): Driver {
  return Object.create(db, {
    dialect: { get: () => db.dialect },
    transaction: { value: db.transaction.bind(db) },
    run: {
      value: async (sql: string, values: readonly Value[]) => {
        await watch.run?.(sql)
        return db.run(sql, values)
      },
    },
    all: {
      value: async (sql: string, values: readonly Value[]) => {
        await watch.all?.(sql, values)
        return db.all(sql, values)
      },
    },
  })
}

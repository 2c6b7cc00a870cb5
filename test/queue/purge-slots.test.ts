import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { purgeSlots } from '../../src/queue/store/purge-slots.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore, PATIENCE_MS } from './stores.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

interface Kept {
  readonly job: string
  readonly daysOld: number
  readonly verdict?: string
  readonly isOpen?: boolean
  readonly changedDaysAgo?: number
}

async function insert(db: Driver, rows: readonly Kept[]): Promise<void> {
  const { fromNow, maxValues } = db.dialect
  const rowsAtOnce = Math.floor(maxValues / 8)
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const batch = rows.slice(start, start + rowsAtOnce)
    await db.run(
      `INSERT INTO slot (job, slot_at, verdict, host, is_open, mtime)
       VALUES ${batch.map(() => `(?, ${fromNow('?')}, ?, 'web-1', ?, ${fromNow('?')})`).join(', ')}`,
      batch.flatMap(({ job, daysOld, verdict = 'empty', isOpen = false, changedDaysAgo = daysOld }): Value[] => [
        ...[job, -Math.round(daysOld * DAY_MS), verdict, isOpen ? 1 : 0, -Math.round(changedDaysAgo * DAY_MS)],
      ]),
    )
  }
}

async function left(db: Driver): Promise<string[]> {
  return (await db.all<{ job: string }>('SELECT job FROM slot ORDER BY job')).map(({ job }) => job)
}

async function purgeAll(db: Driver): Promise<number> {
  for (let calls = 1; ; calls++) if (!(await purgeSlots(db, PATIENCE_MS)).more) return calls
}

for (const database of DATABASES) {
  test(`rows that ran nothing go after 8 days, all others after 90, open ones never (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, [
      { job: 'empty-7', daysOld: 7 },
      { job: 'empty-9', daysOld: 9 },
      { job: 'missed-9', daysOld: 9, verdict: 'missed' },
      { job: 'open-9', daysOld: 9, verdict: 'waiting', isOpen: true },
      { job: 'started-9', daysOld: 9, verdict: 'started' },
      { job: 'enqueued-89', daysOld: 89, verdict: 'enqueued' },
      { job: 'started-91', daysOld: 91, verdict: 'started' },
      { job: 'open-91', daysOld: 91, verdict: 'started', isOpen: true },
      { job: 'backfilled-400', daysOld: 400, verdict: 'started', changedDaysAgo: 1 },
    ])

    await purgeAll(db)
    await insert(db, [{ job: 'late-100', daysOld: 100 }])
    await purgeAll(db)

    const kept = ['backfilled-400', 'empty-7', 'enqueued-89', 'open-9', 'open-91', 'started-9']
    assert.deepEqual(await left(db), kept)
  })

  test(`of 100,000 rows a call reads and removes a bounded part, by the index (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    // One of ten started something; all are between 9 and 79 days old, a minute apart.
    const rows = Array.from({ length: 100_000 }, (_, i) => ({
      job: 'tick',
      daysOld: 79 - (i * MINUTE_MS) / DAY_MS,
      verdict: i % 10 === 0 ? 'started' : 'empty',
    }))
    await insert(db, rows)
    const texts: [string, readonly Value[]][] = []
    const listening: Driver = {
      ...{ dialect: db.dialect, transaction: db.transaction.bind(db), close: db.close.bind(db) },
      all: (sql, values = []) => {
        texts.push([sql, values])
        return db.all(sql, values)
      },
      run: (sql, values = []) => {
        texts.push([sql, values])
        return db.run(sql, values)
      },
    }

    const first = await purgeSlots(listening, PATIENCE_MS)
    for (const [sql, values] of texts.filter(([sql]) => sql.includes('slot_at'))) {
      assert.match(await readsBy(db, sql, values), /slot_at/, sql)
    }
    const calls = 1 + (await purgeAll(db))

    assert.ok(first.more && first.removed > 400 && first.removed <= 1_000, `${first.removed} were removed`)
    assert.ok(calls >= 200 && calls < 205, `${calls} calls`)
    assert.deepEqual(new Set(await left(db)).size, 1)
    assert.equal((await left(db)).length, 10_000)
    const before = texts.length
    const again = await purgeSlots(listening, PATIENCE_MS)
    assert.deepEqual(again, { removed: 0, more: false })
    const [, values] = texts[before + 1] as [string, readonly Value[]]
    assert.ok(Number(values[0]) > (await databaseNow(db)) - 10 * DAY_MS, 'what stays is not read again')
  })

  test(`a minute with more rows than a call reads is purged as a whole (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(
      db,
      Array.from({ length: 700 }, (_, i) => ({ job: `job-${i}`, daysOld: 20 })),
    )
    const at = (await databaseNow(db)) - 20 * DAY_MS
    await db.run(`UPDATE slot SET slot_at = ${db.dialect.fromMs('?')}`, [Math.floor(at / MINUTE_MS) * MINUTE_MS])

    await purgeAll(db)

    assert.deepEqual(await left(db), [])
  })
}

/** What the database says of how it would find the rows of a statement. */
async function readsBy(db: Driver, sql: string, values: readonly Value[]): Promise<string> {
  if (db.dialect.ddl === 'sqlite') {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
    return plan
      .map(({ detail }) => detail)
      .filter((detail) => /slot/.test(detail))
      .map((detail) => (/^SEARCH/.test(detail) ? detail : `not by an index: ${detail}`.replace('slot_at', '')))
      .join('; ')
  }
  const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
  return plan
    .filter(({ table }) => table === 'slot')
    .map(({ type, key }) => (type === 'range' ? String(key) : `${type}`))
    .join('; ')
}

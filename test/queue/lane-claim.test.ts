/** Claims of tasks with a shard_key where there are many, where others claim at the same moment, and what they cost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketOfKey } from '../../src/queue/bucket.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { DATABASES } from '../helpers/databases.ts'
import { A_MINUTE_MS, claimedIds, insert, insertMany, READY, watched } from './lane-rows.ts'
import { claimSome, openStore, row } from './stores.ts'

for (const database of DATABASES) {
  test(`5,000 tasks of one key hide nothing behind them in their bucket (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [first] = await insert(db, READY)
    await insertMany(db, 4_999, { shard_key: 'key', bucket: bucketOfKey('key') })
    const others = await insert(db, ...new Array(10).fill({ shard_key: null, bucket: bucketOfKey('key') }))

    const whileAvoided = await claimedIds(db, { limit: 4, avoid: new Set(['key']) })
    const [running] = await claimedIds(db, { limit: 1, workerId: 2 })
    const whileBlocked = await claimedIds(db, { limit: 4 })

    assert.deepEqual(whileAvoided, others.slice(0, 4))
    assert.equal(running, first)
    assert.deepEqual(whileBlocked, others.slice(4, 8))
  })

  test(`however many keys are blocked, they hide nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const keys = Array.from({ length: 300 }, (_, i) => `key ${i}`)
    for (const shard_key of keys) await insert(db, { shard_key, status: 6 }, { shard_key })
    const [free] = await insert(db, { shard_key: 'free' })

    assert.deepEqual(await claimedIds(db, { limit: 5 }), [free])
  })

  test(`a task whose key another worker took between look and write is given back (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [late, early] = await insert(db, { status: 4, run_at: A_MINUTE_MS }, READY)
    const [unkeyed] = await insert(db, { shard_key: null })
    const hurried = beforeFirstClaim(db, async () => {
      await db.run('UPDATE queue SET status = 0, run_at = ctime WHERE id = ?', [Number(late)])
      assert.deepEqual(await claimedIds(db, { limit: 1, workerId: 2 }), [late])
    })

    const ids = await claimedIds(hurried)

    assert.deepEqual(ids, [unkeyed])
    await assertGivenBack(db, early)
  })

  test(`so is one of which a later one was taken then (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [early, later] = await insert(db, READY, READY)
    const hurried = beforeFirstClaim(db, async () => {
      await db.run('UPDATE queue SET status = 2, worker_id = 9, claim_token = 5 WHERE id = ?', [Number(later)])
    })

    assert.deepEqual(await claimedIds(hurried, { limit: 1 }), [])
    await assertGivenBack(db, early)
  })

  test(`of two workers at once one has the key, and what it has begins with the first (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const other = await open()
    for (let round = 0; round < 15; round++) {
      const shard_key = `round ${round}`
      const ids = await insert(db, ...new Array(6).fill({ shard_key }))

      const [a = [], b = []] = await Promise.all([
        claimedIds(db, { limit: 4, workerId: 1 }),
        claimedIds(other, { limit: 5, workerId: 2 }),
      ])

      assert.ok(a.length === 0 || b.length === 0, `both have some: ${a} and ${b} of ${ids}`)
      assert.deepEqual([...a, ...b], ids.slice(0, a.length + b.length))
      await db.run('UPDATE queue SET status = 1')
    }
  })

  test(`a long history of a key costs its claims nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 5_000, { shard_key: 'key', bucket: bucketOfKey('key'), status: 1 })
    await insertMany(db, 200, { shard_key: 'other', bucket: bucketOfKey('other') })
    await insert(db, READY, READY)
    if (db.dialect.ddl === 'mysql') await db.all('ANALYZE TABLE queue')

    const read = await laneReads(db)

    assert.equal(read.length, 2) // before the claim, and after it
    for (const [sql, values] of read) await assertReadsLanesOnly(db, sql, values)
  })

  test(`looking past what is blocked asks the index of lanes for the first of each (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 300, { shard_key: 'key', bucket: bucketOfKey('key'), status: 6 })
    await insert(db, READY)
    const looks: [string, readonly Value[]][] = []
    const looking = watched(db, { all: (sql, values) => sql.includes('AS head') && looks.push([sql, values]) })

    assert.deepEqual(await claimedIds(looking), [])

    assert.equal(looks.length, 2)
    await assertProbesLanes(db, ...(looks[1] as [string, readonly Value[]]))
  })
}

async function assertGivenBack(db: Driver, id: number | undefined): Promise<void> {
  const { status, attempts, claim_token } = await row(db, Number(id))
  assert.deepEqual([status, attempts, claim_token], [0, 0, null])
}

/** The same database, where something happens just before the first claim is written. */
function beforeFirstClaim(db: Driver, happens: () => Promise<void>): Driver {
  let isFirst = true
  return watched(db, {
    run: async (sql) => {
      if (!isFirst || !sql.includes('SET status = 2')) return
      isFirst = false
      await happens()
    },
  })
}

/** The statements by which a claim reads lanes. */
async function laneReads(db: Driver): Promise<[string, readonly Value[]][]> {
  const read: [string, readonly Value[]][] = []
  const reading = watched(db, { all: (sql, values) => sql.includes('lane = ?') && read.push([sql, values]) })
  assert.equal((await claimSome(reading, { buckets: [bucketOfKey('key')] })).length, 2)
  return read
}

async function assertReadsLanesOnly(db: Driver, sql: string, values: readonly Value[]): Promise<void> {
  if (db.dialect.ddl === 'sqlite') {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
    const details = plan.map(({ detail }) => detail)
    assert.ok(details.includes('SEARCH queue USING INDEX queue_lane (lane=? AND queue=?)'), details.join('\n'))
    assert.ok(details.includes('SCAN queue USING INDEX queue_running'), details.join('\n'))
    for (const detail of details) assert.doesNotMatch(detail, /TEMP B-TREE|SCAN queue$/)
    return
  }
  const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
  const reads = plan.filter(({ table }) => table === 'queue')
  assert.deepEqual(
    reads.map(({ key }) => key),
    ['queue_lane', 'queue_claim'],
  )
  for (const { rows, Extra = '' } of reads) {
    assert.ok(Number(rows) < 50, `${rows} rows would be read`)
    assert.doesNotMatch(Extra, /filesort|temporary/)
  }
}

async function assertProbesLanes(db: Driver, sql: string, values: readonly Value[]): Promise<void> {
  if (db.dialect.ddl === 'sqlite') {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
    const reads = plan.map(({ detail }) => detail).filter((detail) => /\b(queue|ahead)\b/.test(detail))
    assert.deepEqual(
      new Set(reads),
      new Set([
        'SEARCH queue USING INDEX queue_claim (queue=? AND bucket=?)',
        'SEARCH ahead USING INDEX queue_lane (lane=? AND queue=?)',
      ]),
    )
    return
  }
  const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
  const reads = plan.filter(({ table }) => table === 'queue' || table === 'ahead')
  assert.equal(reads.length, 2 * 60)
  for (const { table, key, Extra = '' } of reads) {
    assert.equal(key, table === 'queue' ? 'queue_claim' : 'queue_lane')
    assert.doesNotMatch(Extra, /filesort|temporary/)
  }
}

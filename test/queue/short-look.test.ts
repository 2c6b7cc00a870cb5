/** The short look: what it sees is what the full look sees, and it reads a few entries of the claim index, whatever there is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketsOf } from '../../src/queue/bucket.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { FEW, type LookRequest, look, shortLook } from '../../src/queue/store/look.ts'
import { seededRandom } from '../fault/seeded-random.ts'
import { DATABASES } from '../helpers/databases.ts'
import { entriesRead } from './entries-read.ts'
import { A_MINUTE_MS, claimedIds, insert, insertMany, watched } from './lane-rows.ts'
import { ALL_BUCKETS, openStore } from './stores.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const ROUNDS = 12
const ALL: LookRequest = { queue: 'default', buckets: ALL_BUCKETS, workerId: 1 }
const COUNT = 100

for (const database of DATABASES) {
  test(`the short look sees what the full look sees, or says that there is more (${database.name})`, async (t) => {
    t.diagnostic(`seed ${SEED}`)
    const { db } = await openStore(t, database)
    const random = seededRandom(SEED)
    for (let round = 0; round < ROUNDS; round++) {
      await db.run('DELETE FROM queue')
      const rows = Array.from({ length: random.below(2 * FEW) }, () => ({
        shard_key: random.oneOf(['a', 'b', null]),
        bucket: random.below(60),
        priority: random.below(5) - 2,
        queue: random.oneOf(['default', 'default', 'default', 'other']),
        status: random.weighed([[6, 0], ...[1, 2, 3, 4, 5, 6].map((status) => [1, status] as const)]),
        run_at: random.oneOf([-A_MINUTE_MS, -A_MINUTE_MS, A_MINUTE_MS]),
        held_for: random.oneOf([null, null, 'let-go']),
      }))
      await insert(db, ...rows)
      const total = random.oneOf([1, 1, 2, 3, 60])
      const request = { ...ALL, buckets: bucketsOf(total, [random.below(total)]) }
      const count = 1 + random.below(COUNT)

      const short = await shortLook(db, request, count)

      const all = await look(db, request, 10 * FEW)
      const expected = all.length > FEW ? undefined : await look(db, request, count)
      assert.deepEqual(short, expected, `SEED=${SEED}, round ${round}`)
    }
  })

  test(`at the limit of what is few, the short look has all, and one more is too many (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, FEW, { bucket: 3 })

    const few = await shortLook(db, ALL, COUNT)
    await insertMany(db, 1, { bucket: 59, priority: -9 })
    const many = await shortLook(db, ALL, COUNT)

    assert.deepEqual([few?.length, many], [FEW, undefined])
    assert.equal((await shortLook(db, { ...ALL, buckets: [59, 4] }, COUNT))?.length, 1)
  })

  test(`a filter, and looking past what is blocked, are for the full look (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)

    assert.deepEqual(await shortLook(db, ALL, COUNT), [])
    assert.equal(await shortLook(db, { ...ALL, filter: { task: 'program' } }, COUNT), undefined)
    assert.equal(await shortLook(db, { ...ALL, past: [] }, COUNT), undefined)
  })

  test(`a claim that expects few asks once, tells what it saw, and looks in full where there are more (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const asked: string[] = []
    const told: boolean[] = []
    const watching = watched(db, {
      all: (sql) => sql.includes('queue_claim') && asked.push(sql.includes('UNION ALL') ? 'full' : 'short'),
    })
    const claimed = (request: Parameters<typeof claimedIds>[1]) =>
      claimedIds(watching, { onLooked: (few) => told.push(few), ...request })
    const [late, urgent] = await insert(
      db,
      { shard_key: null, priority: 5, bucket: 1 },
      { shard_key: null, priority: -5, bucket: 2 },
    )

    assert.deepEqual(await claimed({ expectsFew: true }), [urgent, late])
    await insert(db, ...Array.from({ length: FEW + 1 }, (_, i) => ({ shard_key: null, bucket: i % 60 })))
    assert.equal((await claimed({ expectsFew: true, limit: 2 })).length, 2) // 63 stay
    assert.equal((await claimed({ limit: 2 })).length, 2) // as many as were asked for: there may be more
    assert.equal((await claimed({ limit: 100 })).length, FEW - 3)

    assert.deepEqual(asked, ['short', 'short', 'full', 'full', 'full'])
    assert.deepEqual(told, [true, false, false, true])
  })

  test(`it reads few entries of the claim index and their rows, whatever there is (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const far = db.dialect.ddl === 'sqlite' ? 4e12 : '2037-01-01'
    for (const status of [1, 2, 3, 5, 6])
      await insertMany(db, 1_000, { status, worker_id: 9, claim_token: 5, bucket: 7 })
    await insertMany(db, 1_000, { status: 4, run_at: far, bucket: 7 })
    await insertMany(db, 1_000, { queue: 'other', bucket: 7 })
    await insertMany(db, 2, { bucket: 8 })

    for (const buckets of [ALL_BUCKETS, bucketsOf(2, [0])]) {
      await assertReads(db, { ...ALL, buckets }, 2, buckets.length)
    }
    await insertMany(db, 3_000, { bucket: 8 })
    for (const buckets of [ALL_BUCKETS, bucketsOf(2, [0])]) {
      await assertReads(db, { ...ALL, buckets }, FEW + 1, buckets.length)
    }
  })
}

/** @param heads  how many entries it finds */
async function assertReads(db: Driver, request: LookRequest, heads: number, buckets: number): Promise<void> {
  const [sql, values] = await statementOf(db, request)
  if (db.dialect.ddl === 'sqlite') {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
    const range = buckets === 60 ? '(queue=?)' : '(queue=? AND bucket=?)'
    assert.deepEqual(
      plan.map(({ detail }) => detail),
      [`SEARCH queue USING INDEX queue_claim ${range}`],
    )
    return
  }
  const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values)
  assert.deepEqual(
    plan.map(({ table, key }) => [table, key]),
    [['queue', 'queue_claim']],
  )
  assert.doesNotMatch(plan[0]?.Extra ?? '', /filesort|temporary/)
  const read = await entriesRead(db, (counted) => counted.all(sql, values))
  // One range that begins, or one of each bucket; and its end.
  const most = heads + 1 + (buckets === 60 ? 0 : buckets)
  assert.ok(read <= most, `${read} entries were read, and ${most} are enough`)
}

async function statementOf(db: Driver, request: LookRequest): Promise<[string, readonly Value[]]> {
  const seen: [string, readonly Value[]][] = []
  await shortLook(watched(db, { all: (...statement) => seen.push(statement) }), request, COUNT)
  return seen[0] as [string, readonly Value[]]
}

/** What an idle worker asks many times a second: what it is told, and what that reads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { hasReadyBehind, news } from '../../src/queue/store/news.ts'
import { DATABASES } from '../helpers/databases.ts'
import { entriesRead } from './entries-read.ts'
import { A_MINUTE_MS, insert, insertMany, watched } from './lane-rows.ts'
import { ALL_BUCKETS, openStore } from './stores.ts'

const QUEUE = 'default'

for (const database of DATABASES) {
  test(`the news are the newest row, whether one is ready in the queue, and whether one is due (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    assert.deepEqual(await news(db, QUEUE), { newestId: 0, isReady: false, isDue: false })

    const [elsewhere] = await insert(db, { status: 0, queue: 'other' }, { status: 4, run_at: A_MINUTE_MS })
    const before = await news(db, QUEUE)
    const [due] = await insert(db, { status: 4, run_at: -1 })
    const withDue = await news(db, QUEUE)
    await db.run('UPDATE queue SET status = 0 WHERE id = ?', [Number(due)])
    const withReady = await news(db, QUEUE)

    assert.deepEqual(before, { newestId: Number(elsewhere) + 1, isReady: false, isDue: false })
    assert.deepEqual(withDue, { newestId: due, isReady: false, isDue: true })
    assert.deepEqual(withReady, { newestId: due, isReady: true, isDue: false })
  })

  test(`of what came since, ready rows of own buckets count, and more than are worth reading (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [first] = await insert(db, { status: 0, bucket: 3 }, { status: 2, bucket: 3 }, { queue: 'other', bucket: 3 })
    const behind = (id: number | undefined, buckets: readonly number[]) =>
      hasReadyBehind(db, QUEUE, buckets, Number(id))

    const known = await behind(first, ALL_BUCKETS)
    const own = await behind(0, [2, 3])
    const others = await behind(0, [4, 5])
    await insertMany(db, 1_000, { queue: 'other' })
    const many = await behind(first, [4, 5])

    assert.deepEqual([known, own, others, many], [false, true, false, true])
  })

  test(`the question reads a handful of entries, whatever there is (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const status of [1, 2, 3, 5, 6]) await insertMany(db, 1_000, { status, worker_id: 9, claim_token: 5 })
    await insertMany(db, 2_000, { queue: 'other', status: 0, shard_key: 'key', bucket: 7 })
    await insertMany(db, 1_000, { status: 4, run_at: db.dialect.ddl === 'sqlite' ? 4e12 : '2037-01-01' })
    await insertMany(db, 2_000, { status: 0, shard_key: 'key', bucket: 7 })

    if (db.dialect.ddl === 'sqlite') {
      const steps = await stepsOf(db)
      assert.deepEqual(
        steps.filter((step) => !/^(?:SCALAR SUBQUERY|SCAN CONSTANT ROW)/.test(step)),
        [
          'SEARCH queue',
          'SEARCH queue USING COVERING INDEX queue_claim (queue=?)',
          'SEARCH queue USING INDEX queue_due (is_scheduled=? AND run_at<?)',
        ],
      )
    } else {
      const read = await entriesRead(db, (counted) => news(counted, QUEUE))
      assert.ok(read <= 8, `${read} entries of indexes were read`)
    }
  })
}

/** How SQLite would go about it. */
async function stepsOf(db: Driver): Promise<string[]> {
  const [statement] = await statementsOf(db)
  const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${statement?.[0]}`, statement?.[1])
  return plan.map(({ detail }) => detail)
}

async function statementsOf(db: Driver): Promise<[string, readonly Value[]][]> {
  const seen: [string, readonly Value[]][] = []
  await news(watched(db, { all: (...statement) => seen.push(statement) }), QUEUE)
  return seen
}

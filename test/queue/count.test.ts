import assert from 'node:assert/strict'
import test from 'node:test'
import { countReady, counts, readyBuckets } from '../../src/queue/store/count.ts'
import { peek } from '../../src/queue/store/peek.ts'
import { DATABASES } from '../helpers/databases.ts'
import { ALL_BUCKETS, claimSome, openStore, put } from './stores.ts'

for (const database of DATABASES) {
  test(`counts tell how many tasks a queue has in each state, up to a cap (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(
      db,
      { task: 'a' },
      { task: 'a' },
      { task: 'a' },
      { task: 'a', inMs: 60_000 },
      { task: 'a', queue: 'other' },
    )
    await claimSome(db, { limit: 1 })

    const all = await counts(db, 'default')
    const capped = await counts(db, 'default', 1)

    const none = { done: 0, failed: 0, cancelled: 0, held: 0 }
    assert.deepEqual(all, { ready: 2, running: 1, scheduled: 1, ...none })
    assert.deepEqual(capped, { ready: 1, running: 1, scheduled: 1, ...none })
  })

  test(`the buckets with work are those of ready rows of the queue (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const [bucket, status, queue] of [
      [0, 0, 'default'],
      [59, 0, 'default'],
      [7, 1, 'default'],
      [8, 0, 'other'],
    ]) {
      await db.run("INSERT INTO queue (task, bucket, status, queue) VALUES ('a', ?, ?, ?)", [
        bucket ?? 0,
        status ?? 0,
        queue ?? '',
      ])
    }

    assert.deepEqual([...(await readyBuckets(db, 'default'))].toSorted(), [0, 59])
    assert.equal(await countReady(db, 'default', [0, 1, 2]), 1)
    assert.equal(await countReady(db, 'default', ALL_BUCKETS), 2)
  })

  test(`a peek shows what a claim would take, and takes nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'late', priority: 5 }, { task: 'soon', param: 'p' })

    const seen = await peek(db, { queue: 'default', buckets: ALL_BUCKETS }, 10)

    assert.deepEqual(
      seen.map(({ task, param }) => [task, param]),
      [
        ['soon', 'p'],
        ['late', ''],
      ],
    )
    assert.equal((await claimSome(db)).length, 2)
  })
}

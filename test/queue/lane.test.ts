/** Tasks with one shard_key: which of them may be claimed, and what the others have to wait for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHAIN } from '../../src/queue/store/lane.ts'
import { peek } from '../../src/queue/store/peek.ts'
import { DATABASES } from '../helpers/databases.ts'
import { A_MINUTE_MS, type Columns, claimedIds, ELSEWHERE, insert, READY, watched } from './lane-rows.ts'
import { ALL_BUCKETS, openStore } from './stores.ts'

/** What an earlier task of the key may be like, and whether the later one has to wait for it. */
const EARLIER: readonly { readonly name: string; readonly columns: Columns; readonly isInTheWay: boolean }[] = [
  { name: 'runs elsewhere', columns: ELSEWHERE, isInTheWay: true },
  { name: 'runs for nobody known', columns: { ...ELSEWHERE, worker_id: null }, isInTheWay: true },
  { name: 'is held', columns: { status: 6 }, isInTheWay: true },
  { name: 'waits for its second attempt', columns: { status: 4, attempts: 1 }, isInTheWay: true },
  { name: 'waits after a crash', columns: { status: 4, crashes: 1 }, isInTheWay: true },
  { name: 'said "try later" at its first attempt', columns: { status: 4, started_at: -5_000 }, isInTheWay: true },
  { name: 'has its time to come', columns: { status: 4, run_at: A_MINUTE_MS }, isInTheWay: false },
  { name: 'is called ready and has its time to come', columns: { run_at: A_MINUTE_MS }, isInTheWay: false },
  { name: 'is done', columns: { status: 1, attempts: 1 }, isInTheWay: false },
  { name: 'has failed', columns: { status: 3, attempts: 1 }, isInTheWay: false },
  { name: 'was cancelled', columns: { status: 5 }, isInTheWay: false },
  { name: 'is of another queue', columns: { ...ELSEWHERE, queue: 'other' }, isInTheWay: false },
  { name: 'is of another key', columns: { ...ELSEWHERE, shard_key: 'other' }, isInTheWay: false },
]

for (const database of DATABASES) {
  for (const { name, columns, isInTheWay } of EARLIER) {
    test(`a task ${isInTheWay ? 'waits for' : 'does not wait for'} an earlier one of its key that ${name} (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      await insert(db, columns)
      const [later] = await insert(db, READY)

      const ids = await claimedIds(db)

      assert.deepEqual(ids, isInTheWay ? [] : [later])
    })
  }

  test(`a run of ready tasks of one key is claimed in the order of their ids (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insert(db, READY, READY, READY, { status: 6 }, READY)

    assert.deepEqual(await claimedIds(db, { limit: 2 }), ids.slice(0, 2))
    assert.deepEqual(await claimedIds(db, { workerId: 2 }), [])
    assert.deepEqual(await claimedIds(db), ids.slice(2, 3))
    assert.deepEqual(await claimedIds(db), [])
  })

  test(`a task is not claimed while a later one of its key runs elsewhere (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, ...new Array(2 * CHAIN).fill(READY), ELSEWHERE)
    const [unkeyed] = await insert(db, { shard_key: null })
    const written: string[] = []

    assert.deepEqual(await claimedIds(watched(db, { run: (sql) => written.push(sql) })), [unkeyed])
    assert.equal(written.length, 1) // nothing was claimed in vain and given back
  })

  test(`a task of ours that has ended and is not finished is in the way of the next ones (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [ended, next] = await insert(db, READY, READY)
    assert.deepEqual(await claimedIds(db, { limit: 1 }), [ended])

    assert.deepEqual(await claimedIds(db, { unfinished: new Map([['key', new Set([Number(ended)])]]) }), [])
    assert.deepEqual(await claimedIds(db), [next])
  })

  test(`once that is booked and its time has come, it is claimed again with the next ones (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [ended, next] = await insert(db, { attempts: 1 }, READY)

    assert.deepEqual(await claimedIds(db, { unfinished: new Map([['key', new Set([Number(ended)])]]) }), [ended, next])
  })

  test(`an urgent task moves up the less urgent ones of its key that are in its way (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [slow, , urgent] = await insert(
      db,
      { priority: 50 },
      { shard_key: null, priority: 0 },
      { priority: -10 },
      { shard_key: null, priority: -5 },
    )

    assert.deepEqual(await claimedIds(db, { limit: 1 }), [slow])
    assert.deepEqual(await claimedIds(db, { limit: 1 }), [urgent])
  })

  test(`one key takes no more than its share of a claim (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const hot = await insert(db, ...new Array(3 * CHAIN).fill(READY))

    assert.deepEqual(await claimedIds(db, { limit: 3 * CHAIN }), hot.slice(0, CHAIN))
  })

  test(`an earlier task that the filter keeps out is waited for, and hides nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { task: 'other' }, ...new Array(5).fill(READY))
    const [unkeyed] = await insert(db, { shard_key: null })

    assert.deepEqual(await claimedIds(db, { limit: 2, filter: { task: 'program' } }), [unkeyed])
  })

  test(`the order holds where tasks of one key lie in different buckets (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insert(db, { bucket: 1 }, { bucket: 0 })

    assert.deepEqual(await claimedIds(db, { buckets: [0], limit: 1 }), ids.slice(0, 1))
    assert.deepEqual(await claimedIds(db, { buckets: [0], workerId: 2 }), [])
  })

  test(`a peek leaves out what has to wait (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insert(db, { priority: 5 }, { priority: -5 }, { shard_key: 'held', status: 6 })
    await insert(db, { shard_key: 'held' }, { shard_key: null, run_at: A_MINUTE_MS })

    const seen = await peek(db, { queue: 'default', buckets: ALL_BUCKETS }, 10)

    assert.deepEqual(
      seen.map(({ id }) => id),
      ids.slice(0, 2),
    )
  })
}

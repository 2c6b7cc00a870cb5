/** The supply over real rows: which of the claimed tasks may start, what is given back, and how often the database is asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, Value } from '../../src/queue/driver.ts'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import { finish } from '../../src/queue/store/finish.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { Pauses } from '../../src/worker/pauses.ts'
import { Supply } from '../../src/worker/supply.ts'
import type { SupplyOptions } from '../../src/worker/work-options.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { insert, insertMany, READY, watched } from '../queue/lane-rows.ts'
import { ALL_BUCKETS, finishOf, openStore, PATIENCE_MS, row } from '../queue/stores.ts'

const SLOTS = 4

for (const database of DATABASES) {
  test(`idle slots get tasks of other keys, however many of one key come first (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 5_000, { shard_key: 'hot', bucket: 7 })
    const others = await insert(db, ...new Array(10).fill({ shard_key: null, bucket: 7 }))
    const supply = supplyOf(db)

    const started = await startAll(supply)

    assert.equal(started.length, SLOTS)
    assert.deepEqual(
      started.slice(1).map(({ id }) => id),
      others.slice(0, SLOTS - 1),
    )
    assert.equal(started[0]?.shardKey, 'hot')
  })

  test(`when a task is finished the next one of its key starts, without asking the database (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [first, second] = await insert(db, READY, READY, READY)
    const supply = supplyOf(db)
    const [running] = await startAll(supply)
    assert.ok(running)

    supply.ended(running, true)

    assert.deepEqual([running.id, supply.take()?.id], [first, second])
  })

  test(`behind a task that is not finished the others are given back, and wait for it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [first, second, third] = await insert(db, READY, READY, READY)
    const supply = supplyOf(db)
    const [running] = await startAll(supply)
    assert.ok(running)

    supply.ended(running, false)
    assert.deepEqual(await startAll(supply), [])

    assert.deepEqual(await states(db), [2, 0, 0])
    assert.equal(supply.waiting, 0)
    await finish(db, [finishOf(running, { kind: 'again', delayMs: 0, counted: true })], PATIENCE_MS)
    await promote(db, 10, PATIENCE_MS)
    const again = await waitFor(async () => (await startAll(supply))[0], { what: 'the task to be claimed again' })
    assert.deepEqual([again.id, again.attempt], [first, 2])
    supply.ended(again, true)
    assert.deepEqual([supply.take()?.id, (await row(db, Number(third))).status], [second, 2])
  })

  test(`what is dropped is given back, and what waits behind it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insert(db, READY, READY, READY, { shard_key: null })
    const supply = supplyOf(db)
    await supply.refill(0, idle)
    assert.deepEqual(
      supply.claimed.map(({ id }) => id),
      ids,
    )

    await supply.drop([Number(ids[1])])

    assert.deepEqual(await states(db), [2, 0, 0, 2])
    assert.equal(supply.waiting, 2)
  })

  test(`a limit counts what was started, not what was given back (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, READY, READY)
    const supply = supplyOf(db, { limit: 2 })
    const [running] = await startAll(supply)
    assert.ok(running && supply.isLimitReached)

    supply.ended(running, false)
    await insert(db, { shard_key: 'other' }, { shard_key: 'other' })
    const more = await startAll(supply)

    assert.equal(more.length, 1)
    assert.equal(supply.isLimitReached, true)
  })

  test(`an idle worker looks short, and one that drains many tasks in full (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const looks: string[] = []
    const all = (sql: string) => sql.includes('queue_claim') && looks.push(sql.includes('UNION ALL') ? 'full' : 'short')
    const supply = supplyOf(watched(db, { all }), { batch: 10 })
    const many = Array.from({ length: 100 }, (_, i) => ({ shard_key: null, bucket: i % 60 }))
    const refill = async () => {
      looks.length = 0
      await supply.refill(0, idle)
      while (supply.canStart) supply.take()
      return looks.join(', ')
    }

    assert.equal(await refill(), 'short')
    await insert(db, ...many)
    supply.lookAgain(false)
    assert.equal(await refill(), 'short, full')
    for (let left = 92; left > 0; left -= 10) assert.equal(await refill(), 'full')
    assert.equal(await refill(), 'short')
  })

  test(`a part that is empty is not asked while somebody sees that nothing is ready (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const supply = supplyOf(db)
    await supply.refill(0, idle)

    for (let i = 0; i < 15; i++) {
      await sleep(100)
      assert.equal(supply.wantsRefill(0), false)
      supply.hasSeenNothing()
    }

    await waitFor(() => supply.wantsRefill(0), { what: 'the next look', timeoutMs: 2_000 })
    await supply.refill(0, idle)
    supply.lookAgain(false)
    supply.hasSeenNothing() // an answer that was under way
    assert.equal(supply.wantsRefill(0), true)
  })

  test(`where all that is ready is blocked, the part is empty, and is asked once a second (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { status: 6 }, ...new Array(50).fill(READY))
    const supply = supplyOf(db)

    const refills = await keepAsking(supply, 0, 2_500)

    assert.equal(supply.isEmpty, true)
    assert.ok(refills >= 2 && refills <= 4, `${refills} refills in two and a half seconds`)
  })

  test(`where all that is ready is behind a task that runs, other keys are asked for once a second (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, ...new Array(200).fill(READY))
    const supply = supplyOf(db)
    assert.equal((await startAll(supply)).length, 1)

    const refills = await keepAsking(supply, 1, 2_500)

    assert.ok(refills >= 1 && refills <= 4, `${refills} refills in two and a half seconds`)
  })

  test(`what a claim took whose answer never came is given back (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [id] = await insert(db, READY)
    let isBroken = true
    const breaking = watched(db, {
      all: (sql) => {
        if (isBroken && sql.includes('claim_token = ?')) throw new Error('broken')
      },
    })
    const supply = supplyOf(breaking)
    await assert.rejects(supply.refill(0, idle), /broken/)
    assert.deepEqual([await states(db), supply.waiting > 0], [[2], true])

    isBroken = false
    assert.equal(supply.wantsRefill(0), true)
    const [started] = await startAll(supply)

    assert.deepEqual([started?.id, started?.attempt], [id, 1])
  })

  test(`giving back leaves nothing claimed, and what runs runs on (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, READY, READY, { shard_key: null }, { shard_key: null })
    const supply = supplyOf(db)
    await supply.refill(0, idle)
    supply.take()

    await supply.giveBack()

    assert.deepEqual(await states(db), [2, 0, 0, 0])
    assert.equal(supply.waiting, 0)
  })
}

function supplyOf(db: Driver, options: Partial<SupplyOptions> = {}): Supply {
  const pauses = new Pauses(db, 'default', () => {})
  const all = { db, queue: 'default', buckets: ALL_BUCKETS, workerId: 1, concurrency: SLOTS, batch: 100, pauses }
  return new Supply({ ...all, limit: undefined, filter: {}, ...options }, () => {})
}

async function idle(): Promise<boolean> {
  return true
}

/** Starts what can be started in the slots, refilling as long as it is wanted. */
async function startAll(supply: Supply): Promise<ClaimedTask[]> {
  const started: ClaimedTask[] = []
  const start = () => {
    while (supply.canStart && started.length < SLOTS) started.push(supply.take() as ClaimedTask)
  }
  while (supply.wantsRefill(started.length)) {
    await supply.refill(started.length, idle)
    start()
  }
  return started
}

/** As a worker does that is woken often. @returns how many refills were wanted */
async function keepAsking(supply: Supply, running: number, forMs: number): Promise<number> {
  const until = performance.now() + forMs
  let refills = 0
  while (performance.now() < until) {
    if (supply.wantsRefill(running)) {
      await supply.refill(running, idle)
      refills++
    }
    await sleep(5)
  }
  return refills
}

async function states(db: Driver): Promise<Value[]> {
  const rows = await db.all<{ status: number }>('SELECT status FROM queue ORDER BY id')
  return rows.map(({ status }) => status)
}

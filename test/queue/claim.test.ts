import assert from 'node:assert/strict'
import test from 'node:test'
import { bucketOfKey, bucketsOf } from '../../src/queue/bucket.ts'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { claimSome, openStore, PATIENCE_MS, put, row } from './stores.ts'

for (const database of DATABASES) {
  test(`a claim takes the most urgent first, and in order of id among equals (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...[5, 0, -3, 0, 5].map((priority, i) => ({ task: 'a', param: `${i}`, priority })))

    const first = await claimSome(db, { limit: 3 })
    const rest = await claimSome(db)

    assert.deepEqual(
      first.map(({ param }) => param),
      ['2', '1', '3'],
    )
    assert.deepEqual(
      rest.map(({ param }) => param),
      ['0', '4'],
    )
  })

  test(`a claim takes rows of its own buckets and its own queue only (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`)
    await put(db, ...keys.map((key) => ({ task: 'a', param: key, key })), { task: 'a', queue: 'other' })

    const mine = await claimSome(db, { buckets: bucketsOf(4, [1]), limit: 500 })

    const expected = keys.filter((key) => bucketOfKey(key) % 4 === 1)
    assert.deepEqual(
      mine.map(({ param }) => param),
      expected,
    )
  })

  test(`a claimed row says whose it is and which attempt this is (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', param: 'x', retry: '1m', maxAttempts: 7, timeoutMs: 1_500 })

    const [task] = await claimSome(db, { workerId: 42 })

    assert.ok(task)
    const { claimToken, ...rest } = task
    assert.deepEqual(rest, {
      id: task.id,
      queue: 'default',
      task: 'a',
      param: 'x',
      attempt: 1,
      maxAttempts: 7,
      retry: '1m',
      timeoutSeconds: 2,
      expiresAt: null,
      uselessAt: null,
      shardKey: null,
      crashes: 0,
    })
    const stored = await row(db, task.id)
    assert.deepEqual([stored.status, stored.attempts, Number(stored.worker_id)], [2, 1, 42])
    assert.equal(Number(stored.claim_token), claimToken)
  })

  test(`of many claims at once each row goes to one, and none is left (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await put(db, ...Array.from({ length: 1_000 }, (_, i) => ({ task: 'a', param: `${i}` })))
    const others = await Promise.all(Array.from({ length: 4 }, open))

    const drain = async (driver: typeof db) => {
      const ids: number[] = []
      for (let tasks = await claimSome(driver, { limit: 17 }); tasks.length > 0; ) {
        ids.push(...tasks.map(({ id }) => id))
        tasks = await claimSome(driver, { limit: 17 })
      }
      return ids
    }
    const ids = (await Promise.all(others.map(drain))).flat()

    assert.equal(ids.length, 1_000)
    assert.equal(new Set(ids).size, 1_000)
  })

  test(`a row given back is ready again and has used no attempt (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' }, { task: 'c' })
    const [first, second, third] = await claimSome(db)
    assert.ok(first && second && third)

    await giveBack(db, [first, third], PATIENCE_MS)

    const stored = await row(db, first.id)
    assert.deepEqual([stored.status, stored.attempts, stored.claim_token, stored.worker_id], [0, 0, null, null])
    assert.equal((await row(db, second.id)).status, 2)
    assert.deepEqual(
      (await claimSome(db)).map(({ task }) => task),
      ['a', 'c'],
    )
  })

  test(`a row that was cancelled in the meantime is cancelled when it is given back (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', unique: 'u' }, { task: 'b', unique: 'v', keepUnique: true }, { task: 'c', unique: 'w' })
    const tasks = await claimSome(db)
    const [first, second, third] = tasks.map(({ id }) => id) as [number, number, number]
    await db.run(`UPDATE queue SET cancel_at = ${db.dialect.now} WHERE id IN (?, ?)`, [first, second])

    await giveBack(db, tasks, PATIENCE_MS)

    const rows = await Promise.all([first, second, third].map((id) => row(db, id)))
    assert.deepEqual(
      rows.map(({ status, unique_key, attempts }) => [status, unique_key, attempts]),
      [
        [5, null, 0],
        [5, 'v', 0],
        [0, 'w', 0],
      ],
    )
    assert.deepEqual(
      rows.map(({ finished_at }) => finished_at !== null),
      [true, true, false],
    )
    assert.deepEqual(
      (await claimSome(db)).map(({ id }) => id),
      [third],
    )
  })

  test(`a row that was claimed anew cannot be given back by the worker before (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const stale = await claimSome(db)
    await giveBack(db, stale, PATIENCE_MS)
    const [fresh] = await claimSome(db)
    assert.ok(fresh)

    await giveBack(db, stale, PATIENCE_MS)

    assert.equal((await row(db, fresh.id)).status, 2)
  })

  test(`a plain INSERT with its time to come is scheduled, and never run early (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await db.run(`INSERT INTO queue (task, param, run_at) VALUES ('later', '', ${db.dialect.fromNow('?')})`, [400])
    await put(db, { task: 'now' })

    const tasks = await claimSome(db)

    assert.deepEqual(
      tasks.map(({ task }) => task),
      ['now'],
    )
    const scheduled = await db.all('SELECT id FROM queue WHERE status = 4')
    assert.equal(scheduled.length, 1)
    await waitFor(() => promote(db, 100, PATIENCE_MS), { what: 'the scheduled row to be promoted' })
    assert.deepEqual(
      (await claimSome(db)).map(({ task }) => task),
      ['later'],
    )
  })

  test(`scheduled rows are promoted when due and not before (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(
      db,
      { task: 'soon', inMs: 1 },
      { task: 'far', inMs: 3_600_000 },
      { task: 'at', at: Date.now() + 86_400_000 },
    )

    const promoted = await waitFor(() => promote(db, 100, PATIENCE_MS), { what: 'the first row to be due' })

    assert.equal(promoted, 1)
    assert.deepEqual(
      (await claimSome(db)).map(({ task }) => task),
      ['soon'],
    )
    assert.equal(await promote(db, 100, PATIENCE_MS), 0)
  })

  test(`a row whose expiry is over is told so by the database's clock (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await db.run(`INSERT INTO queue (task, expires_at) VALUES ('late', ${db.dialect.fromNow('?')})`, [-1])
    await db.run(`INSERT INTO queue (task, expires_at) VALUES ('fine', ${db.dialect.fromNow('?')})`, [60_000])

    const tasks = await claimSome(db)

    assert.deepEqual(
      tasks.map(({ task, uselessAt }) => [task, Number(uselessAt) <= performance.now()]),
      [
        ['late', true],
        ['fine', false],
      ],
    )
  })

  test(`filters pick the rows of a backfill (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' }, { task: 'a' }, { task: 'a' })
    const ids = (await db.all<{ id: number }>('SELECT id FROM queue ORDER BY id')).map(({ id }) => Number(id))

    const found = await claimSome(db, { filter: { task: 'a', fromId: ids[1] as number, toId: ids[2] as number } })
    const none = await claimSome(db, { filter: { until: Date.now() - 3_600_000 } })
    const recent = await claimSome(db, { filter: { since: Date.now() - 3_600_000, until: Date.now() + 3_600_000 } })

    assert.deepEqual(
      found.map(({ id }) => id),
      [ids[2]],
    )
    assert.deepEqual(none, [])
    assert.equal(recent.length, 3)
  })

  test(`the look reads the claim index, joins the few it found, and sorts no table (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 300 }, (_, i) => ({ task: 'a', key: `k${i}` })))
    const looks: [string, readonly Value[]][] = []
    const watched: Driver = Object.create(db, {
      all: {
        value: (sql: string, values: readonly Value[]) => {
          looks.push([sql, values])
          return db.all(sql, values)
        },
      },
      run: { value: db.run.bind(db) },
    })
    await claimSome(watched, { limit: 10 })
    const [look] = looks
    assert.ok(look)

    if (db.dialect.ddl === 'sqlite') {
      const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${look[0]}`, look[1])
      const reads = plan.map(({ detail }) => detail).filter((detail) => /\bqueue\b/.test(detail))
      assert.ok(reads.length >= 60)
      for (const detail of reads) assert.match(detail, /^SEARCH queue USING COVERING INDEX queue_claim/)
      const joined = plan.map(({ detail }) => detail).filter((detail) => /\btask\b/.test(detail))
      assert.deepEqual(joined, ['SEARCH task USING INTEGER PRIMARY KEY (rowid=?)'])
    } else {
      const plan = await db.all<Record<string, string>>(`EXPLAIN FORMAT=TRADITIONAL ${look[0]}`, look[1])
      const reads = plan.filter(({ table }) => table === 'queue')
      assert.equal(reads.length, 60)
      for (const read of reads) {
        assert.equal(read.key, 'queue_claim')
        assert.match(read.Extra ?? '', /Using index/) // the row itself is not read
        assert.doesNotMatch(read.Extra ?? '', /filesort|temporary/)
      }
      const joined = plan.find(({ table }) => table === 'task')
      assert.deepEqual([joined?.type, joined?.key], ['eq_ref', 'PRIMARY'])
      assert.doesNotMatch(joined?.Extra ?? '', /filesort|temporary/)
    }
  })
}

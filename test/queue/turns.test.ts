/** Keys that take turns: what a claim takes of each, in which order, and what it reads for that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Value } from '../../src/queue/driver.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import type { Turns } from '../../src/queue/store/turns.ts'
import { KeysInTurn } from '../../src/worker/keys-in-turn.ts'
import { DATABASES } from '../helpers/databases.ts'
import { A_MINUTE_MS, claimedIds, ELSEWHERE, insert, insertMany, watched } from './lane-rows.ts'
import { claimSome, openStore, PATIENCE_MS, row } from './stores.ts'

for (const database of DATABASES) {
  test(`of each key as many are claimed as may run at once, and keys take turns (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 300, { shard_key: 'a', bucket: 7 })
    await insert(db, ...['b', 'b', 'b', 'c', 'c', 'c'].map((key) => ({ shard_key: key })))
    const hands = new KeysInTurn(2)
    const { turns } = hands

    const first = await claimSome(db, { turns })
    hands.add(first)

    assert.deepEqual(counts(first), { a: 2, b: 2, c: 2 })
    assert.deepEqual(await claimSome(db, { turns }), [])
  })

  test(`every key has its turn before one has a second, however few are claimed at once (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`)
    for (const key of keys) await insert(db, ...new Array(4).fill({ shard_key: key }))
    const turns = turnsOf(1)

    const inOrder: string[] = []
    for (let i = 0; i < 40; i++) {
      const tasks = await claimSome(db, { turns, limit: 7 })
      for (const { shardKey } of tasks) inOrder.push(shardKey ?? '')
    }

    assert.ok(inOrder.length >= 250)
    for (let i = 0; i + 100 <= inOrder.length; i += 100)
      assert.equal(new Set(inOrder.slice(i, i + 100)).size, 100, `round ${i / 100}`)
  })

  test(`a priority orders the tasks of a key, and then the id (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insert(db, { priority: 5 }, { priority: 0 }, { priority: -3 }, { priority: 0 })

    assert.deepEqual(await claimedIds(db, { turns: turnsOf(3) }), [ids[2], ids[1], ids[3]])
  })

  test(`what was tried before, is held or not due keeps no task of its key back (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { status: 4, attempts: 1, run_at: A_MINUTE_MS }, { status: 6 }, { status: 3 })
    const [early, free] = await insert(db, { run_at: A_MINUTE_MS }, {})

    assert.deepEqual(await claimedIds(db, { turns: turnsOf(1) }), [free])
    assert.equal((await row(db, Number(early))).status, 4)
  })

  test(`what others have of a key is left out of its limit (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { ...ELSEWHERE, shard_key: 'full' }, { ...ELSEWHERE, shard_key: 'full' })
    await insert(db, { ...ELSEWHERE, shard_key: 'half' }, { ...ELSEWHERE, shard_key: 'other', queue: 'other' })
    for (const shard_key of ['full', 'half', 'other', 'free']) await insert(db, ...new Array(3).fill({ shard_key }))

    assert.deepEqual(counts(await claimSome(db, { turns: turnsOf(2) })), { half: 1, other: 2, free: 2 })
  })

  test(`of two claims at the same moment one gives back what is too many (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const ids = await insert(db, ...new Array(6).fill({ shard_key: 'a' }))
    const second = await open()
    const others = { filter: { fromId: Number(ids[3]) } } // other rows than ours: neither loses the race for one
    let hasRun = false
    const late = watched(db, {
      run: async (sql) => {
        if (hasRun || !sql.includes('claim_token')) return
        hasRun = true
        assert.equal((await claimSome(second, { turns: turnsOf(2), workerId: 8, ...others })).length, 2)
      },
    })

    const ours = await claimSome(late, { turns: turnsOf(2), workerId: 9 })

    assert.equal(hasRun, true)
    assert.deepEqual(ours, [])
    const [found] = await db.all<{ n: number }>('SELECT COUNT(*) AS n FROM queue WHERE status = 2')
    assert.equal(Number(found?.n), 2)
  })

  test(`tasks with and without a key have half of a claim each (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 200, { shard_key: null, bucket: 3 })
    for (let i = 0; i < 50; i++) await insert(db, { shard_key: `key-${i}` })
    const turns = turnsOf(1)

    const first = await claimSome(db, { turns, limit: 20 })

    assert.equal(first.length, 20)
    assert.equal(first.filter(({ shardKey }) => shardKey === null).length, 10)
  })

  test(`a task without a key is found behind thousands that have one (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 6_000, { shard_key: 'a', bucket: 7 })
    const [id] = await insert(db, { shard_key: null, bucket: 7, priority: 0 })
    const turns = turnsOf(1)
    const found: number[] = []

    for (let i = 0; i < 200 && !found.includes(Number(id)); i++) {
      found.push(...(await claimedIds(db, { turns, limit: 4 })))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }

    assert.ok(found.includes(Number(id)))
  })

  test(`ten thousand keys are gone through once each, a claim at a time (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const marks = new Array(1_000).fill("('program', ?, ?)").join(', ')
    for (let from = 0; from < 10_000; from += 1_000) {
      const values = Array.from({ length: 1_000 }, (_, i) => [`key-${from + i}`, (from + i) % 60]).flat()
      await db.run(`INSERT INTO queue (task, shard_key, bucket) VALUES ${marks}`, values)
    }
    const turns = turnsOf(2)
    const keys = new Set<string>()
    let claims = 0

    for (let tasks = await claimSome(db, { turns, limit: 500 }); tasks.length > 0; claims++) {
      for (const { shardKey } of tasks) keys.add(shardKey ?? '')
      tasks = await claimSome(db, { turns, limit: 500 })
    }

    assert.equal(keys.size, 10_000)
    assert.ok(claims <= 25, `${claims} claims`)
  })

  test(`keys that differ in blanks at their ends share a limit (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, ...['a', 'a ', 'a', 'a  '].map((shard_key) => ({ shard_key })))

    assert.equal((await claimSome(db, { turns: turnsOf(2) })).length, 2)
  })

  test(`with a filter or a pause, keys take turns over what is left (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const shard_key of ['a', 'b']) await insertMany(db, 40, { shard_key, bucket: 1 })
    const wanted = await insert(db, ...['a', 'b', 'b'].map((shard_key) => ({ shard_key, bucket: 1, task: 'wanted' })))

    const found = await claimedIds(db, { turns: turnsOf(2), filter: { task: 'wanted' } })

    assert.deepEqual(found.toSorted(ascending), wanted)
  })

  test(`a claim that is given back is counted no more (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, {}, {}, {})
    const others = await claimSome(db, { turns: turnsOf(2), workerId: 8 })
    assert.deepEqual(await claimSome(db, { turns: turnsOf(2), workerId: 9 }), [])

    await giveBack(db, others.slice(0, 1), PATIENCE_MS)

    assert.equal((await claimSome(db, { turns: turnsOf(2), workerId: 9 })).length, 1)
  })

  test(`a claim reads a page of each key from its index, and sorts nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertMany(db, 20_000, { shard_key: 'a', bucket: 7 })
    await insertMany(db, 5_000, { shard_key: 'b', bucket: 7, status: 4, attempts: 1 })
    await insertMany(db, 100, { shard_key: 'c', bucket: 8 })
    const statements: [string, readonly Value[]][] = []
    const all = (sql: string, values: readonly Value[]) => void statements.push([sql, values])

    await claimSome(watched(db, { all }), { turns: turnsOf(1) })

    const pages = statements.filter(([sql]) => sql.includes('queue_share'))
    assert.ok(pages.length > 0)
    for (const [sql, values] of pages) {
      if (db.dialect.ddl === 'sqlite') {
        const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
        const reads = plan.map(({ detail }) => detail).filter((detail) => /\bqueue\b/.test(detail))
        for (const detail of reads)
          assert.match(detail, /^SEARCH queue USING INDEX queue_share \(queue=\? AND bucket=\? AND ready_key>\?\)/)
        assert.ok(reads.length > 0 && !plan.some(({ detail }) => detail.includes('TEMP B-TREE')))
      } else {
        const plan = await db.all<Record<string, string | number>>(`ANALYZE ${sql}`, values)
        const reads = plan.filter(({ table }) => table === 'queue')
        assert.ok(reads.length > 0)
        for (const { key, Extra, r_rows } of reads) {
          assert.equal(key, 'queue_share')
          assert.match(String(Extra), /Using index/)
          assert.doesNotMatch(String(Extra), /filesort|temporary/)
          assert.ok(Number(r_rows ?? 0) <= 128, `${r_rows} rows`)
        }
      }
    }
  })
}

function turnsOf(perKey: number): Turns {
  return new KeysInTurn(perKey).turns
}

function counts(tasks: readonly { readonly shardKey: string | null }[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const { shardKey } of tasks) found[shardKey ?? ''] = (found[shardKey ?? ''] ?? 0) + 1
  return found
}

function ascending(a: number, b: number): number {
  return a - b
}

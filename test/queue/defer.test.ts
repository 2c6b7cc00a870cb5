/** Rows that a producer left ready with their time to come: how many statements it takes to be rid of them, and what waits meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../src/queue/driver.ts'
import { KeysInTurn } from '../../src/worker/keys-in-turn.ts'
import { DATABASES } from '../helpers/databases.ts'
import { A_MINUTE_MS, claimedIds, insert, insertMany, watched } from './lane-rows.ts'
import { claimSome, openStore } from './stores.ts'

const MANY = 12_000
const KEYS = ['a', 'b', 'c']
/** As long as a claim may set rows aside, and more. */
const TOO_LONG_MS = 400

for (const database of DATABASES) {
  for (const [mode, keys] of Object.entries({ lanes: [null], turns: KEYS })) {
    test(`many rows that are not due take few statements, where there are ${mode} (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      await insertEarly(db, MANY, keys)
      const [ready] = await insert(db, { shard_key: keys[0] ?? null })
      const { turns } = new KeysInTurn(2)
      let statements = 0
      const counted = watched(db, { run: () => statements++, all: () => statements++ })

      const claimed: number[] = []
      do {
        claimed.push(...(await claimedIds(counted, { limit: 10, ...(mode === 'turns' && { turns }) })))
      } while ((await countOf(db, 0)) > 0)

      assert.deepEqual(claimed, [ready])
      assert.equal(await countOf(db, 4), MANY)
      assert.ok(statements < MANY / 30, `${statements} statements`)
    })
  }

  test(`what was added behind them is claimed while there are more of them (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertEarly(db, MANY, [null])
    const ready = await insert(db, { shard_key: null }, { shard_key: null, priority: 7 })
    const slow = watched(db, { run: (sql) => sql.includes('status = 4') && sleep(TOO_LONG_MS) })
    let isToldOfMore = false

    const claimed = await claimedIds(slow, {
      onSetAside: () => {
        isToldOfMore = true
      },
    })

    assert.deepEqual(claimed, ready)
    assert.ok((await countOf(db, 0)) > MANY / 2)
    assert.ok(isToldOfMore)
    assert.deepEqual(await claimedIds(slow), [], 'it does not search on behind them')
  })

  test(`they are set aside also behind rows that cannot be claimed (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { status: 4, attempts: 1, run_at: A_MINUTE_MS, shard_key: 'busy' })
    await insertMany(db, 200, { shard_key: 'busy', bucket: 7 })
    await insertEarly(db, MANY, [null])
    const [ready] = await insert(db, { shard_key: null })

    const claimed: number[] = []
    while ((await countOf(db, 0)) > 200) claimed.push(...(await claimedIds(db)))

    assert.deepEqual(claimed, [ready])
    assert.equal(await countOf(db, 4), MANY + 1)
  })

  test(`rows that are due stay ready among those that are not (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertEarly(db, 300, [null])
    await insertMany(db, 100, { bucket: 5 })
    await insertEarly(db, 300, [null])

    const claimed: string[] = []
    while ((await countOf(db, 0)) > 0) claimed.push(...(await claimSome(db, { limit: 10 })).map(({ task }) => task))

    assert.deepEqual(claimed, new Array(100).fill('program'))
    assert.equal(await countOf(db, 4), 600)
  })
}

/** By keys in turn. */
async function insertEarly(db: Driver, count: number, keys: readonly (string | null)[]): Promise<void> {
  for (const [i, key] of keys.entries())
    await insertMany(db, count / keys.length, { task: 'early', ...(key !== null && { shard_key: key, bucket: i }) })
  await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE task = 'early'`, [60 * A_MINUTE_MS])
}

async function countOf(db: Driver, status: number): Promise<number> {
  const [found] = await db.all<{ count: number }>('SELECT COUNT(*) AS count FROM queue WHERE status = ?', [status])
  return Number(found?.count)
}

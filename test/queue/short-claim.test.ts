/** The short claim: it claims what the long way would, in one statement, or leaves all as it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketsOf } from '../../src/queue/bucket.ts'
import type { Driver } from '../../src/queue/driver.ts'
import { FEW } from '../../src/queue/store/look.ts'
import { shortClaim } from '../../src/queue/store/short-claim.ts'
import { Returns } from '../../src/worker/returns.ts'
import { seededRandom } from '../fault/seeded-random.ts'
import { DATABASES } from '../helpers/databases.ts'
import { entriesRead } from './entries-read.ts'
import { A_MINUTE_MS, claimedIds, insert, insertMany, watched } from './lane-rows.ts'
import { ALL_BUCKETS, openStore, row } from './stores.ts'

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const ROUNDS = 100
const PLAIN = { shard_key: null, bucket: 7 }
const ONE = { queue: 'default', buckets: ALL_BUCKETS, workerId: 1, expectsOne: true }

for (const database of DATABASES) {
  test(`whoever expects one row gets the rows that everybody gets (${database.name})`, async (t) => {
    t.diagnostic(`seed ${SEED}`)
    const { db } = await openStore(t, database)
    const random = seededRandom(SEED)
    for (let round = 0; round < ROUNDS; round++) {
      await db.run('DELETE FROM queue')
      const rows = Array.from({ length: random.below(4) }, () => ({
        shard_key: random.oneOf([null, 'a']),
        bucket: random.below(60),
        priority: random.below(3) - 1,
        status: random.oneOf([0, 0, 2, 4, 6]),
        run_at: random.oneOf([-A_MINUTE_MS, -A_MINUTE_MS, -A_MINUTE_MS, A_MINUTE_MS]),
        attempts: random.oneOf([0, 65_535]),
      }))
      const ours = await insert(db, ...rows)
      const twins = await insert(db, ...rows.map((columns) => ({ ...columns, queue: 'twin' })))
      const total = random.oneOf([1, 1, 1, 2])
      const request = { buckets: bucketsOf(total, [random.below(total)]) }

      const claimed = await claimedIds(db, { ...request, expectsFew: true, expectsOne: true })

      const expected = await claimedIds(db, { ...request, queue: 'twin' })
      assert.deepEqual(
        claimed.map((id) => ours.indexOf(id)),
        expected.map((id) => twins.indexOf(id)),
        `SEED=${SEED}, round ${round}`,
      )
      for (const [i, id] of ours.entries()) assert.deepEqual(await stateOf(db, id), await stateOf(db, twins[i] ?? 0))
    }
  })

  test(`of many that expect one row, one gets it (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const workers = await Promise.all(Array.from({ length: 6 }, open))
    for (let round = 0; round < ROUNDS; round++) {
      const [id] = await insert(db, PLAIN)

      const claimed = await Promise.all(
        workers.map((worker, i) => claimedIds(worker, { workerId: i + 1, expectsFew: true, expectsOne: true })),
      )

      assert.deepEqual(claimed.flat(), [id])
    }
  })

  test(`a claim of which the answer was lost is given back, also when it comes later (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [id = 0] = await insert(db, PLAIN)
    const tokens: number[] = []
    const deaf = losingAnswers(db)

    const claimed = await claimedIds(deaf, { expectsOne: true, onUnsure: (token) => tokens.push(token) })
    if (db.dialect.compound === undefined) return assert.deepEqual([claimed, tokens], [[id], []])
    assert.deepEqual([claimed, tokens.length, (await row(db, id)).status], [[], 1, 2])

    const returns = new Returns(db, 1)
    returns.addUnsure(tokens[0] ?? 0)
    assert.equal(returns.count, 1)
    await returns.giveBack()
    assert.deepEqual([returns.count, await stateOf(db, id)], [0, { status: 0, attempts: 0 }])

    await db.run('UPDATE queue SET status = 2, worker_id = 1, claim_token = ?, attempts = 1', [tokens[0] ?? 0])
    await returns.giveBack()
    assert.equal((await row(db, id)).status, 2) // not asked again at once
    await sleep(2_100)
    assert.equal(returns.count, 1)
    await returns.giveBack()
    assert.deepEqual(await stateOf(db, id), { status: 0, attempts: 0 })
  })

  test(`one statement claims one row, or finds that there is none (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    if (db.dialect.compound === undefined) return assert.equal((await shortClaim(db, ONE)).claimed, undefined)
    const asked: string[] = []
    const told: string[] = []
    const watching = watched(db, { all: (sql) => asked.push(sql), run: (sql) => asked.push(sql) })
    const request = { expectsOne: true, onAll: () => told.push('all'), onLooked: () => told.push('looked') }
    const [id] = await insert(db, { ...PLAIN, param: 'uid=5' })

    assert.deepEqual(await claimedIds(watching, request), [id])
    assert.deepEqual(await claimedIds(watching, request), [])

    assert.deepEqual([asked.length, told], [2, ['looked', 'all', 'looked']])
  })

  test(`what it cannot do it leaves alone, and is not asked twice for what is refused (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, PLAIN, PLAIN)
    const turns = { perKey: 1 }

    for (const more of [{ expectsOne: false }, { filter: { task: 'program' } }, { turns }, { pauses: [{}] }, {}])
      assert.equal((await shortClaim(db, { ...ONE, ...more })).claimed, undefined)
    assert.equal((await db.all('SELECT id FROM queue WHERE status = 0')).length, 2)
    if (db.dialect.compound === undefined) return

    let refused = 0
    const refusing = watched(db, {
      all: () => {
        refused++
        throw Object.assign(new Error('You have an error in your SQL syntax'), { errno: 1064 })
      },
    })
    for (let i = 0; i < 2; i++) assert.equal((await shortClaim(refusing, ONE)).claimed, undefined)
    assert.equal(refused, 1)
  })

  test(`it reads a few entries, whatever there is (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    if (db.dialect.compound === undefined) return
    const claimsOne = (counted: Driver) => shortClaim(counted, ONE)
    for (const status of [1, 2, 3, 5, 6])
      await insertMany(db, 1_000, { ...PLAIN, status, worker_id: 9, claim_token: 5 })
    await insertMany(db, 1_000, { ...PLAIN, queue: 'other' })

    assert.ok((await entriesRead(db, claimsOne)) <= 4)
    await insertMany(db, 1, PLAIN)
    assert.ok((await entriesRead(db, claimsOne)) <= 8)
    await insertMany(db, 3_000, PLAIN)
    assert.ok((await entriesRead(db, claimsOne)) <= 2 * FEW + 8) // of the index, and the rows behind it
  })
}

async function stateOf(db: Driver, id: number) {
  const { status, attempts } = await row(db, id)
  return { status, attempts }
}

/** A short claim is carried out, and nobody hears of it. */
function losingAnswers(db: Driver): Driver {
  return Object.create(db, {
    dialect: { get: () => db.dialect },
    run: { value: db.run.bind(db) },
    all: {
      value: async (sql: string, values: readonly (string | number | null)[]) => {
        const rows = await db.all(sql, values)
        if (!sql.startsWith('BEGIN NOT ATOMIC')) return rows
        throw Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })
      },
    },
  }) as Driver
}

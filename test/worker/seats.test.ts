import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { openDriver } from '../../src/queue/url.ts'
import { takeSeats } from '../../src/worker/seats.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'
import { openStore } from '../queue/stores.ts'
import { TERMS } from './a-lease.ts'

const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

for (const database of DATABASES) {
  test(`seats are taken, held from then on, and left without a trace (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)

    const seats = await takeSeats(db, 'mail', 3, [0, 2], TERMS)

    assert.deepEqual([seats.shards, seats.taken, seats.isHeld], [[0, 2], [], true])
    assert.equal((await db.all('SELECT id FROM worker')).length, 2)
    await seats.leave(true)
    assert.deepEqual(await db.all('SELECT id FROM worker'), [])
  })

  test(`nobody has a seat beside a worker of the queue that goes by another rule for keys (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const lanes = await takeSeats(db, 'mail', 2, [0], TERMS)

    const inTurn = await takeSeats(db, 'mail', 2, [1], { ...TERMS, perKey: 2 })
    const elsewhere = await takeSeats(db, 'other', 2, [1], { ...TERMS, perKey: 2 })

    assert.deepEqual([inTurn.shards, inTurn.otherRule?.shard, inTurn.otherRule?.perKey], [[], 0, undefined])
    assert.deepEqual([elsewhere.shards, elsewhere.otherRule], [[1], undefined])
    await lanes.leave(true)
    const now = await takeSeats(db, 'mail', 2, [0, 1], { ...TERMS, perKey: 2 })
    assert.deepEqual([now.shards, now.otherRule], [[0, 1], undefined])
    assert.equal((await takeSeats(db, 'mail', 3, [0], { ...TERMS, perKey: 3 })).otherRule?.perKey, 2)
  })

  test(`who leaves something to be cleared up stays in the table (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const seats = await takeSeats(db, 'mail', 3, [0], TERMS)

    await seats.leave(false)

    assert.equal((await db.all('SELECT id FROM worker')).length, 1)
  })
}

for (const part of ['request', 'reply'] as const) {
  test(`a seat whose ${part} is lost on the way is taken once, and it is ours`, { skip }, async (t) => {
    const { db, through, proxy } = await proxied(t)
    const lost = part === 'request' ? proxy.loseRequest('INTO worker') : proxy.loseReply('INTO worker')

    const seats = await takeSeats(through, 'mail', 3, [0, 1], TERMS)

    await lost
    assert.deepEqual([seats.shards, seats.taken], [[0, 1], []])
    const rows = await db.all<{ id: number }>('SELECT id FROM worker ORDER BY id')
    assert.deepEqual([rows.length, Number(rows[0]?.id)], [2, seats.workerId])
  })
}

async function proxied(t: TestContext): Promise<{ db: Driver; through: Driver; proxy: DatabaseProxy }> {
  const { db, url } = await openStore(t, mariadb as Database)
  const proxy = await startProxy(t, url)
  const through = await openDriver(proxy.url, '/')
  afterwards(t, () => through.close())
  return { db, through, proxy }
}

/** A claim rehearsed on a database that does as it is told, and on those that do not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver, Executor } from '../../src/queue/driver.ts'
import { REHEARSAL_QUEUE, rehearse } from '../../src/queue/store/rehearsal.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore } from './stores.ts'

for (const database of DATABASES) {
  test(`of two claims one wins, a stale write changes nothing, and no row is left (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const second = await open()

    const rehearsed = await rehearse(db, second)

    const { seesCommitted, ...rest } = rehearsed
    assert.deepEqual(rest, { claims: 1, lostUpdate: false, zoneShiftMs: 0 })
    assert.equal(seesCommitted, database.name === 'sqlite' ? undefined : true)
    assert.deepEqual(await db.all('SELECT id FROM queue'), [])
  })

  test(`where the guard of a write gets lost, both claims win (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const second = await open()

    const unguarded = await rehearse(db, rewriting(second, /status = 0 AND (?=run_at)/g))
    const unnamed = await rehearse(db, rewriting(second, /AND claim_token = given\.token/g))

    assert.equal(unguarded.claims, 2)
    assert.equal(unnamed.lostUpdate, true)
    assert.deepEqual(await db.all('SELECT id FROM queue'), [])
  })

  test(`what a rehearsal that was killed left is removed by the next (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const old = db.dialect.fromNow('-120000')
    await db.run(`INSERT INTO queue (task, queue, ctime) VALUES ('rehearsal', ?, ${old})`, [REHEARSAL_QUEUE])

    await rehearse(db, await open())

    assert.deepEqual(await db.all('SELECT id FROM queue'), [])
  })
}

const server = DATABASES.find(({ name }) => name === 'mariadb')

test('a column that is no TIMESTAMP shifts in another zone', { skip: server === undefined }, async (t) => {
  assert.ok(server)
  const { db, open } = await openStore(t, server)
  await db.run('ALTER TABLE queue MODIFY COLUMN run_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)')

  const { zoneShiftMs } = await rehearse(db, await open())

  assert.equal(zoneShiftMs, -5.5 * 3_600_000)
})

/** As a proxy would that takes something out of every write: the values of what is gone are left out as well. */
function rewriting(db: Driver, out: RegExp): Driver {
  const through = (executor: Executor): Executor => ({
    all: (sql, values) => executor.all(sql, values),
    run: (sql, values = []) => {
      const text = /\bUPDATE\b/.test(sql) ? sql.replaceAll(out, '') : sql
      return executor.run(text, values.slice(0, text.split('?').length - 1))
    },
  })
  return {
    dialect: db.dialect,
    ...through(db),
    transaction: (work, options) => db.transaction((tx) => work(through(tx)), options),
    close: () => db.close(),
  }
}

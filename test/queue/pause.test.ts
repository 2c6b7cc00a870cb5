import assert from 'node:assert/strict'
import test from 'node:test'
import { addPause, removeOverPauses } from '../../src/queue/store/pause.ts'
import { addStop, EVERY, holds, removeStops, stopInForce, stops } from '../../src/queue/store/stop.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore, PATIENCE_MS } from './stores.ts'

const MAIL = { job: 'mail', host: EVERY }
const ANA = { by: 'ana@web-1', reason: null, until: null }

for (const database of DATABASES) {
  test(`a pause tells by whom, why, since and until when, and is no stop (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const before = await databaseNow(db)
    const until = before + 3_600_000

    const { pause } = await addPause(db, MAIL, { by: 'ana@web-1', reason: 'disk “swap”', until }, PATIENCE_MS)

    const { since, ...rest } = pause
    assert.deepEqual(rest, { kind: 'pause', ...MAIL, by: 'ana@web-1', reason: 'disk “swap”', until })
    assert.ok(since >= before && since <= (await databaseNow(db)))
    assert.deepEqual(await stops(db), [pause])
    assert.deepEqual([holds(pause, 'mail', 'web-2'), holds(pause, 'report', 'web-2')], [true, false])
    assert.equal(await stopInForce(db, 'mail', 'web-1'), undefined, 'workers work on')
  })

  test(`of two pauses of the same job the last word holds (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const first = await addPause(db, MAIL, { ...ANA, reason: 'disk swap' }, PATIENCE_MS)

    const second = await addPause(db, MAIL, { by: 'ben@web-2', reason: null, until: null }, PATIENCE_MS)

    assert.equal(first.before, undefined)
    assert.deepEqual(second.before, first.pause)
    assert.deepEqual([second.pause.by, second.pause.reason], ['ben@web-2', undefined])
    assert.deepEqual(await stops(db), [second.pause])
  })

  test(`a pause whose time has come is not in force, and its row can go (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const now = await databaseNow(db)
    const lasting = await addPause(db, { job: 'report', host: EVERY }, { ...ANA, until: now + 3_600_000 }, PATIENCE_MS)
    await addPause(db, MAIL, { ...ANA, until: now }, PATIENCE_MS)
    await addStop(db, { job: EVERY, host: 'web-9' }, 'ana@web-1', PATIENCE_MS)
    const names = async () =>
      (await db.all<{ name: string }>("SELECT name FROM setting WHERE name LIKE '%@%' ORDER BY name")).map(
        ({ name }) => name,
      )

    const inForce = await stops(db)
    const before = await names()
    await removeOverPauses(db)

    assert.deepEqual(inForce.map(({ kind, job }) => `${kind} ${job}`).toSorted(), ['pause report', 'stop *'])
    assert.deepEqual(before, ['pause:mail@*', 'pause:report@*', 'stop:*@web-9'])
    assert.deepEqual(await names(), ['pause:report@*', 'stop:*@web-9'])
    const again = await addPause(db, MAIL, ANA, PATIENCE_MS)
    assert.equal(again.before, undefined)
    await removeStops(db, [again.pause, lasting.pause], PATIENCE_MS)
    assert.deepEqual(await names(), ['stop:*@web-9'])
  })

  test(`a pause that was written by hand may hold a name only (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)

    await db.run('INSERT INTO setting (name, value) VALUES (?, ?)', ['pause:mail@web-1', 'ana'])

    const [pause] = await stops(db)
    assert.deepEqual([pause?.kind, pause?.by, pause?.job, pause?.host], ['pause', 'ana', 'mail', 'web-1'])
  })
}

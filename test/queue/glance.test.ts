import assert from 'node:assert/strict'
import test from 'node:test'
import { SCHEMA_VERSION } from '../../src/queue/schema-version.ts'
import { glance } from '../../src/queue/store/glance.ts'
import { changeIncident } from '../../src/queue/store/incident.ts'
import { takeSeat } from '../../src/queue/store/seat.ts'
import { insertSlots } from '../../src/queue/store/slot.ts'
import { writeTick } from '../../src/queue/store/tick-row.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore } from './stores.ts'

const SELF = { host: 'web-1', bootId: 'boot', pid: 7, pidStart: 7 }
const TERMS = { job: 'mail', stateDirectory: '/srv', retry: '', crash: 'retry', timeoutMs: null } as const

for (const database of DATABASES) {
  test(`at a glance nothing is under way (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await writeTick(db, { host: 'web-1', minute: 60_000, plan: 'abc' })
    await changeIncident(db, 'mail', undefined, JSON.stringify({ open: { event: 'failure' }, pending: [], triedAt: 0 }))

    const { now, tick, ...rest } = await glance(db, 'web-1')

    assert.deepEqual(rest, {
      schemaVersion: SCHEMA_VERSION,
      hasWorkers: false,
      hasOpenSlots: false,
      hasUntold: false,
      hasPausedPrograms: false,
    })
    assert.deepEqual([tick?.minute, tick?.plan], [60_000, 'abc'])
    assert.ok(Math.abs(now - (await databaseNow(db))) < 5_000)
    assert.equal((await glance(db, 'web-2')).tick, undefined)
  })

  test(`at a glance a worker, an open slot and an untold message are seen (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await takeSeat(db, { queue: 'mail', total: 1, shard: 0 }, SELF, TERMS, () => false)
    const slot = { job: 'mail', slotAt: 60_000, place: '', verdict: 'waiting', reason: '', isOpen: true } as const
    await insertSlots(db, db.dialect, [slot], SELF)
    const untold = { pending: [{ message: { event: 'failure' }, left: ['url'], until: 1 }], triedAt: 0 }
    await changeIncident(db, 'mail', undefined, JSON.stringify({ open: undefined, ...untold }))

    const { hasWorkers, hasOpenSlots, hasUntold } = await glance(db, 'web-1')

    assert.deepEqual([hasWorkers, hasOpenSlots, hasUntold], [true, true, true])
  })
}

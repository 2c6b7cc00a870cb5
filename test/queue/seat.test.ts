import assert from 'node:assert/strict'
import test from 'node:test'
import { leaveSeats, renewSeats, seatHolders, takeSeat } from '../../src/queue/store/seat.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore, PATIENCE_MS } from './stores.ts'

const SEAT = { queue: 'mail', total: 4, shard: 1 }
const TERMS = { job: null, stateDirectory: '/srv/shop/.queue', retry: '1m', crash: 'retry', timeoutMs: null } as const
const alive = () => false
const process = (pid: number) => ({ host: 'web-1', bootId: 'boot', pid, pidStart: 7 })

for (const database of DATABASES) {
  test(`a seat has one holder, and the next is told who (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const first = await takeSeat(db, SEAT, process(1), TERMS, alive)

    const second = await takeSeat(db, SEAT, process(2), TERMS, alive)
    const other = await takeSeat(db, { ...SEAT, shard: 2 }, process(2), TERMS, alive)

    assert.equal(first.kind, 'seated')
    assert.equal(second.kind === 'taken' && second.holder.pid, 1)
    assert.equal(other.kind, 'seated')
    assert.deepEqual((await seatHolders(db, 'mail', 4)).map(({ shard }) => shard).toSorted(), [1, 2])
  })

  test(`of many at once one is seated (${database.name})`, async (t) => {
    const { open } = await openStore(t, database)
    const drivers = await Promise.all(Array.from({ length: 5 }, open))

    const seatings = await Promise.all(drivers.map((driver, i) => takeSeat(driver, SEAT, process(i + 1), TERMS, alive)))

    assert.equal(seatings.filter(({ kind }) => kind === 'seated').length, 1)
  })

  test(`the seat of a holder that is gone, or whose lease is over, is free (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await takeSeat(db, SEAT, process(1), TERMS, alive)

    const second = await takeSeat(db, SEAT, process(2), TERMS, (holder) => holder.pid === 1)
    await db.run(`UPDATE worker SET lease_until = ${db.dialect.fromNow('?')} WHERE pid = 2`, [-1])
    const third = await takeSeat(db, SEAT, process(3), TERMS, alive)

    assert.deepEqual([second.kind, third.kind], ['seated', 'seated'])
    assert.equal((await db.all('SELECT id FROM worker')).length, 3)
  })

  test(`a worker that was unseated learns it when it renews (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const first = await takeSeat(db, SEAT, process(1), TERMS, alive)
    assert.ok(first.kind === 'seated')
    assert.deepEqual(await renewSeats(db, [first.workerId], PATIENCE_MS), { held: [first.workerId], leave: undefined })

    await takeSeat(db, SEAT, process(2), TERMS, () => true)

    assert.deepEqual(await renewSeats(db, [first.workerId], PATIENCE_MS), { held: [], leave: undefined })
  })

  test(`a worker that leaves frees its seat and leaves no row (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const seating = await takeSeat(db, SEAT, process(1), TERMS, alive)
    assert.ok(seating.kind === 'seated')

    await leaveSeats(db, [seating.workerId], PATIENCE_MS)

    assert.deepEqual(await db.all('SELECT id FROM worker'), [])
  })
}

import assert from 'node:assert/strict'
import test from 'node:test'
import { renewSeats, takeSeat } from '../../src/queue/store/seat.ts'
import {
  addStop,
  askToLeaveBy,
  countPrograms,
  EVERY,
  removeStops,
  stopInForce,
  stops,
  workersUnder,
} from '../../src/queue/store/stop.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, databaseNow, openStore, PATIENCE_MS, put } from './stores.ts'

const TERMS = { stateDirectory: '/srv/shop/.queue', retry: '1m', crash: 'retry', timeoutMs: null } as const
const ALL = { job: EVERY, host: EVERY }
const alive = () => false
const on = (host: string, pid: number) => ({ host, bootId: 'boot', pid, pidStart: 7 })
const seat = (shard: number) => ({ queue: 'mail', total: 4, shard })

for (const database of DATABASES) {
  const STOPS = [
    { job: 'mail', host: 'web-1', holds: ['mail@web-1'] },
    { job: 'mail', host: EVERY, holds: ['mail@web-1', 'mail@web-2'] },
    { job: EVERY, host: 'web-1', holds: ['mail@web-1', 'other@web-1'] },
    { job: EVERY, host: EVERY, holds: ['mail@web-1', 'mail@web-2', 'other@web-1', 'other@web-2'] },
  ]
  for (const { job, host, holds } of STOPS) {
    test(`a stop of ${job}@${host} holds ${holds.join(', ')} and nothing else (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      const held = async () => {
        const found: string[] = []
        for (const one of ['mail', 'other'])
          for (const where of ['web-1', 'web-2'])
            if ((await stopInForce(db, one, where)) !== undefined) found.push(`${one}@${where}`)
        return found
      }

      await addStop(db, { job, host }, 'ana@web-1', PATIENCE_MS)
      const during = await held()
      await removeStops(db, [{ kind: 'stop', job, host }], PATIENCE_MS)

      assert.deepEqual(during, holds)
      assert.deepEqual(await held(), [])
    })
  }

  test(`a stop tells who asked first and since when, however often it is asked for (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const before = await databaseNow(db)

    const first = await addStop(db, ALL, 'ana@web-1', PATIENCE_MS)
    const second = await addStop(db, ALL, 'ben@web-2', PATIENCE_MS)

    assert.deepEqual([first.isNew, second.isNew], [true, false])
    assert.deepEqual(second.stop, first.stop)
    assert.equal(first.stop.by, 'ana@web-1')
    assert.ok(first.stop.since >= before && first.stop.since <= (await databaseNow(db)))
    assert.deepEqual(await stops(db), [first.stop])
  })

  test(`the other settings of the database are no stops (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)

    assert.deepEqual(await stops(db), [])
    assert.notEqual((await db.all('SELECT name FROM setting')).length, 0)
  })

  test(`a worker process is found once with all its shards, by its job and its host (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const shard of [2, 0]) await takeSeat(db, seat(shard), on('web-1', 1), { ...TERMS, job: 'mail' }, alive)
    await takeSeat(db, seat(1), on('web-1', 2), { ...TERMS, job: null }, alive)
    await takeSeat(db, seat(3), on('web-2', 1), { ...TERMS, job: 'mail' }, alive)
    const found = async (job: string, host: string) =>
      (await workersUnder(db, { job, host })).map((worker) => `${worker.host}:${worker.pid} ${worker.shards}`)

    assert.deepEqual(await found(EVERY, EVERY), ['web-1:1 0,2', 'web-1:2 1', 'web-2:1 3'])
    assert.deepEqual(await found(EVERY, 'web-1'), ['web-1:1 0,2', 'web-1:2 1'])
    assert.deepEqual(await found('mail', EVERY), ['web-1:1 0,2', 'web-2:1 3'])
    assert.deepEqual(await found('mail', 'web-2'), ['web-2:1 3'])
    assert.deepEqual(await found('other', EVERY), [])
  })

  test(`of a worker that lost its seat or its lease that is known (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const pid of [1, 2, 3]) await takeSeat(db, seat(pid), on('web-1', pid), { ...TERMS, job: null }, alive)

    await db.run(`UPDATE worker SET lease_until = ${db.dialect.fromNow('?')} WHERE pid = 2`, [-1])
    await db.run('UPDATE worker SET seat = NULL WHERE pid = 3')

    const workers = await workersUnder(db, ALL)
    assert.deepEqual(
      workers.map(({ pid, leaseOver }) => [pid, leaseOver]),
      [
        [1, false],
        [2, true],
        [3, true],
      ],
    )
  })

  test(`a worker is asked once for each way of leaving, harsher and harsher, and hears of it at its next beat (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const seating = await takeSeat(db, seat(0), on('web-1', 1), { ...TERMS, job: 'mail' }, alive)
    assert.ok(seating.kind === 'seated')
    const [worker] = await workersUnder(db, ALL)
    assert.ok(worker !== undefined && !worker.asked)

    const asked = [
      await askToLeaveBy(db, worker, 'drain', PATIENCE_MS),
      await askToLeaveBy(db, worker, 'drain', PATIENCE_MS),
      await askToLeaveBy(db, worker, 'hand over', PATIENCE_MS),
      await askToLeaveBy(db, worker, 'stop', PATIENCE_MS),
    ]

    assert.deepEqual(asked, [true, false, false, true])
    assert.equal((await workersUnder(db, ALL))[0]?.asked, true)
    assert.deepEqual(await renewSeats(db, [seating.workerId], PATIENCE_MS), {
      held: [seating.workerId],
      leave: 'stop',
    })
  })

  test(`the programs of some workers are counted, and those of others are not (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    for (const pid of [1, 2]) await takeSeat(db, seat(pid), on('web-1', pid), { ...TERMS, job: null }, alive)
    const [first, second] = await workersUnder(db, ALL)
    assert.ok(first !== undefined && second !== undefined)
    await put(db, ...Array.from({ length: 5 }, () => ({ task: 'say' })))
    await claimSome(db, { limit: 3, workerId: first.workerIds[0] ?? 0 })
    await claimSome(db, { limit: 1, workerId: second.workerIds[0] ?? 0 })

    assert.equal(await countPrograms(db, [first]), 3)
    assert.equal(await countPrograms(db, [first, second]), 4)
    assert.equal(await countPrograms(db, []), 0)
  })
}

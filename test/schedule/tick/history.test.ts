import assert from 'node:assert/strict'
import test from 'node:test'
import { tickRows, writeTick } from '../../../src/queue/store/tick-row.ts'
import { History } from '../../../src/schedule/tick/history.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { openStore } from '../../queue/stores.ts'
import { planned } from './tick-place.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const NOW = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
const JOBS = planned({
  one: { when: '@daily', exec: ['true'] },
  each: { when: '@daily', exec: ['true'], hosts: 'each' },
  some: { when: '@daily', exec: ['true'], hosts: ['web-1', 'web-3'] },
})
const options = (minute: number, host = 'web-1', hash = 'h1') => ({ minute, host, hash, isNow: true })

for (const database of DATABASES) {
  test(`how far a job was decided goes by the hosts that may start it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await writeTick(db, { host: 'web-1', minute: NOW - 60 * MINUTE_MS, plan: 'h1' })
    await writeTick(db, { host: 'web-2', minute: NOW - 5 * MINUTE_MS, plan: 'h1' })
    await writeTick(db, { host: 'web-3', minute: NOW - 30 * MINUTE_MS, plan: 'h1' })

    const history = await History.read(db, JOBS, options(NOW))

    const ago = JOBS.map((job) => (NOW - (history.decidedUntil(job) ?? 0)) / MINUTE_MS)
    assert.deepEqual(ago, [5, 60, 30])
  })

  test(`a job is known since it was first seen, or since it is due otherwise (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await History.read(db, JOBS, options(NOW - HOUR_MS))
    const other = planned({ one: { when: '@hourly', exec: ['true'] }, each: { when: '@daily', exec: ['false'] } })

    const history = await History.read(
      db,
      [...other, ...planned({ new: { when: '@daily', queue: 'a' } })],
      options(NOW),
    )

    const [one, each] = other
    const [fresh] = planned({ new: { when: '@daily', queue: 'a' } })
    assert.ok(one && each && fresh)
    assert.deepEqual(
      [one, each, fresh].map((job) => history.knownSince(job)),
      [NOW, NOW - HOUR_MS, NOW],
    )
  })

  test(`a tick is noted, and a clock set back a little does not undo it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const noted = async () => (await tickRows(db)).ticks.map(({ host, minute }) => [host, (minute - NOW) / MINUTE_MS])
    await (await History.read(db, JOBS, options(NOW))).write(db)

    await (await History.read(db, JOBS, options(NOW - HOUR_MS))).write(db)
    assert.deepEqual(await noted(), [['web-1', 0]])

    const back = await History.read(db, JOBS, options(NOW - 5 * HOUR_MS))
    await back.write(db)
    assert.deepEqual(await noted(), [['web-1', -300]])
    assert.match(back.problems.join(), /the clock was set back/)
  })

  test(`a minute that a person names does not take back what was decided (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await (await History.read(db, JOBS, options(NOW))).write(db)

    const named = await History.read(db, JOBS, { ...options(NOW - 24 * HOUR_MS), isNow: false })
    await named.write(db)

    const { ticks } = await tickRows(db)
    assert.deepEqual([ticks[0]?.minute, named.problems], [NOW, []])
  })
}

test('a clock that differs from the database by more than half a minute is told of', async (t) => {
  const [sqlite] = DATABASES
  assert.ok(sqlite)
  const { db } = await openStore(t, sqlite)
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 45_000 })

  const { problems } = await History.read(db, JOBS, options(NOW))

  assert.match(problems.join(), /^The clock of this host is (44|45)s ahead of the database's\. Set both right/)
})

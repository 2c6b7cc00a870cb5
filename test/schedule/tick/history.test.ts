import assert from 'node:assert/strict'
import test from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import type { Driver } from '../../../src/queue/driver.ts'
import { slotsOf } from '../../../src/queue/store/read-slot.ts'
import { insertSlots } from '../../../src/queue/store/slot.ts'
import { type KnownJob, knownJobs, noteJobs, tickRows, writeTick } from '../../../src/queue/store/tick-row.ts'
import { History } from '../../../src/schedule/tick/history.ts'
import { spreadOf } from '../../../src/schedule/tick/look-back.ts'
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

  test(`a host of another schedule does not say how far a job was decided (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await writeTick(db, { host: 'web-1', minute: NOW - 60 * MINUTE_MS, plan: 'h1' })
    await writeTick(db, { host: 'web-2', minute: NOW - 5 * MINUTE_MS, plan: 'before' })
    const [one] = JOBS
    assert.ok(one)

    const history = await History.read(db, JOBS, options(NOW))
    const newcomer = await History.read(db, JOBS, options(NOW, 'web-9', 'next'))

    assert.equal(history.decidedUntil(one), NOW - 60 * MINUTE_MS)
    assert.equal(newcomer.decidedUntil(one), NOW - 5 * MINUTE_MS)
    assert.equal(history.isShared, false)
    await db.run(`UPDATE setting SET mtime = ${db.dialect.fromNow('?')} WHERE name = 'tick:web-2'`, [-25 * HOUR_MS])
    assert.equal((await History.read(db, JOBS, options(NOW))).isShared, true, 'web-2 is out of service')
  })

  test(`a clock that is set back is followed, and what it decided for the time to come is forgotten (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const noted = async () => (await tickRows(db)).ticks.map(({ host, minute }) => [host, (minute - NOW) / MINUTE_MS])
    const ahead = options(NOW + 5 * HOUR_MS)
    await writeTick(db, { host: 'web-1', minute: ahead.minute, plan: 'h1' })
    const slots = (['missed', 'empty', 'started'] as const).map((verdict, i) => {
      return { job: verdict, slotAt: NOW + i * HOUR_MS, place: '', verdict, reason: '', isOpen: false }
    })
    const past = {
      job: 'past',
      slotAt: NOW - HOUR_MS,
      place: '',
      verdict: 'missed',
      reason: '',
      isOpen: false,
    } as const
    await insertSlots(db, db.dialect, [past, ...slots], ownIdentity())

    const back = await History.read(db, JOBS, options(NOW))
    await back.forgetFuture(db)
    await back.write(db)

    assert.deepEqual(await noted(), [['web-1', 0]])
    assert.match(back.problems.join(), /the clock was set back/)
    assert.deepEqual((await slotsOf(db, {}, 10)).map(({ job }) => job).toSorted(), ['past', 'started'])
  })

  test(`a job is not known since a time that is to come (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [one] = JOBS
    assert.ok(one)
    await noteJobs(db, await knownAt(db, NOW + 24 * HOUR_MS))

    const named = await History.read(db, JOBS, { ...options(NOW), isNow: false })
    assert.equal(named.knownSince(one), NOW + 24 * HOUR_MS, 'a minute that a person names proves nothing')
    assert.equal((await History.read(db, JOBS, options(NOW))).knownSince(one), NOW)
    assert.deepEqual(new Set((await knownJobs(db)).map(({ since }) => since)), new Set([NOW]))
  })

  test(`a job whose spread is taken away looks back to the slots that were to be started later (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [spread] = planned({ one: { when: '@daily', exec: ['true'], spread: '60m' } })
    const [at] = planned({ one: { when: '@daily', exec: ['true'] } })
    assert.ok(spread && at)
    await (await History.read(db, [spread], options(NOW - MINUTE_MS))).write(db)

    const changed = await History.read(db, [at], options(NOW, 'web-1', 'h2'))
    await changed.write(db)
    const next = await History.read(db, [at], options(NOW + MINUTE_MS, 'web-1', 'h2'))

    const share = spreadOf(spread, 'web-1')
    assert.ok(share > 0)
    assert.equal(changed.decidedUntil(at), NOW - MINUTE_MS - share)
    assert.equal(changed.knownSince(at), NOW - MINUTE_MS)
    assert.equal(next.decidedUntil(at), NOW)
  })

  test(`a host that is ahead decides what has come by the database's clock (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 72 * HOUR_MS })
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS

    const ahead = await History.read(db, JOBS, options(minute))
    const named = await History.read(db, JOBS, { ...options(minute), isNow: false })

    assert.equal(ahead.minute, minute - 72 * HOUR_MS)
    assert.ok(Math.abs(ahead.now - (Date.now() - 72 * HOUR_MS)) < 10_000)
    assert.equal(named.minute, minute)
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

  assert.match(problems.join(), /^The clock of this host is (44|45)s ahead of the database's, .* Set both right/)
})

/** The jobs as a tick has noted them, since another time. */
async function knownAt(db: Driver, since: number): Promise<KnownJob[]> {
  await History.read(db, JOBS, options(NOW))
  return (await knownJobs(db)).map((job) => ({ ...job, since }))
}

/** Leases of a second and a half, in the proportions of those of a minute. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../../src/queue/driver.ts'
import { harshness } from '../../src/queue/leave-how.ts'
import { takeSeat } from '../../src/queue/store/seat.ts'
import { openDriver } from '../../src/queue/url.ts'
import { moment } from '../../src/time/moment.ts'
import { Lease, type LeaseEvents } from '../../src/worker/lease.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startProgram, waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'
import { openStore } from '../queue/stores.ts'
import { SELF, TERMS } from './a-lease.ts'

const LEASE_MS = 1_500
const MARGIN_MS = LEASE_MS / 12
const TWO_BEATS_MS = LEASE_MS / 2
const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

// Each waits most of the time.
describe('a lease', { concurrency: true }, () => {
  for (const database of DATABASES) {
    test(`a lease that is renewed goes on, and nothing is said (${database.name})`, async (t) => {
      const { lease, said } = await leased(t, database)

      await sleep(2 * LEASE_MS)

      assert.equal(lease.isHeld, true)
      assert.deepEqual(said, [])
    })

    test(`a seat that was given to another is lost for good, and said once (${database.name})`, async (t) => {
      const { db, lease, said, workerId } = await leased(t, database)

      await db.run('UPDATE worker SET seat = NULL WHERE id = ?', [workerId])
      await waitFor(() => said.length > 0, { what: 'the loss' })
      await db.run("UPDATE worker SET seat = 'mail/1/0' WHERE id = ?", [workerId])
      await sleep(LEASE_MS)

      assert.deepEqual(said, ['lost: another worker was given the shard'])
      assert.equal(lease.isHeld, false)
    })

    test(`a worker that is asked to leave is told once for each way of leaving (${database.name})`, async (t) => {
      const { db, lease, said } = await leased(t, database)

      await db.run(`UPDATE worker SET drain_at = ${db.dialect.now}`) // as an older version asks
      await waitFor(() => said.length > 0, { what: 'the word to leave' })
      await sleep(LEASE_MS / 2)
      await db.run('UPDATE worker SET leave_how = ?', [harshness('kill')])
      lease.look()
      await waitFor(() => said.length > 1, { what: 'the harsher word' })

      assert.deepEqual(said, ['stop', 'kill'])
      assert.equal(lease.isHeld, true)
    })
  }

  test('a silent database: programs are asked to end so early that they are dead before the lease ends', {
    skip,
  }, async (t) => {
    const graceMs = 250
    const { proxy, lease, said, cutOffs } = await behindProxy(t, graceMs)
    const silentAt = performance.now()

    proxy.silence()
    const { at, withinMs } = await waitFor(() => cutOffs[0], { what: 'the cut-off' })

    // At most one beat had passed when it fell silent.
    assert.ok(at - silentAt >= LEASE_MS - MARGIN_MS - graceMs - LEASE_MS / 4 - 50, `${at - silentAt} ms`)
    assert.ok(at + withinMs <= silentAt + LEASE_MS - MARGIN_MS + 20)
    assert.ok(withinMs > graceMs / 2 && withinMs <= graceMs, `within ${withinMs} ms`)
    assert.equal(lease.isHeld, false)
    assert.match(said.join(), /^cut off: not renewed for \d+s$/)
  })

  test('a long grace is cut, and never before two beats were missed', { skip }, async (t) => {
    const { proxy, cutOffs } = await behindProxy(t, 600_000)
    const silentAt = performance.now()

    proxy.silence()
    const { at, withinMs } = await waitFor(() => cutOffs[0], { what: 'the cut-off' })

    assert.ok(at - silentAt >= TWO_BEATS_MS - LEASE_MS / 4 - 50, `${at - silentAt} ms`)
    assert.ok(withinMs > 0 && withinMs <= LEASE_MS - MARGIN_MS - TWO_BEATS_MS + 1, `within ${withinMs} ms`)
  })

  test('a database that answers again gives the lease back, once', { skip }, async (t) => {
    const { proxy, lease, said, cutOffs } = await behindProxy(t, 250)
    await proxy.refuse()
    proxy.cut()
    await waitFor(() => cutOffs.length > 0, { what: 'the cut-off' })

    await proxy.heal()
    await waitFor(() => said.length > 1, { what: 'the lease to be back' })
    assert.equal(lease.isHeld, true)
    await sleep(LEASE_MS)

    assert.match(
      said.join(),
      /^cut off: not renewed for \d+s: The database at .+ cannot be reached \(.+\)\. [^,]+,back$/,
    )
  })

  test('an answer that takes most of a lease renews too little to go on with', { skip }, async (t) => {
    const { proxy, lease, said, renewals, cutOffs } = await behindProxy(t, 250)
    await waitFor(() => renewals.length > 0, { what: 'a renewal' })

    proxy.delay(0.28 * LEASE_MS) // four times, and still within the second that an answer may take
    await waitFor(() => cutOffs.length > 0, { what: 'the cut-off' })
    await sleep(2 * LEASE_MS)

    assert.equal(said.length, 1, said.join())
    assert.equal(lease.isHeld, false)
    await proxy.heal()
    await waitFor(() => said.includes('back'), { what: 'the lease to be back' })
  })

  test('a renewal counts from when it was asked for, however late the answer', { skip }, async (t) => {
    const { proxy, renewals, cutOffs } = await behindProxy(t, 250)

    proxy.delay(LEASE_MS / 24) // four times to and fro
    const until = await waitFor(() => renewals[0], { what: 'a renewal' })
    proxy.silence()
    const { at, withinMs } = await waitFor(() => cutOffs[0], { what: 'the cut-off' })

    assert.ok(performance.timeOrigin + at + withinMs <= until - MARGIN_MS + 100)
  })

  test('who was silent and has lost the seat meanwhile is not back', { skip }, async (t) => {
    const { db, proxy, said, cutOffs, workerId } = await behindProxy(t, 250)
    proxy.silence()
    await waitFor(() => cutOffs.length > 0, { what: 'the cut-off' })

    await db.run('UPDATE worker SET seat = NULL WHERE id = ?', [workerId])
    await proxy.heal()
    await waitFor(() => said.length > 1, { what: 'the loss' })

    assert.match(said.join(), /^cut off: [^,]+,lost: another worker was given the shard$/)
  })

  test('an outage of one beat is not noticed', { skip }, async (t) => {
    const { proxy, lease, said } = await behindProxy(t, 250)
    await proxy.refuse()
    proxy.cut()

    await sleep(LEASE_MS / 3)
    await proxy.heal()
    await sleep(LEASE_MS)

    assert.deepEqual(said, [])
    assert.equal(lease.isHeld, true)
  })

  test('nothing is said after the end', { skip }, async (t) => {
    const { proxy, lease, said } = await behindProxy(t, 250)
    proxy.silence()

    lease.end()
    await sleep(LEASE_MS)

    assert.deepEqual(said, [])
  })

  for (const database of DATABASES) {
    test(`a process that was frozen for a whole lease knows it on waking (${database.name})`, async (t) => {
      const { url } = await openStore(t, database)
      const child = startProgram(process.execPath, [join(import.meta.dirname, 'a-lease.ts'), url, `${LEASE_MS}`], {
        cwd: import.meta.dirname,
        t,
      })
      const lines = () => child.stdout.split('\n').filter((line) => line !== '')
      await waitFor(() => lines().length > 20, { what: 'the program to hold its lease' })
      assert.ok(lines().every((line) => line === 'held'))

      child.kill('SIGSTOP')
      await sleep(1.2 * LEASE_MS)
      const before = lines().length
      child.kill('SIGCONT')

      // One line may have been on its way when it was stopped.
      const sinceWaking = () => lines().slice(before).join(', ')
      const expected = /^(held, )?(not held, )*cut off within 0, (not held, )*back, held/
      await waitFor(() => sinceWaking().includes('back, held'), {
        what: 'the lease to be held again',
      })
      assert.match(sinceWaking(), expected)
    })
  }
})

interface Leased {
  /** By way of the proxy, where there is one, goes only the lease. */
  readonly db: Driver
  readonly lease: Lease
  readonly workerId: number
  /** What the lease has said, in order. */
  readonly said: string[]
  /** Until when the lease lasts, in UTC milliseconds, by each renewal. */
  readonly renewals: number[]
  readonly cutOffs: { readonly at: number; readonly withinMs: number }[]
}

async function leased(t: TestContext, database: Database): Promise<Leased> {
  const { db } = await openStore(t, database)
  return keep(t, db, db, 250)
}

async function behindProxy(t: TestContext, graceMs: number): Promise<Leased & { readonly proxy: DatabaseProxy }> {
  const { db, url } = await openStore(t, mariadb as Database)
  const proxy = await startProxy(t, url)
  const through = await openDriver(`${proxy.url}?timeout=1s`, '/')
  afterwards(t, () => through.close())
  return { ...(await keep(t, db, through, graceMs)), proxy }
}

async function keep(t: TestContext, db: Driver, through: Driver, graceMs: number): Promise<Leased> {
  const since = moment()
  const seating = await takeSeat(db, { queue: 'mail', total: 1, shard: 0 }, SELF, TERMS, () => false)
  assert.ok(seating.kind === 'seated')
  const lease = new Lease(through, [seating.workerId], since, LEASE_MS)
  afterwards(t, () => lease.end())
  const said: string[] = []
  const renewals: number[] = []
  const cutOffs: { at: number; withinMs: number }[] = []
  const events: LeaseEvents = {
    graceMs,
    onCutOff: (reason, withinMs) => {
      said.push(`cut off: ${reason}`)
      cutOffs.push({ at: performance.now(), withinMs })
    },
    onRenewed: (until) => renewals.push(until),
    onBack: () => said.push('back'),
    onLost: (reason) => said.push(`lost: ${reason}`),
    onAsked: (how) => said.push(how),
  }
  lease.keep(events)
  return { db, lease, workerId: seating.workerId, said, renewals, cutOffs }
}

import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, Value } from '../../src/queue/driver.ts'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import type { Finish } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { openDriver } from '../../src/queue/url.ts'
import { Booking } from '../../src/worker/booking.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { startProxy } from '../helpers/proxy.ts'
import { claimSome, finishOf, openStore, PATIENCE_MS, put } from '../queue/stores.ts'

const ROWS = 200
const OUTPUT = { file: 'day.log', offset: 0, bytes: 10 }
/** What no column for numbers takes. */
const NO_NUMBER = 'many' as unknown as number
const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

for (const database of DATABASES) {
  test(`results that come while others are being written wait for a batch of their own (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: ROWS }, () => ({ task: 'a' })))
    const tasks = await claimSome(db, { limit: ROWS })
    const { driver, updates } = counted(db)
    const { booking } = open(driver)

    for (const task of tasks) {
      booking.add(finishOf(task, { kind: 'done' }))
      await sleep(1)
    }
    await booking.flush()

    const [left] = await db.all<{ n: number }>('SELECT COUNT(*) AS n FROM queue WHERE status <> 1')
    assert.equal(Number(left?.n), 0)
    assert.ok(updates() < ROWS / 10, `${updates()} statements for ${ROWS} rows`)
  })

  test(`a result is booked within a moment, without being asked to (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' })
    const [task] = await claimSome(db)
    assert.ok(task)
    const { booking } = open(db)

    booking.add(finishOf(task, { kind: 'done' }))

    for (let status = 2; status !== 1; await sleep(5)) {
      const [row] = await db.all<{ status: number }>('SELECT status FROM queue')
      status = Number(row?.status)
    }
  })

  test(`a result whose claim is gone is told, and the others are booked (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'b' })
    const [stale, other] = await claimSome(db)
    assert.ok(stale && other)
    await giveBack(db, [stale], PATIENCE_MS)
    const { booking, lost } = open(db)

    booking.add(finishOf(stale, { kind: 'done' }))
    booking.add(finishOf(other, { kind: 'done' }))
    await booking.flush()

    assert.deepEqual(
      lost.map(({ id }) => id),
      [stale.id],
    )
    const rows = await db.all<{ status: number }>('SELECT status FROM queue ORDER BY id')
    assert.deepEqual(
      rows.map(({ status }) => Number(status)),
      [0, 1],
    )
  })

  test(`a result that is refused for what is in it takes no other with it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
    const [first, bad, worse, last] = await claimFour(db)
    const { booking, reduced } = open(db)

    booking.add(finishOf(first, { kind: 'done' }, { output: OUTPUT }))
    booking.add(finishOf(bad, { kind: 'done' }, { cpuMs: NO_NUMBER, output: OUTPUT }))
    booking.add(finishOf(worse, { kind: 'again', delayMs: 60_000, counted: true }, { cpuMs: NO_NUMBER, error: 'why' }))
    booking.add(finishOf(last, { kind: 'failed' }, { error: 'exit code 3' }))
    await booking.flush()

    const rows = await db.all<Row>('SELECT status, error, log_file FROM queue ORDER BY id')
    const [done, less, again, failed] = rows.map(({ status, error, log_file }) => [Number(status), error, log_file])
    assert.deepEqual(
      [done, less, failed],
      [
        [1, null, 'day.log'],
        [1, null, null],
        [3, 'exit code 3', null],
      ],
    )
    assert.deepEqual([again?.[0], again?.[2]], [4, null])
    assert.match(String(again?.[1]), /^its result could not be stored in full \(.+\)$/)
    assert.deepEqual(reduced, [bad.id, worse.id])
    assert.equal(booking.failed, false)
  })

  test(`a result that cannot be booked at all is told, and what comes later is booked (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
    const [first, bad, next, last] = await claimFour(db)
    const { booking, failures } = open(db)

    for (const task of [first, next]) booking.add(finishOf(task, { kind: 'done' }))
    booking.add(finishOf(bad, { kind: 'failed' }, { exitCode: NO_NUMBER }))
    await booking.flush()
    booking.add(finishOf(last, { kind: 'done' }))
    await booking.flush()

    const rows = await db.all<Row>('SELECT status, error, log_file FROM queue ORDER BY id')
    assert.deepEqual(
      rows.map(({ status }) => Number(status)),
      [1, 2, 1, 1],
    )
    assert.deepEqual([failures.length, booking.failed], [1, true])
  })

  test(`tables that are gone are told once, and nothing more is tried (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
    const tasks = await claimFour(db)
    const { booking, failures } = open(db)
    await db.run('DROP TABLE queue')

    for (const task of tasks) {
      booking.add(finishOf(task, { kind: 'done' }))
      await booking.flush()
    }

    assert.deepEqual([failures.length, booking.failed], [1, true])
  })
}

test('results are offered until the database answers, and that is said once', { skip }, async (t) => {
  const { db, url } = await openStore(t, mariadb as Database)
  await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
  const tasks = await claimFour(db)
  const proxy = await startProxy(t, url)
  const through = await openDriver(proxy.url, '/')
  afterwards(t, () => through.close())
  const { booking, said } = open(through)
  await proxy.refuse()
  proxy.cut()

  for (const task of tasks) booking.add(finishOf(task, { kind: 'done' }))
  await waitFor(() => said.length > 0, { what: 'the loss to be said' })
  for (let tries = 0; tries < 3; tries++) await assert.rejects(through.run('DO 1'))
  await proxy.heal()
  await booking.flush()

  const [left] = await db.all<{ n: number }>('SELECT COUNT(*) AS n FROM queue WHERE status <> 1')
  assert.equal(Number(left?.n), 0)
  assert.deepEqual(said, ['lost', 'back'])
})

test('who leaves offers its results only so long to a database that does not answer', { skip }, async (t) => {
  const { db, url } = await openStore(t, mariadb as Database)
  await put(db, ...Array.from({ length: 4 }, () => ({ task: 'a' })))
  const [task] = await claimFour(db)
  const proxy = await startProxy(t, url)
  const through = await openDriver(proxy.url, '/')
  afterwards(t, () => through.close())
  const { booking, failures } = open(through, Number.POSITIVE_INFINITY)
  await proxy.refuse()
  proxy.cut()
  booking.add(finishOf(task, { kind: 'done' }))

  booking.leaveWithin(300)
  await booking.flush()

  assert.deepEqual([failures.length, booking.failed], [1, true])
  assert.match(String(failures[0]), /cannot be reached/)
})

interface Row {
  readonly status: number
  readonly error: string | null
  readonly log_file: string | null
}

async function claimFour(db: Driver): Promise<[ClaimedTask, ClaimedTask, ClaimedTask, ClaimedTask]> {
  const [first, second, third, fourth] = await claimSome(db)
  assert.ok(first && second && third && fourth)
  return [first, second, third, fourth]
}

interface Opened {
  readonly booking: Booking
  readonly lost: Finish[]
  readonly reduced: number[]
  readonly failures: unknown[]
  readonly said: string[]
}

function open(db: Driver, patienceMs = PATIENCE_MS): Opened {
  const lost: Finish[] = []
  const reduced: number[] = []
  const failures: unknown[] = []
  const said: string[] = []
  const booking = new Booking(db, patienceMs, {
    onClaimLost: (finish) => lost.push(finish),
    onDatabaseLost: () => said.push('lost'),
    onDatabaseBack: () => said.push('back'),
    onReduced: ({ id }) => reduced.push(id),
    onFailed: (error) => failures.push(error),
  })
  return { booking, lost, reduced, failures, said }
}

/** The same database, a little further away, with its UPDATEs counted. */
function counted(db: Driver): { driver: Driver; updates: () => number } {
  let updates = 0
  const run = async (sql: string, values?: readonly Value[]) => {
    if (/\bUPDATE\b/.test(sql)) updates++
    await sleep(5)
    return db.run(sql, values)
  }
  const driver: Driver = Object.create(db, { run: { value: run }, all: { value: db.all.bind(db) } })
  return { driver, updates: () => updates }
}

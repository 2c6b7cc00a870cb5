import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, Value } from '../../src/queue/driver.ts'
import type { Finish } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { Booking } from '../../src/worker/booking.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, finishOf, openStore, PATIENCE_MS, put } from '../queue/stores.ts'

const ROWS = 200

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
}

function open(db: Driver): { booking: Booking; lost: Finish[] } {
  const lost: Finish[] = []
  const booking = new Booking(db, PATIENCE_MS, {
    onClaimLost: (finish) => lost.push(finish),
    onDatabaseLost: (error) => assert.fail(error),
    onFailed: (error) => assert.fail(String(error)),
  })
  return { booking, lost }
}

/** The same database, a little further away, with its UPDATEs counted. */
function counted(db: Driver): { driver: Driver; updates: () => number } {
  let updates = 0
  const run = async (sql: string, values?: readonly Value[]) => {
    if (sql.startsWith('UPDATE')) updates++
    await sleep(5)
    return db.run(sql, values)
  }
  const driver: Driver = Object.create(db, { run: { value: run }, all: { value: db.all.bind(db) } })
  return { driver, updates: () => updates }
}

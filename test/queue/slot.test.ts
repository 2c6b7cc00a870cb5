import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { lastSlots, slotsOf } from '../../src/queue/store/read-slot.ts'
import {
  changeSlot,
  confirmStart,
  type Decided,
  endSlot,
  insertSlot,
  insertSlots,
  knownSlots,
  ownSlots,
  takeSlot,
} from '../../src/queue/store/slot.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore } from './stores.ts'

const KEY = { job: 'nightly', slotAt: Date.UTC(2026, 10, 20, 2, 30), place: '' }
const STARTING: Decided = { ...KEY, verdict: 'starting', reason: '1 shard', isOpen: true }
const tick = (pid: number) => ({ host: 'web-1', bootId: 'boot', pid, pidStart: 7 })

for (const database of DATABASES) {
  test(`a slot is owned by one tick, whoever asks (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    const drivers = await Promise.all(Array.from({ length: 5 }, open))

    await Promise.all(drivers.map((driver, i) => insertSlots(driver, driver.dialect, [STARTING], tick(i + 1))))

    const owned = await Promise.all([1, 2, 3, 4, 5].map((pid) => ownSlots(db, [KEY], tick(pid))))
    assert.equal(owned.flat().length, 1)
    assert.equal(await insertSlot(db, db.dialect, STARTING, tick(9)), false)
    assert.equal(await insertSlot(db, db.dialect, { ...STARTING, place: 'web-2' }, tick(9)), true)
  })

  test(`of many slots, those that are new are inserted (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const at = (minute: number) => ({ ...STARTING, slotAt: KEY.slotAt + minute * 60_000 })
    await insertSlots(db, db.dialect, [at(1), at(3)], tick(1))

    await insertSlots(
      db,
      db.dialect,
      Array.from({ length: 250 }, (_, minute) => at(minute)),
      tick(2),
    )

    const keys = Array.from({ length: 250 }, (_, minute) => at(minute))
    assert.equal((await ownSlots(db, keys, tick(2))).length, 248)
    assert.equal((await knownSlots(db, [...keys, at(999)])).length, 250)
  })

  test(`a slot's row tells what was decided, why and by whom (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const slot: Decided = {
      ...KEY,
      verdict: 'waiting',
      cause: 'load',
      reason: 'x'.repeat(300),
      isOpen: true,
      taskId: 17,
    }

    await insertSlots(db, db.dialect, [slot], tick(1))

    const [row] = await slotsOf(db, { job: 'nightly', from: KEY.slotAt, to: KEY.slotAt }, 10)
    const { verdict, cause, isOpen, taskId, owner, slotAt } = row ?? {}
    assert.deepEqual(
      { verdict, cause, isOpen, taskId, owner, slotAt },
      { verdict: 'waiting', cause: 'load', isOpen: true, taskId: 17, owner: tick(1), slotAt: KEY.slotAt },
    )
    assert.equal(row?.reason.length, 255)
  })

  test(`only the owner changes a slot, from the verdict that it has (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertSlots(db, db.dialect, [STARTING], tick(1))
    const started: Decided = { ...STARTING, verdict: 'started', isOpen: false }

    assert.equal(await changeSlot(db, db.dialect, started, 'starting', tick(2)), false)
    assert.equal(await changeSlot(db, db.dialect, started, 'waiting', tick(1)), false)
    assert.equal(await changeSlot(db, db.dialect, started, 'starting', tick(1)), true)
    assert.equal(await changeSlot(db, db.dialect, started, 'started', tick(1)), false, 'it is closed')
  })

  test(`of many that take over a slot one has it (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await insertSlots(db, db.dialect, [STARTING], tick(99))
    const drivers = await Promise.all(Array.from({ length: 5 }, open))

    const from = { verdict: 'starting', owner: tick(99) } as const
    const taken = await Promise.all(
      drivers.map((driver, i) => takeSlot(driver, driver.dialect, KEY, from, 'again', tick(i))),
    )

    assert.equal(taken.filter(Boolean).length, 1)
  })

  test(`a worker confirms what was being started, and nothing else (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertSlots(db, db.dialect, [STARTING, { ...STARTING, place: 'x', verdict: 'waiting' }], tick(1))

    await confirmStart(db, KEY)
    await confirmStart(db, { ...KEY, place: 'x' })

    assert.deepEqual(await verdicts(db), ['started', 'waiting'])
  })

  test(`one is told that it has ended a slot (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertSlots(db, db.dialect, [{ ...STARTING, verdict: 'started' }], tick(1))
    const ending = { outcome: 'failed', exitCode: 3, exitSignal: null, endedAt: KEY.slotAt + 5 } as const

    const both = await Promise.all([endSlot(db, KEY, ending), endSlot(db, KEY, ending)])

    assert.deepEqual(both.toSorted(), [false, true])
    const [row] = await slotsOf(db, {}, 1)
    assert.deepEqual([row?.isOpen, row?.outcome, row?.exitCode, row?.endedAt], [false, 'failed', 3, KEY.slotAt + 5])
  })

  test(`the last slot of each job, of any verdict or of some (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const rows: Decided[] = [1, 2, 3].map((hour) => ({
      ...STARTING,
      slotAt: KEY.slotAt + hour * 3_600_000,
      verdict: hour === 3 ? 'empty' : 'started',
    }))
    await insertSlots(db, db.dialect, [...rows, { ...STARTING, job: 'mail' }], tick(1))

    const last = await lastSlots(db, ['nightly', 'mail', 'none'])
    const started = await lastSlots(db, ['nightly'], ['started'])

    assert.deepEqual([last.get('nightly')?.verdict, last.get('mail')?.verdict, last.size], ['empty', 'starting', 2])
    assert.equal(started.get('nightly')?.slotAt, KEY.slotAt + 2 * 3_600_000)
  })
}

async function verdicts(db: Driver): Promise<string[]> {
  return (await slotsOf(db, {}, 10)).map(({ verdict }) => verdict)
}

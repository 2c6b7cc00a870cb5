import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { pastSlots, takePastSlot } from '../../src/queue/store/backfill-slot.ts'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { reopenSlots } from '../../src/queue/store/reopen-slots.ts'
import { type Decided, endSlot, insertSlots } from '../../src/queue/store/slot.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore, PATIENCE_MS } from './stores.ts'

const MINUTE_MS = 60_000
const SELF = { host: 'web-1', bootId: 'boot', pid: 7, pidStart: 70 }
const OTHER = { host: 'web-2', bootId: 'boot', pid: 8, pidStart: 80 }

function decided(slotAt: number, verdict: Decided['verdict'], more: Partial<Decided> = {}): Decided {
  return { job: 'report', slotAt, place: '', verdict, reason: verdict, isOpen: false, ...more }
}

function take(db: Driver, slotAt: number): Promise<boolean> {
  const slot = decided(slotAt, 'started', { isOpen: true, reason: 'backfilled by ana@web-1' })
  return db.transaction((tx) => takePastSlot(tx, db.dialect, slot, SELF))
}

for (const database of DATABASES) {
  test(`a past slot is taken once, unless it ran or is open (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const first = Math.floor((await databaseNow(db)) / MINUTE_MS) * MINUTE_MS - 10 * MINUTE_MS
    const at = (i: number) => first + i * MINUTE_MS
    const ending = { exitCode: 0, exitSignal: null, endedAt: null } as const
    const rows = [
      decided(at(1), 'paused'),
      decided(at(2), 'waiting', { isOpen: true, cause: 'load' }),
      ...[3, 4, 5].map((i) => decided(at(i), 'started', { isOpen: true, taskId: i })),
      decided(at(6), 'enqueued'),
      decided(at(7), 'missed'),
      decided(at(7), 'enqueued', { place: 'hand:1' }),
    ]
    await insertSlots(db, db.dialect, rows, OTHER)
    await endSlot(db, decided(at(3), 'started'), { ...ending, outcome: 'failed', exitCode: 3 })
    await endSlot(db, decided(at(4), 'started'), { ...ending, outcome: 'done' })

    const past = await pastSlots(db, 'report', first, at(9))
    const taken = []
    for (const i of [0, 1, 2, 3, 4, 5, 6, 7]) taken.push(await take(db, at(i)))
    const again = await take(db, at(0))

    const known = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => past.get(at(i)))
    assert.deepEqual(known, [undefined, 'not run', 'open', 'failed', 'ran', 'open', 'ran', 'ran'])
    // What ran by hand a plan leaves out; the row of the slot itself ran nothing.
    assert.deepEqual(taken, [true, true, false, true, false, false, false, true])
    assert.equal(again, false)
    const [slot] = await slotsOf(db, { job: 'report', from: at(3), to: at(3) }, 1)
    assert.deepEqual(
      [slot?.verdict, slot?.isOpen, slot?.outcome, slot?.taskId],
      ['started', true, undefined, undefined],
    )
    assert.deepEqual(slot?.owner, SELF)
  })

  test(`of what was kept back the newest slot of each place is opened again, once (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const now = Math.floor((await databaseNow(db)) / MINUTE_MS) * MINUTE_MS
    const ago = (minutes: number, verdict: Decided['verdict'], more: Partial<Decided> = {}) =>
      decided(now - minutes * MINUTE_MS, verdict, more)
    await insertSlots(
      db,
      db.dialect,
      [
        ...[
          ago(4, 'paused'),
          ago(2, 'stopped'),
          ago(2, 'paused', { place: 'web-1' }),
          ago(1, 'empty', { place: 'web-1' }),
        ],
        ...[ago(90, 'paused', { job: 'old' }), ago(1, 'paused', { job: 'other' })],
      ],
      OTHER,
    )
    const options = { reason: 'resume --catch-up by ana@web-1', self: SELF, patienceMs: PATIENCE_MS }

    const reopened = [
      await reopenSlots(db, 'report', 3_600_000, options),
      await reopenSlots(db, 'old', 3_600_000, options),
    ]
    const again = await reopenSlots(db, 'report', 3_600_000, options)

    assert.deepEqual(reopened, [[{ job: 'report', slotAt: now - 2 * MINUTE_MS, place: '' }], []])
    assert.deepEqual(again, [])
    const [slot] = await slotsOf(db, { job: 'report', to: now - 2 * MINUTE_MS }, 1)
    assert.deepEqual([slot?.verdict, slot?.cause, slot?.isOpen, slot?.owner], ['waiting', 'catch-up', true, SELF])
  })
}

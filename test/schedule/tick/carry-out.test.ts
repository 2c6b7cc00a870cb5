/** Starting the workers of a slot: by whoever owns it still when they are started. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import { insertSlots, takeSlot } from '../../../src/queue/store/slot.ts'
import { carryOut } from '../../../src/schedule/tick/carry-out.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { OTHER, planned, tickPlace } from './tick-place.ts'

for (const database of DATABASES) {
  test(`who stood still before starting workers starts none that another has taken over (${database.name})`, async (t) => {
    const { db, surroundings, starts } = await tickPlace(t, database)
    const [job] = planned({ mail: { when: '@daily', queue: 'mail', shards: 1 } })
    assert.ok(job)
    const deed = { kind: 'workers', total: 1, shards: [0], maxTimeMs: undefined } as const
    const decision = { kind: 'start', reason: '1 shard', deed } as const
    const keys = [30, 31].map((minute) => ({ job: 'mail', slotAt: Date.UTC(2026, 10, 20, 2, minute), place: '' }))
    const self = ownIdentity()
    const rows = keys.map((key) => ({ ...key, verdict: 'starting', reason: '', isOpen: true }) as const)
    await insertSlots(db, db.dialect, rows, self)
    const [taken] = keys
    assert.ok(taken)
    await takeSlot(db, db.dialect, taken, { verdict: 'starting', owner: self }, 'taken over', OTHER)

    const { started } = await carryOut(
      db,
      keys.map((key) => ({ job, key, lateMs: 0, decision })),
      { ...surroundings, self, awaited: new Set(), recordedAt: Date.now() - 120_000 },
    )

    assert.equal(started.length, 1)
    const [flags] = await starts(1)
    assert.ok(flags?.includes('2026-11-20T02:31:00Z'), flags?.join(' '))
  })
}

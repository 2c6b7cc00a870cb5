/**
 * Several hosts on one database, of which some have another schedule, have died, or stood still.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { ownIdentity } from '../../../src/host/identity.ts'
import { openSlots } from '../../../src/queue/store/read-slot.ts'
import { insertSlots } from '../../../src/queue/store/slot.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { put } from '../../queue/stores.ts'
import { OTHER, type TickPlace, tickPlace } from './tick-place.ts'

const BACKUP = { when: '30 2 * * *', exec: ['bin/backup'] }
const YEARLY = { when: '0 0 1 1 *', queue: 'mail', shards: 1 }

for (const database of DATABASES) {
  test(`a job that only the schedule of another host has is left alone (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await place.tick('2026-11-20T02:29', { mail: YEARLY })
    await place.tick('2026-11-20T02:30', { mail: YEARLY, backup: BACKUP }, { self: OTHER })
    await age(place, 600_000)

    await place.tick('2026-11-20T02:31', { mail: YEARLY })
    assert.deepEqual(await runs(place), ['ready'])
    assert.equal((await openSlots(place.db)).length, 1)

    await place.tick('2026-11-20T02:32', { mail: YEARLY }, { self: OTHER })
    await age(place, 600_000)
    await place.tick('2026-11-20T02:33', { mail: YEARLY })
    assert.deepEqual(await runs(place), ['cancelled'])
    assert.equal((await openSlots(place.db)).length, 0)
  })

  test(`of a job that the schedule has no more, what runs goes on (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = { backup: { ...BACKUP, overlap: 'queue', when: '* * * * *' } }
    await place.tick('2026-11-20T02:30', jobs)
    await place.db.run('UPDATE queue SET status = 2, claim_token = 1')
    await place.tick('2026-11-20T02:31', jobs)
    await age(place, 600_000)

    await place.tick('2026-11-20T02:32', {})
    assert.deepEqual(await runs(place), ['running', 'ready'], 'it may be another schedule that ticks in between')
    await place.tick('2026-11-20T02:33', {})

    assert.deepEqual(await runs(place), ['running', 'cancelled'])
    const asked = await place.db.all('SELECT id FROM queue WHERE status = 2 AND cancel_at IS NOT NULL')
    assert.deepEqual(asked, [], 'it is not asked to end')
  })

  test(`two schedules that tick by turns on one host leave each other's runs alone (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await place.tick('2026-11-20T02:30', { backup: BACKUP })
    await age(place, 600_000)

    for (const minute of ['31', '32', '33']) {
      await place.tick(`2026-11-20T02:${minute}`, { mail: YEARLY })
      await place.tick(`2026-11-20T02:${minute}`, { backup: BACKUP })
    }

    assert.deepEqual(await runs(place), ['ready'])
    assert.equal((await openSlots(place.db)).length, 1)
  })

  test(`what was missed by a host is made up for, though one without the job ticked on (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const jobs = { mail: YEARLY, backup: BACKUP }
    await place.tick('2026-11-20T02:28', jobs)
    for (const minute of ['29', '30', '31'])
      await place.tick(`2026-11-20T02:${minute}`, { mail: YEARLY }, { self: OTHER })

    await place.tick('2026-11-20T02:32', jobs)

    assert.deepEqual(await place.ledger('backup'), ['02:30 started'])
  })

  test(`a slot that was being started when the host went down is started after its boot (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    await put(place.db, { task: 'send', queue: 'mail' })
    const slot = { job: 'mail', slotAt: Date.UTC(2026, 10, 20, 2, 30), place: '' }
    const row = { ...slot, verdict: 'starting', reason: '', isOpen: true } as const
    await insertSlots(place.db, place.db.dialect, [row], { ...ownIdentity(), bootId: 'before' })

    await place.tick('2026-11-20T02:31', { mail: YEARLY })
    assert.deepEqual(await place.ledger(), ['02:30 starting'], 'it may be another machine of this name')
    await age(place, 180_000)
    await place.tick('2026-11-20T02:33', { mail: YEARLY })

    assert.deepEqual(await place.ledger(), ['02:30 started'])
    await place.starts(1)
  })

  test(`a message that another host is about to tell is told once, whatever the clocks say (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const since = Date.now()
    const message = { event: 'failure', job: 'mail', slot: 'x', since: 'x', text: 'x' }
    const pending = [{ message, left: ['command'], until: since + 3_600_000 }]
    const incident = { open: { event: 'failure', since }, pending, triedAt: since }
    const value = JSON.stringify(incident)
    await place.db.run('INSERT INTO setting (name, value) VALUES (?, ?)', ['incident:mail', value])
    const jobs = { mail: { ...YEARLY, notify: { command: ['true'] } } }
    t.mock.timers.enable({ apis: ['Date'], now: since + 300_000 })

    await place.tick(new Date().toISOString().slice(0, 16), jobs, { isNow: true })

    const rows = await place.db.all<{ value: string }>("SELECT value FROM setting WHERE name = 'incident:mail'")
    assert.equal(rows[0]?.value, value)
  })

  test(`slots that wait for their turn after an outage are not too late because of that (${database.name})`, async (t) => {
    const place = await tickPlace(t, database)
    const ids = Array.from({ length: 7 }, (_, i) => `job${i}`)
    const jobs = Object.fromEntries(
      ids.map((id) => [id, { when: '30 2 * * *', exec: ['true'], catchUp: { policy: 'latest', within: '10m' } }]),
    )
    await place.tick('2026-11-20T02:29', jobs)

    await place.tick('2026-11-20T02:40', jobs)
    await place.tick('2026-11-20T02:41', jobs)

    assert.deepEqual(new Set(await place.ledger()), new Set(['02:30 started']))
  })
}

async function age({ db }: TickPlace, ms: number): Promise<void> {
  await db.run(`UPDATE slot SET mtime = ${db.dialect.fromNow('?')}`, [-ms])
}

async function runs({ db }: TickPlace): Promise<string[]> {
  const names = ['ready', 'done', 'running', 'failed', 'scheduled', 'cancelled']
  const rows = await db.all<{ status: number }>('SELECT status FROM queue ORDER BY id')
  return rows.map(({ status }) => names[Number(status)] ?? '?')
}

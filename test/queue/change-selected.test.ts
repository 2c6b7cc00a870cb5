import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { type StatusName, statusName } from '../../src/queue/status.ts'
import type { Change } from '../../src/queue/store/change.ts'
import type { Verb } from '../../src/queue/store/change-rules.ts'
import { asOfNow, changeSelected, type SelectedOptions } from '../../src/queue/store/change-selected.ts'
import type { Selection } from '../../src/queue/store/selection.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore, PATIENCE_MS, put } from './stores.ts'

/** More than two batches. */
const MANY = 600

for (const database of DATABASES) {
  test(`all that is selected is changed, once, and nothing else (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await failed(db, MANY)
    await db.run("UPDATE queue SET task = 'b' WHERE MOD(id, 3) = 0")

    const changes = await all(db, 'retry', { states: ['failed'], tasks: ['a'] })

    const ids = changes.map(({ id }) => id)
    assert.deepEqual(
      ids,
      range(MANY).filter((id) => id % 3 !== 0),
    )
    assert.ok(changes.every(({ kind }) => kind === 'changed'))
    assert.deepEqual(await count(db), { ready: 400, failed: 200 })
  })

  test(`what is added meanwhile is left alone, and so is what fails again meanwhile (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await failed(db, MANY)
    const other = await open()
    const selection = await asOfNow(db, { states: ['failed'] }, PATIENCE_MS)
    const seen: number[] = []

    for await (const changes of changeSelected(db, 'retry', selection, { patienceMs: PATIENCE_MS })) {
      if (seen.length === 0) {
        await put(other, { task: 'a' })
        await other.run(`UPDATE queue SET status = 3 WHERE id > ${MANY} OR id <= 10`)
      }
      seen.push(...changes.map(({ id }) => id))
    }

    assert.deepEqual(seen, range(MANY))
    assert.deepEqual(await count(db), { ready: MANY - 10, failed: 11 })
  })

  test(`a task that is done between its selection and the write stays done (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await failed(db, 5)
    const late: Driver = Object.create(db, {
      all: { value: db.all.bind(db) },
      transaction: {
        value: async (work: Parameters<Driver['transaction']>[0]) => {
          await db.run('UPDATE queue SET status = 1 WHERE id = 3 AND status = 3')
          return db.transaction(work)
        },
      },
    })

    const changes = await all(late, 'retry', { states: ['failed'] })

    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['changed', 'changed', 'refused', 'changed', 'changed'],
    )
    assert.deepEqual(await count(db), { ready: 4, done: 1 })
  })

  test(`a limit counts what is changed, the oldest first; a dry run changes nothing (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await failed(db, MANY)
    await db.run(`UPDATE queue SET expires_at = ${db.dialect.fromNow('?')} WHERE id <= 100`, [-1_000])

    const foretold = await all(db, 'retry', { states: ['failed'] }, { limit: 300, dryRun: true })
    const untouched = await count(db)
    const changes = await all(db, 'retry', { states: ['failed'] }, { limit: 300 })

    const changed = changes.filter(({ kind }) => kind === 'changed').map(({ id }) => id)
    assert.deepEqual(changed, range(400).slice(100))
    assert.deepEqual(
      foretold.map(({ id, kind }) => [id, kind]),
      changes.map(({ id, kind }) => [id, kind]),
    )
    assert.deepEqual(untouched, { failed: MANY })
    assert.deepEqual(await count(db), { ready: 300, failed: 300 })
  })

  test(`of named tasks only those that are selected are changed (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await failed(db, 20)
    await db.run('UPDATE queue SET status = 1 WHERE id = 4')

    const changes = await all(db, 'retry', { states: ['failed'] }, { ids: [2, 4, 6, 99] })

    assert.deepEqual(
      changes.map(({ id, kind }) => [id, kind]),
      [
        [2, 'changed'],
        [6, 'changed'],
      ],
    )
  })
}

async function all(
  db: Driver,
  verb: Verb,
  selection: Selection,
  options: Partial<SelectedOptions> = {},
): Promise<Change[]> {
  const found: Change[] = []
  const bounded = await asOfNow(db, selection, PATIENCE_MS)
  for await (const changes of changeSelected(db, verb, bounded, { patienceMs: PATIENCE_MS, ...options }))
    found.push(...changes)
  return found
}

async function failed(db: Driver, many: number): Promise<void> {
  await put(db, ...range(many).map(() => ({ task: 'a' })))
  await db.run('UPDATE queue SET status = 3')
}

async function count(db: Driver): Promise<Partial<Record<StatusName, number>>> {
  const rows = await db.all<{ status: number; many: number }>(
    'SELECT status, COUNT(*) AS many FROM queue GROUP BY status ORDER BY status',
  )
  return Object.fromEntries(rows.map(({ status, many }) => [statusName(Number(status)), Number(many)]))
}

function range(many: number): number[] {
  return Array.from({ length: many }, (_, i) => i + 1)
}

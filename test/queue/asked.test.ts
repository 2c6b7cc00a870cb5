import assert from 'node:assert/strict'
import test from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { asked } from '../../src/queue/store/asked.ts'
import { changeTasks } from '../../src/queue/store/change.ts'
import { finish } from '../../src/queue/store/finish.ts'
import { giveBack } from '../../src/queue/store/give-back.ts'
import { DATABASES } from '../helpers/databases.ts'
import { claimSome, finishOf, openStore, PATIENCE_MS, put } from './stores.ts'

for (const database of DATABASES) {
  test(`a worker learns which of its tasks were cancelled and which are no longer its own (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 6 }, () => ({ task: 'a' })))
    const claims = await claimSome(db)
    const [, cancelled, done, givenBack, taken] = claims
    assert.ok(cancelled && done && givenBack && taken)
    await changeTasks(db, 'cancel', [cancelled.id, taken.id], { patienceMs: PATIENCE_MS })
    await finish(db, [finishOf(done, { kind: 'done' })], PATIENCE_MS)
    await giveBack(db, [givenBack], PATIENCE_MS)
    await db.run('UPDATE queue SET claim_token = claim_token + 1 WHERE id = ?', [taken.id])
    await db.run('DELETE FROM queue WHERE id = 6')

    const answer = await asked(db, claims.toReversed())

    assert.deepEqual(answer, { cancelled: [2], lost: [3, 4, 5, 6] })
  })

  test(`nothing was asked of tasks that just run, nor of none (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a' }, { task: 'a' })

    assert.deepEqual(await asked(db, await claimSome(db)), { cancelled: [], lost: [] })
    assert.deepEqual(await asked(db, []), { cancelled: [], lost: [] })
  })

  test(`it is one read by primary key for each 250 of them (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, ...Array.from({ length: 5_000 }, () => ({ task: 'a' })))
    const claims = await claimSome(db, { limit: 600 })
    await changeTasks(db, 'cancel', [1, 300, 600], { patienceMs: PATIENCE_MS })
    await db.all(db.dialect.ddl === 'sqlite' ? 'ANALYZE queue' : 'ANALYZE TABLE queue')
    const said: [string, readonly Value[]][] = []
    const listening = {
      dialect: db.dialect,
      all: (sql: string, values: readonly Value[]) => {
        said.push([sql, values])
        return db.all(sql, values)
      },
    }

    const answer = await asked(listening as unknown as Driver, claims)

    assert.deepEqual(answer, { cancelled: [1, 300, 600], lost: [] })
    assert.equal(said.length, 3)
    for (const [sql, values] of said) assert.match(await planOf(db, sql, values), /INTEGER PRIMARY KEY|\bPRIMARY\b/)
  })
}

async function planOf(db: Driver, sql: string, values: readonly Value[]): Promise<string> {
  const explain = db.dialect.ddl === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN FORMAT=TRADITIONAL'
  const [step] = await db.all<{ detail?: string; key?: string }>(`${explain} ${sql}`, values)
  return String(step?.detail ?? step?.key)
}

/** What `addMany` stores: what a task says, and the tables' defaults for what it does not. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { NewTask } from '../../src/queue/new-task.ts'
import { checkNewTask } from '../../src/queue/new-task.ts'
import { addMany } from '../../src/queue/store/add.ts'
import { DATABASES } from '../helpers/databases.ts'
import { databaseNow, openStore, put, row } from './stores.ts'

const HOUR_MS = 3_600_000

for (const database of DATABASES) {
  test(`what a task says is stored, and the rest is as the tables have it (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const at = Date.now() + 2 * HOUR_MS
    const said: NewTask = {
      ...{ task: 'b', param: 'x=1', queue: 'mail', priority: -5, key: 'customer-7', unique: 'u', keepUnique: true },
      ...{ retry: '1m,2m', maxAttempts: 9, timeoutMs: 90_000, at, expires: at + HOUR_MS },
    }

    await put(db, { task: 'a' }, said, { task: 'c', inMs: HOUR_MS }, { task: 'd', queue: 'mail' })

    const now = await databaseNow(db)
    const [plain, full, later, last] = await Promise.all([1, 2, 3, 4].map((id) => row(db, id)))
    const about = (stored: Record<string, unknown> | undefined) =>
      ['task', 'param', 'queue', 'status', 'priority', 'shard_key', 'unique_key', 'keep_unique', 'retry'].map(
        (name) => stored?.[name],
      )
    assert.deepEqual(about(plain), ['a', '', 'default', 0, 0, null, null, 0, null])
    assert.deepEqual(about(full), ['b', 'x=1', 'mail', 4, -5, 'customer-7', 'u', 1, '1m,2m'])
    assert.deepEqual(about(later), ['c', '', 'default', 4, 0, null, null, 0, null])
    assert.deepEqual(about(last), ['d', '', 'mail', 0, 0, null, null, 0, null])
    assert.deepEqual([full?.max_attempts, full?.timeout_s, Number(full?.run_at_ms)], [9, 90, at])
    assert.deepEqual([plain?.max_attempts, plain?.timeout_s, plain?.expires_at], [null, null, null])
    for (const stored of [plain, last]) assert.ok(Math.abs(Number(stored?.run_at_ms) - now) < 5_000)
    assert.ok(Math.abs(Number(later?.run_at_ms) - now - HOUR_MS) < 5_000)
  })

  test(`ids ascend in the order of the tasks, however many statements they take (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await put(db, { task: 'a', unique: 'taken' })
    const tasks = Array.from({ length: 1_600 }, (_, i) => ({
      ...{ task: 'a', param: `${i}` },
      ...(i % 700 === 650 ? { unique: i === 650 ? 'taken' : `u${i}` } : {}),
      ...(i % 400 === 399 ? { inMs: HOUR_MS } : {}),
    }))
    const rows = tasks.map((task) => checkNewTask(task, Date.now(), db.dialect.latestMs))

    const added = await addMany(db, db.dialect, rows)

    assert.deepEqual(added, { added: 1_599, duplicates: 1 })
    const stored = await db.all<{ param: string }>('SELECT param FROM queue WHERE id > 1 ORDER BY id')
    const expected = tasks.map(({ param }) => param).filter((param) => param !== '650')
    assert.deepEqual(
      stored.map(({ param }) => param),
      expected,
    )
  })
}

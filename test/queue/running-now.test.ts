/** What runs now, and what failed last: as the board reads it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedTasks } from '../../src/queue/store/failed-tasks.ts'
import { runningClaims, runningTasksById } from '../../src/queue/store/running-now.ts'
import { addTally } from '../../src/queue/store/tally.ts'
import { tallyMinutes } from '../../src/queue/store/tally-minutes.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore } from './stores.ts'

for (const database of DATABASES) {
  test(`what is claimed is read with whose it is, and what it is (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const running = (queue: string, agoMs: number, more: string) =>
      db.run(
        `INSERT INTO queue (queue, task, param, status, worker_id, claim_token, started_at, ${more}) VALUES
         (?, 'send-msg', ?, 2, 7, 99, ${db.dialect.fromNow('?')}, ${more === 'shard_key' ? "'c-4'" : db.dialect.now})`,
        [queue, 'x'.repeat(300), -agoMs],
      )
    await running('mail', 1_000, 'shard_key')
    await running('orders', 60_000, 'cancel_at')
    await running('mail', 5_000, 'shard_key')
    await db.run("INSERT INTO queue (task) VALUES ('ready')")

    const claims = await runningClaims(db)
    const tasks = await runningTasksById(db, [1, 2, 4, 99])

    assert.deepEqual(
      claims.map(({ id, queue, workerId, claimToken }) => [id, queue, workerId, claimToken]).toSorted(),
      [
        [1, 'mail', 7, 99],
        [2, 'orders', 7, 99],
        [3, 'mail', 7, 99],
      ],
    )
    const forMs = claims.find(({ id }) => id === 2)?.forMs ?? 0
    assert.ok(forMs >= 60_000 && forMs < 90_000, `${forMs}`)
    assert.deepEqual(
      [...tasks].map(([id, { task, param, shardKey, isCancelled }]) => [id, task, param.length, shardKey, isCancelled]),
      [
        [1, 'send-msg', 200, 'c-4', false],
        [2, 'send-msg', 200, null, true],
      ],
    )
    assert.equal((await runningTasksById(db, [])).size, 0)
  })

  test(`what failed is read the last first, and nothing else (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const failed = (status: number, agoMs: number) =>
      db.run(
        `INSERT INTO queue (task, status, error, finished_at) VALUES ('say', ?, 'exit code 1', ${db.dialect.fromNow('?')})`,
        [status, -agoMs],
      )
    await failed(3, 9_000)
    await failed(3, 1_000)
    await failed(1, 1_000)

    const tasks = await failedTasks(db, [1, 2, 3])

    assert.deepEqual(
      tasks.map(({ id, error }) => [id, error]),
      [
        [2, 'exit code 1'],
        [1, 'exit code 1'],
      ],
    )
    assert.deepEqual(await failedTasks(db, []), [])
  })

  test(`the minutes of the tally are added up over durations (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const one = { queue: 'mail', task: 'say', ending: 'done', ranMs: 0, cpuMs: 0, outputBytes: 0 } as const
    await addTally(db, [
      { ...one, durationClass: 3, attempts: 5 },
      { ...one, durationClass: 9, attempts: 2 },
      { ...one, durationClass: 9, attempts: 1, ending: 'failed' },
    ])

    const rows = await tallyMinutes(db, Date.now() - 120_000)

    assert.deepEqual(rows.map(({ ending, attempts }) => [ending, attempts]).toSorted(), [
      ['done', 7],
      ['failed', 1],
    ])
    assert.equal((rows[0]?.at ?? 1) % 60_000, 0)
    assert.deepEqual(await tallyMinutes(db, Date.now() + 60_000), [])
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { execQueue, slotText } from '../../src/queue/exec-queue.ts'
import { checkNewTask } from '../../src/queue/new-task.ts'
import { cancelRuns, insertRun, unfinishedRuns } from '../../src/queue/store/exec-run.ts'
import { insertSlots } from '../../src/queue/store/slot.ts'
import { runRow } from '../../src/schedule/tick/exec-run.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore, row } from './stores.ts'

const AT = Date.UTC(2026, 10, 20, 2, 30)
const SELF = { host: 'web-1', bootId: 'boot', pid: 1, pidStart: 1 }
const READY = 0
const DONE = 1
const RUNNING = 2
const FAILED = 3
const SCHEDULED = 4
const CANCELLED = 5
const HELD = 6

test('a run is a row that says when and how often, and never what', () => {
  const row = runRow({ id: 'backup', overlap: 'skip', retry: '1m,5m', timeoutMs: 90_500 }, AT)
  const bare = runRow({ id: 'backup', overlap: 'queue' }, AT)
  const allowed = runRow({ id: 'backup', overlap: 'allow', retry: '' }, AT)

  const { queue, task, param, shardKey, retry, timeoutSeconds } = row
  assert.deepEqual([queue, task, param], ['exec:backup', 'backup', '2026-11-20T02:30:00Z'])
  assert.deepEqual([shardKey, retry, timeoutSeconds], ['backup', '1m,5m', 91])
  assert.deepEqual([bare.shardKey, bare.bucket, bare.retry, bare.timeoutSeconds], ['backup', row.bucket, 'none', null])
  assert.deepEqual([allowed.shardKey, allowed.retry], [null, 'none'])
  assert.equal(slotText(AT), param)
})

test('a producer cannot add a run', () => {
  const task = { task: 'backup', queue: execQueue('backup') }

  assert.throws(
    () => checkNewTask(task, AT, Number.MAX_SAFE_INTEGER),
    /^Complaint: The queue "exec:backup" is no queue name\./,
  )
})

for (const database of DATABASES) {
  for (const overlap of ['skip', 'allow'] as const) {
    test(`the unfinished runs of a job with overlap ${overlap} are told, and no others (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      const ready = await add(db, 'backup', overlap, READY)
      const running = await add(db, 'backup', overlap, RUNNING)
      const scheduled = await add(db, 'backup', overlap, SCHEDULED)
      const held = await add(db, 'backup', overlap, HELD)
      for (const status of [DONE, FAILED, CANCELLED]) await add(db, 'backup', overlap, status)
      await add(db, 'other', overlap, READY)

      assert.deepEqual(
        (await unfinishedRuns(db, 'backup')).map(({ id, state, isCancelling }) => [id, state, isCancelling]),
        [
          [ready, 'ready', false],
          [running, 'running', false],
          [scheduled, 'scheduled', false],
          [held, 'held', false],
        ],
      )
    })

    test(`what waits of a job with overlap ${overlap} is cancelled, what runs is asked to end (${database.name})`, async (t) => {
      const { db } = await openStore(t, database)
      const ready = await add(db, 'backup', overlap, READY)
      const running = await add(db, 'backup', overlap, RUNNING)
      const other = await add(db, 'other', overlap, READY)

      const cancelled = await db.transaction((tx) => cancelRuns(tx, db.dialect, 'backup'))

      assert.deepEqual(cancelled, [ready, running])
      assert.deepEqual(await unfinishedRuns(db, 'backup'), [{ id: running, state: 'running', isCancelling: true }])
      assert.deepEqual([(await row(db, ready)).status, (await row(db, other)).status].map(Number), [CANCELLED, READY])
    })
  }

  test(`a run that was asked for again after its slot was closed is told where runs have an order (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const id = await insertRun(db, db.dialect, runRow({ id: 'backup', overlap: 'skip' }, AT))

    assert.deepEqual(
      (await unfinishedRuns(db, 'backup')).map((run) => run.id),
      [id],
    )
  })
}

/** A run, its open slot, and how it stands. */
async function add(db: Driver, job: string, overlap: 'skip' | 'allow', status: number): Promise<number> {
  return db.transaction(async (tx) => {
    const id = await insertRun(tx, db.dialect, runRow({ id: job, overlap }, AT))
    await tx.run('UPDATE queue SET status = ?, attempts = 1 WHERE id = ?', [status, id])
    const isOpen = ![DONE, FAILED, CANCELLED].includes(status)
    const slot = { job, slotAt: AT, place: String(id), verdict: 'started', reason: '', taskId: id, isOpen } as const
    await insertSlots(tx, db.dialect, [slot], SELF)
    assert.equal(execQueue(job), `exec:${job}`)
    return id
  })
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moveToQueue, previewMove } from '../../../src/ctl/move/move.ts'
import type { Driver } from '../../../src/queue/driver.ts'
import { statusName } from '../../../src/queue/status.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { claimSome, openStore } from '../../queue/stores.ts'
import { finished, insertRows } from '../stored-rows.ts'

const EVENTS = { stop: new AbortController().signal, onProgress: () => {} }

async function placesOf(db: Driver): Promise<string[]> {
  const rows = await db.all<{ task: string; queue: string; status: number; held_for: string | null }>(
    'SELECT task, queue, status, held_for FROM queue ORDER BY id',
  )
  return rows.map(({ task, queue, status, held_for }) =>
    [task, queue, statusName(Number(status)), held_for].filter((it) => it !== null).join(' '),
  )
}

for (const database of DATABASES) {
  test(`what waits is put into the other queue; what runs or has ended stays (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertRows(db, [
      { task: 'a', queue: 'mail' },
      { task: 'b', queue: 'mail', status: 4, run_at: 3_600_000 },
      { task: 'c', queue: 'mail', status: 6 },
      { task: 'd', queue: 'mail', status: 6, held_for: 'pause' },
      { task: 'e', queue: 'mail', status: 2 },
      finished(1, { task: 'f', queue: 'mail' }),
      { task: 'g', queue: 'orders' },
      { task: 'h', queue: 'exec:backup' },
    ])

    const preview = await previewMove(db, { queues: ['mail'] })
    const moved = await moveToQueue(db, { queues: ['mail'] }, 'slow', EVENTS)

    assert.deepEqual([preview.waiting.count, preview.running.count], [4, 1])
    assert.deepEqual(moved, { moved: 4, running: { count: 1, isExact: true }, ended: 'all' })
    assert.deepEqual(await placesOf(db), [
      'a slow ready',
      'b slow scheduled',
      'c slow held',
      'd slow ready', // whether the other queue has a pause is found out there
      'e mail running',
      'f mail done',
      'g orders ready',
      'h exec:backup ready',
    ])
  })

  test(`runs of a job's command are not moved, nor is what has finished (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertRows(db, [{ task: 'backup', queue: 'exec:backup' }])

    assert.equal((await moveToQueue(db, { tasks: ['backup'] }, 'slow', EVENTS)).moved, 0)
    await assert.rejects(moveToQueue(db, { queues: ['exec:backup'] }, 'slow', EVENTS), { exitCode: 64 })
    await assert.rejects(moveToQueue(db, { states: ['done'] }, 'slow', EVENTS), { exitCode: 64, message: /finished/ })
    await assert.rejects(moveToQueue(db, { queues: ['mail'] }, 'exec:backup', EVENTS), { exitCode: 65 })
  })

  test(`tasks of one key keep their order, and their unique values, in the new queue (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const keyed = { task: 't', shard_key: 'customer-4', bucket: 4 }
    await insertRows(db, [
      { ...keyed, param: '1', queue: 'slow' },
      { ...keyed, param: '2', queue: 'mail', unique_key: 'u' },
      { ...keyed, param: '3', queue: 'slow' },
      { ...keyed, param: '4', queue: 'mail' },
    ])

    await moveToQueue(db, { queues: ['mail'] }, 'slow', EVENTS)
    const claimed = await claimSome(db, { queue: 'slow' })

    assert.deepEqual(
      claimed.map(({ param }) => param),
      ['1', '2', '3', '4'],
    )
    const [second] = await db.all<{ unique_key: string }>("SELECT unique_key FROM queue WHERE param = '2'")
    assert.equal(second?.unique_key, 'u')
  })

  test(`thousands go batch by batch, and a stop leaves the others where they were (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await db.run(`INSERT INTO queue (task, queue) VALUES ${new Array(2_000).fill("('t', 'mail')").join(', ')}`)
    const stop = new AbortController()
    const onProgress = (moved: number) => (moved >= 500 ? stop.abort() : undefined)

    const first = await moveToQueue(db, { queues: ['mail'] }, 'slow', { stop: stop.signal, onProgress })
    const second = await moveToQueue(db, { queues: ['mail'] }, 'slow', EVENTS)

    assert.deepEqual([first.moved, first.ended, second.moved, second.ended], [500, 'stopped', 1_500, 'all'])
  })
}

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type PurgePace,
  type PurgeRequest,
  previewPurge,
  purgeBefore,
  purgeTasks,
} from '../../../src/ctl/purge/purge.ts'
import { purgeLogs } from '../../../src/ctl/purge/purge-logs.ts'
import type { Driver, Value } from '../../../src/queue/driver.ts'
import { changeTasks } from '../../../src/queue/store/change.ts'
import { deleteFinished } from '../../../src/queue/store/purge-tasks.ts'
import { localDay } from '../../../src/time/zone.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { openStore, PATIENCE_MS } from '../../queue/stores.ts'
import { DAY_MS, finished, insertRows, tasksThere } from '../stored-rows.ts'

const ZONE = 'Europe/Berlin'

async function requestFor(db: Driver, days: number, more: Partial<PurgeRequest> = {}): Promise<PurgeRequest> {
  const before = await purgeBefore(db, days * DAY_MS)
  return { before, states: ['done', 'failed', 'cancelled'], freesUnique: false, ...more }
}

function paceOf(more: Partial<PurgePace> = {}): PurgePace {
  const stop = new AbortController().signal
  return { percent: 100, maxMs: Number.POSITIVE_INFINITY, stop, onProgress: () => {}, ...more }
}

for (const database of DATABASES) {
  test(`what finished before goes with its attempts; all else stays (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insertRows(db, [
      finished(31, { task: 'done' }),
      finished(31, { task: 'failed', status: 3 }),
      finished(400, { task: 'cancelled', status: 5 }),
      finished(29, { task: 'young' }),
      ...[0, 2, 4, 6].map((status) => ({ task: `unfinished ${status}`, status, ctime: -60 * DAY_MS })),
    ])
    for (const [token, id] of [ids[1], ids[1], ids[3], ids[4]].entries())
      await insertRows(db, [{ task_id: id ?? 0, attempt: 1, claim_token: token, outcome: 'exit' }], 'attempt')

    const preview = await previewPurge(db, await requestFor(db, 30))
    const purged = await purgeTasks(db, await requestFor(db, 30), paceOf())

    assert.deepEqual(preview.found, { done: 1, failed: 1, cancelled: 1 })
    assert.deepEqual(purged.deleted, { done: 1, failed: 1, cancelled: 1 })
    assert.deepEqual([purged.attempts, purged.ended], [2, 'all'])
    assert.deepEqual(await tasksThere(db), ['young', 'unfinished 0', 'unfinished 2', 'unfinished 4', 'unfinished 6'])
    const left = await db.all<{ task_id: number }>('SELECT task_id FROM attempt ORDER BY task_id')
    assert.deepEqual(
      left.map(({ task_id }) => Number(task_id)),
      [ids[3], ids[4]],
    )
  })

  test(`states, queues and programs choose; kept unique values stay until they are freed (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insertRows(db, [
      finished(40, { task: 'a', queue: 'mail' }),
      finished(40, { task: 'b', queue: 'mail' }),
      finished(40, { task: 'a', queue: 'orders' }),
      finished(40, { task: 'c', queue: 'mail', status: 3 }),
      finished(40, { task: 'paid', unique_key: 'order 1', keep_unique: 1 }),
      finished(40, { task: 'freed', keep_unique: 1 }),
    ])

    const some = await purgeTasks(
      db,
      await requestFor(db, 30, { states: ['done'], queues: ['mail'], tasks: ['a', 'c'] }),
      paceOf(),
    )
    assert.deepEqual(await tasksThere(db), ['b', 'a', 'c', 'paid', 'freed'])
    const rest = await purgeTasks(db, await requestFor(db, 30), paceOf())
    assert.deepEqual(await tasksThere(db), ['paid'])
    const last = await purgeTasks(db, await requestFor(db, 30, { freesUnique: true }), paceOf())

    assert.deepEqual([some.deleted.done, rest.keptUnique, last.keptUnique, last.deleted.done], [1, 1, 0, 1])
    assert.deepEqual(await tasksThere(db), [])
  })

  test(`a run whose end the tick has still to read stays (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const [open = 0, closed = 0] = await insertRows(db, [
      finished(40, { task: 'open', queue: 'exec:backup' }),
      finished(40, { task: 'closed', queue: 'exec:backup' }),
    ])
    const slot = { job: 'backup', verdict: 'started', host: 'web-1' }
    await insertRows(db, [{ ...slot, slot_at: -40 * DAY_MS, is_open: 1, task_id: open }], 'slot')
    await insertRows(db, [{ ...slot, slot_at: -41 * DAY_MS, is_open: 0, task_id: closed }], 'slot')

    const purged = await purgeTasks(db, await requestFor(db, 30), paceOf())

    assert.deepEqual([purged.keptOpen, await tasksThere(db)], [1, ['open']])
  })

  test(`a task that is retried between the look and the write is not deleted (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const ids = await insertRows(db, [finished(40, { task: 'retried' }), finished(40, { task: 'gone' })])
    const { before } = await requestFor(db, 30)
    await insertRows(db, [{ task_id: ids[0] ?? 0, attempt: 1, claim_token: 7, outcome: 'exit' }], 'attempt')
    await changeTasks(db, 'retry', ids.slice(0, 1), { patienceMs: PATIENCE_MS })

    const deleted = await deleteFinished(db, ids, before, PATIENCE_MS)

    assert.deepEqual([deleted.ids, deleted.attempts], [ids.slice(1), 0])
    assert.deepEqual(await tasksThere(db), ['retried'])
    assert.equal((await db.all('SELECT id FROM attempt')).length, 1)
  })

  test(`two purges at once delete each row once, by the index (${database.name})`, async (t) => {
    const { db, open } = await openStore(t, database)
    await fill(db, 1_500)
    const texts: [string, readonly Value[]][] = []
    const other = await open()

    const both = await Promise.all([
      purgeTasks(listening(db, texts), await requestFor(db, 30), paceOf()),
      purgeTasks(other, await requestFor(db, 30), paceOf()),
    ])

    assert.equal(both[0].deleted.done + both[1].deleted.done, 1_500)
    assert.deepEqual(await tasksThere(db), [])
    await fill(db, 2_000)
    const reads = texts.filter(([sql]) => /ORDER BY finished_at/.test(sql))
    assert.ok(reads.length > 0)
    for (const [sql, values] of reads)
      assert.match(await planOf(db, sql, values), /queue_(finished|done|failed|cancelled)/)
    for (const [sql, values] of reads) assert.doesNotMatch(await planOf(db, sql, values), /filesort|TEMP B-TREE/i)
  })

  test(`a purge that is stopped goes on the next time; one that is out of time, too (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await fill(db, 1_000)
    const stop = new AbortController()

    const first = await purgeTasks(
      db,
      await requestFor(db, 30),
      paceOf({ stop: stop.signal, onProgress: () => stop.abort() }),
    )
    const second = await purgeTasks(db, await requestFor(db, 30), paceOf({ maxMs: 0 }))
    const third = await purgeTasks(db, await requestFor(db, 30), paceOf())

    assert.deepEqual([first.ended, second.ended, third.ended], ['stopped', 'time', 'all'])
    assert.ok(first.deleted.done > 0 && first.deleted.done < 1_000, `${first.deleted.done}`)
    assert.equal(second.deleted.done, 0)
    assert.equal(first.deleted.done + third.deleted.done, 1_000)
  })

  test(`log files go by their day, unless a task that stays has its output there (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const directory = join(temporaryDirectory(t), 'logs')
    const now = Date.now()
    const day = (daysAgo: number) => localDay(ZONE, now - daysAgo * DAY_MS)
    const named = (daysAgo: number) => `do-queue-${day(daysAgo)}.log`
    const own = `do-queue-${day(42)}.task-17.1.out`
    mkdirSync(directory)
    const goes = [named(50), `cron-mission-${day(40)}.log`, `do-queue-${day(41)}.task-4.2.out`]
    const stays = [named(45), own, named(44), named(1), named(0), `cron-mission-${day(29)}.log`, 'mine.log']
    for (const file of [...goes, ...stays]) writeFileSync(join(directory, file), 'x'.repeat(100))
    const [held = 0] = await insertRows(db, [
      { task: 'held', status: 6, ctime: -45 * DAY_MS - 5_000, log_file: named(45) },
      finished(42, { task: 'kept', log_file: own }),
      finished(1, { task: 'young', log_file: named(1), ctime: -50 * DAY_MS }),
    ])
    const attempt = { task_id: held, attempt: 1, claim_token: 1, outcome: 'exit', log_file: named(44) }
    await insertRows(db, [attempt], 'attempt')
    const request = { directory, zone: ZONE, before: now - 30 * DAY_MS, now }
    const goes40 = finished(40, { task: 'goes', log_file: `cron-mission-${day(40)}.log` })
    const [id = 0] = await insertRows(db, [goes40])

    const tried = await purgeLogs([db], { ...request, dryRun: await requestFor(db, 30, { tasks: ['goes'] }) })
    assert.equal((await purgeLogs([db], { ...request, dryRun: await requestFor(db, 30, { tasks: ['none'] }) })).kept, 4)
    await db.run('DELETE FROM queue WHERE id = ?', [id])
    const purged = await purgeLogs([db], request)

    assert.deepEqual(tried, { files: 3, bytes: 300, kept: 3, unsure: 0 })
    assert.deepEqual(purged, tried)
    assert.deepEqual(readdirSync(directory).toSorted(), stays.toSorted())
    // However short the time that is asked for, today's and yesterday's file stay.
    await purgeLogs([db], { ...request, before: now + DAY_MS })
    assert.deepEqual(
      [named(0), named(1), named(29)].map((file) => existsSync(join(directory, file))),
      [true, true, false],
    )
  })
}

async function fill(db: Driver, count: number): Promise<void> {
  const { fromNow } = db.dialect
  const values = Array.from({ length: count }, (_, i) => `('t', 1, ${fromNow(`-${40 * DAY_MS - i}`)})`)
  await db.run(`INSERT INTO queue (task, status, finished_at) VALUES ${values.join(', ')}`)
}

function listening(db: Driver, texts: [string, readonly Value[]][]): Driver {
  return {
    ...{ dialect: db.dialect, transaction: db.transaction.bind(db), close: db.close.bind(db), run: db.run.bind(db) },
    all: (sql, values = []) => {
      texts.push([sql, values])
      return db.all(sql, values)
    },
  }
}

/** What the database says of how it would find the rows of a statement. */
async function planOf(db: Driver, sql: string, values: readonly Value[]): Promise<string> {
  const explain = db.dialect.ddl === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN FORMAT=TRADITIONAL'
  return JSON.stringify(await db.all(`${explain} ${sql}`, values))
}

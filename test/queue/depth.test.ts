import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { STATUS, type StatusName } from '../../src/queue/status.ts'
import { type QueueDepth, queueDepths } from '../../src/queue/store/depth.ts'
import { runningByTask } from '../../src/queue/store/running-count.ts'
import { taskDepths } from '../../src/queue/store/task-depth.ts'
import { DATABASES } from '../helpers/databases.ts'
import { openStore } from './stores.ts'

interface Rows {
  readonly queue: string
  readonly count: number
  readonly state?: StatusName
  readonly task?: (i: number) => string
  readonly agoMs?: number
}

async function insert(db: Driver, ...kinds: readonly Rows[]): Promise<void> {
  const { fromNow } = db.dialect
  for (const { queue, count, state = 'ready', task = () => 'say', agoMs = 0 } of kinds) {
    for (let start = 0; start < count; start += 1_000) {
      const batch = Array.from({ length: Math.min(1_000, count - start) }, (_, i) => start + i)
      await db.run(
        `INSERT INTO queue (queue, task, status, bucket, worker_id, ctime, run_at)
         VALUES ${batch.map(() => `(?, ?, ${STATUS[state]}, ?, ?, ${fromNow('?')}, ${fromNow('?')})`).join(', ')}`,
        batch.flatMap((i): Value[] => [queue, task(i), (i * 7) % 60, state === 'running' ? 1 : null, -agoMs, -agoMs]),
      )
    }
  }
}

function of(depths: readonly QueueDepth[], queue: string): QueueDepth {
  const found = depths.find((depth) => depth.queue === queue)
  assert.ok(found, `There is nothing of ${queue}.`)
  return found
}

const exactly = (count: number) => ({ count, isExact: true, isLeast: false })

/** The statements that a piece of work asks, with their values. */
async function asked(db: Driver, work: (db: Driver) => Promise<unknown>): Promise<[string, readonly Value[]][]> {
  const statements: [string, readonly Value[]][] = []
  const all: Driver['all'] = (sql, values = []) => {
    statements.push([sql, values])
    return db.all(sql, values)
  }
  await work(Object.create(db, { all: { value: all } }) as Driver)
  return statements
}

for (const database of DATABASES) {
  test(`every queue that has unfinished or failed tasks is counted state by state (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(
      db,
      { queue: 'mail', count: 30, agoMs: 90_000 },
      { queue: 'mail', count: 3, state: 'running' },
      { queue: 'mail', count: 4, state: 'scheduled', agoMs: -3_600_000 },
      { queue: 'mail', count: 2, state: 'scheduled', agoMs: 1_000 },
      { queue: 'held', count: 5, state: 'held' },
      { queue: 'broken', count: 6, state: 'failed' },
      { queue: 'busy', count: 1, state: 'running', task: () => 'hang' },
      { queue: 'over', count: 7, state: 'done' },
    )

    const depths = await queueDepths(db)

    assert.deepEqual(
      depths.map(({ queue }) => queue),
      ['broken', 'busy', 'held', 'mail'],
    )
    const { oldestReadyMs, ...mail } = of(depths, 'mail')
    const counts = {
      ready: exactly(30),
      scheduled: exactly(6),
      running: exactly(3),
      held: exactly(0),
      failed: exactly(0),
    }
    assert.deepEqual(mail, { queue: 'mail', ...counts, dueScheduled: 2 })
    assert.ok(oldestReadyMs !== undefined && oldestReadyMs >= 90_000 && oldestReadyMs < 150_000)
    assert.deepEqual([of(depths, 'held').held, of(depths, 'broken').failed], [exactly(5), exactly(6)])
    assert.equal(of(depths, 'broken').oldestReadyMs, undefined)
    assert.deepEqual(await runningByTask(db), [
      { queue: 'busy', task: 'hang', count: exactly(1) },
      { queue: 'mail', task: 'say', count: exactly(3) },
    ])
  })

  test(`beyond the cap, ready tasks are estimated and of others it is known that there are more (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(
      db,
      { queue: 'mail', count: 6_000, task: (i) => (i % 3 === 0 ? 'send-msg' : 'sync-order') },
      { queue: 'mail', count: 101, state: 'failed' },
      { queue: 'mail', count: 100, state: 'scheduled' },
    )

    const [mail] = await queueDepths(db, 150)
    const [least] = await queueDepths(db, 100)

    assert.ok(mail !== undefined && least !== undefined)
    assert.deepEqual(mail.ready, { count: 6_000, isExact: false, isLeast: false })
    assert.deepEqual([mail.failed, mail.scheduled], [exactly(101), exactly(100)])
    assert.deepEqual(least.failed, { count: 100, isExact: false, isLeast: true })
    assert.deepEqual(least.scheduled, exactly(100))
    const tooMany = await queueDepths(db, 99) // not even a bucket is counted to its end
    assert.deepEqual(tooMany[0]?.ready, { count: 5_900, isExact: false, isLeast: true })
  })

  test(`of few tasks each program's are counted, of many they are estimated (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    const task = (i: number) => (i % 4 === 0 ? 'send-msg' : 'sync-order')
    await insert(db, { queue: 'few', count: 400, task }, { queue: 'many', count: 9_000, task })

    const depths = await queueDepths(db)
    assert.deepEqual([of(depths, 'few').ready, of(depths, 'many').ready], [exactly(400), exactly(9_000)])
    const few = await taskDepths(db, 'few', exactly(400), 1)
    const many = await taskDepths(db, 'many', exactly(9_000), 1)

    assert.deepEqual(few, new Map([['send-msg', exactly(100)], ['sync-order', exactly(300)]])) // biome-ignore format: a table
    const { count = 0, isExact } = many.get('send-msg') ?? {}
    assert.ok(isExact === false && count >= 2_000 && count <= 2_500, `It is ${count}.`)
    assert.equal((await taskDepths(db, 'none', exactly(0), 1)).size, 0)
  })

  test(`what is counted is read from an index alone, and nothing is sorted (${database.name})`, async (t) => {
    const { db } = await openStore(t, database)
    await insert(db, { queue: 'mail', count: 6_000 }, { queue: 'mail', count: 50, state: 'failed' })

    const statements = await asked(db, async (it) => {
      await queueDepths(it, 1_000)
      await taskDepths(it, 'mail', exactly(6_000), 1)
    })

    for (const [sql, values] of statements) {
      if (db.dialect.ddl === 'sqlite') {
        const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, values)
        for (const { detail } of plan.filter((step) => / queue\b/.test(step.detail)))
          assert.match(detail, /USING (COVERING )?INDEX|USING INTEGER PRIMARY KEY/, detail)
      } else {
        const plan = await db.all<{ table: string; key: string | null; Extra: string | null }>(`EXPLAIN ${sql}`, values)
        for (const { table, key, Extra } of plan.filter((step) => ['queue', 'sampled', 'heads'].includes(step.table)))
          assert.ok(key !== null && !/filesort/.test(Extra ?? ''), `${table}: ${key}, ${Extra}, for ${sql}`)
      }
    }
  })
}

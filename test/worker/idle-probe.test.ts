/** The idle probe over real rows: what makes a worker look, what does not, and what it asks meanwhile. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bucketsOf } from '../../src/queue/bucket.ts'
import type { Driver } from '../../src/queue/driver.ts'
import { installationName } from '../../src/queue/migrate.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { wakeFile } from '../../src/queue/wake-file.ts'
import { IdleProbe } from '../../src/worker/idle-probe.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { insert, watched } from '../queue/lane-rows.ts'
import { ALL_BUCKETS, openStore } from '../queue/stores.ts'

const READY = { status: 0, bucket: 7 }
const NEVER = Number.POSITIVE_INFINITY

for (const database of DATABASES) {
  test(`a plain INSERT of anybody is noticed by the probe alone (${database.name})`, async (t) => {
    const { open, watch, file } = await place(t, database)
    writeFileSync(file, 'this wakes nobody')
    const worker = await watch({ probeMs: 5 })
    await worker.hasAsked(3)
    assert.equal(worker.looks(), 0)

    await insert(await open(), READY)

    await worker.hasLooked(1)
    rmSync(file)
  })

  test(`what the library adds is noticed by the wake-up alone (${database.name})`, async (t) => {
    const { url, watch } = await place(t, database)
    const [everything, part, elsewhere] = [
      await watch({ probeMs: NEVER }),
      await watch({ probeMs: NEVER, buckets: bucketsOf(2, [1]) }),
      await watch({ probeMs: NEVER, queue: 'elsewhere' }),
    ]
    const queue = await openQueue(url)
    afterwards(t, () => queue.close())

    await queue.add({ task: 'program' })
    await everything.hasLooked(1)
    await queue.addMany([{ task: 'program' }, { task: 'program', queue: 'elsewhere' }])

    await elsewhere.hasLooked(1)
    await part.hasLooked(1)
  })

  test(`what cannot be claimed is seen once, and what is new of others or elsewhere is not looked at (${database.name})`, async (t) => {
    const { db, watch } = await place(t, database)
    await insert(db, READY)
    const worker = await watch({ probeMs: 2, buckets: bucketsOf(2, [1]) })
    await worker.hasLooked(1)

    await worker.hasAsked(5)
    await insert(db, { status: 0, bucket: 2 }, { status: 0, bucket: 7, queue: 'elsewhere' })
    await worker.hasAsked(5)
    assert.equal(worker.looks(), 1)

    await insert(db, READY)
    await worker.hasLooked(2)
  })

  test(`that nothing is ready is told, and not where something is, or is due (${database.name})`, async (t) => {
    const { db, watch } = await place(t, database)
    const elsewhere = { status: 0, bucket: 2, queue: 'elsewhere' }
    await insert(db, { status: 6 }, { status: 4, run_at: 3_600_000 }, elsewhere)
    const worker = await watch({ probeMs: 2, buckets: bucketsOf(2, [1]) })
    await waitFor(() => worker.nothing() > 2, { what: 'a word that nothing is ready' })

    for (const column of ["status = 0, queue = 'default'", `status = 4, run_at = ${db.dialect.fromNow('-1000')}`]) {
      await db.run(`UPDATE queue SET ${column} WHERE bucket = 2`)
      await worker.hasAsked(2) // the first may have been under way
      const told = worker.nothing()
      await worker.hasAsked(5)
      assert.equal(worker.nothing(), told)
    }
  })

  test(`a task that is released, or comes to its time, is noticed (${database.name})`, async (t) => {
    const { db, watch } = await place(t, database)
    const [held] = await insert(db, { status: 6 }, { status: 4, run_at: 3_600_000 })
    const worker = await watch({ probeMs: 2 })
    await worker.hasAsked(3)
    assert.deepEqual([worker.looks(), worker.isDue()], [0, false])

    await db.run('UPDATE queue SET status = 0 WHERE id = ?', [Number(held)])
    await worker.hasLooked(1)
    assert.equal(worker.isDue(), false)
    await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('?')} WHERE status = 4`, [-1])

    await worker.hasLooked(2)
    assert.equal(worker.isDue(), true)
  })

  test(`whoever is not idle asks nothing, and one whose database is away goes on asking (${database.name})`, async (t) => {
    const { db, watch, url } = await place(t, database)
    const worker = await watch({ probeMs: 1, failing: 2 })
    await worker.hasAsked(4)

    worker.set(false)
    const asked = worker.asked()
    const queue = await openQueue(url)
    afterwards(t, () => queue.close())
    await queue.add({ task: 'program' })
    for (let i = 0; i < 20; i++) await db.all('SELECT 1 AS one')
    assert.ok(worker.asked() - asked <= 1) // that one was under way
    assert.equal(worker.looks(), 0)

    worker.set(true)
    await worker.hasLooked(1)
  })
}

for (const database of DATABASES) {
  test(`unless it is told otherwise it asks next to nothing, and an INSERT of anybody is noticed (${database.name})`, async (t) => {
    const { db, open, watch } = await place(t, database)
    const worker = await watch({})
    await worker.hasAsked(1)
    await sleep(500)
    assert.ok(worker.asked() <= 30, `${worker.asked()} questions in half a second`)

    await insert(await open(), READY)
    await worker.hasLooked(1)
    assert.equal(worker.isDue(), false)
    await db.run(`UPDATE queue SET status = 4, run_at = ${db.dialect.fromNow('?')}`, [300])

    await waitFor(() => worker.isDue(), { what: 'the task to be due' })
  })
}

for (const database of DATABASES) {
  test(`where nothing tells of writes, and the server does not wait for them, it asks (${database.name})`, async (t) => {
    const { open, watch } = await place(t, database)
    const worker = await watch({ hears: false })

    await worker.hasAsked(5)

    await insert(await open(), READY)
    await worker.hasLooked(1)
  })
}

interface Given {
  readonly probeMs?: number
  readonly buckets?: readonly number[]
  readonly queue?: string
  /** Whether the file that tells of writes is there, and the server knows the statement that waits for them. */
  readonly hears?: boolean
  /** So many questions are not answered. */
  readonly failing?: number
}

async function place(t: TestContext, database: Database) {
  const { db, url, open } = await openStore(t, database)
  const installation = await installationName(db)
  const watch = async ({ probeMs, buckets = ALL_BUCKETS, queue = 'default', failing = 0, hears = true }: Given) => {
    let [asked, looks, due, nothing] = [0, 0, false, 0]
    const all = () => {
      asked++
      if (asked <= failing) throw new Error('the database is away')
    }
    const seen = watched(await open(), { all })
    const missing = { file: '/nowhere/queue.db-wal', version: async () => 0 }
    const dialect = { ...seen.dialect, ...(seen.dialect.waitUntil && { waitUntil: () => 'NO STATEMENT' }) }
    const writes = seen.writes && missing
    const own: Driver = hears ? seen : Object.create(seen, { writes: { value: writes }, dialect: { value: dialect } })
    const options = { db: own, queue, buckets, installation, claims: () => looks, probeMs }
    const onNews = (isDue: boolean) => {
      looks++
      due = isDue
    }
    const probe = new IdleProbe(options, { onNews, onNothing: () => nothing++ })
    afterwards(t, () => probe.end())
    probe.set(true)
    const hasAsked = (more: number, from = asked) => waitFor(() => asked >= from + more, { what: 'questions' })
    const hasLooked = (count: number) => waitFor(() => looks >= count, { what: 'a look' })
    const state = { asked: () => asked, looks: () => looks, isDue: () => due, nothing: () => nothing }
    return { ...state, hasAsked, hasLooked, set: (isIdle: boolean) => probe.set(isIdle) }
  }
  return { db, url, open, watch, file: wakeFile(installation, 'default') }
}

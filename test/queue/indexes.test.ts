/** The indexes of the server's table: what a task moves in, and what is asked of all queues without an index for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver, Value } from '../../src/queue/driver.ts'
import { expectedTables } from '../../src/queue/schema-parts.ts'
import { queueDepths } from '../../src/queue/store/depth.ts'
import { examinerOf } from '../../src/queue/store/examine/examiner.ts'
import { finish } from '../../src/queue/store/finish.ts'
import { glance } from '../../src/queue/store/glance.ts'
import { glanceAtWork } from '../../src/queue/store/glance-at-work.ts'
import { heldByCommands, overdue, runningWithoutWorker, silentWorkers } from '../../src/queue/store/left-behind.ts'
import { untilDue } from '../../src/queue/store/news.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { queueWorkers } from '../../src/queue/store/queue-workers.ts'
import { runningTasks, strayTasks } from '../../src/queue/store/running.ts'
import { runningByTask } from '../../src/queue/store/running-count.ts'
import { runningClaims } from '../../src/queue/store/running-now.ts'
import { scheduledPrograms } from '../../src/queue/store/waiting-programs.ts'
import { DATABASES } from '../helpers/databases.ts'
import { entriesRead } from './entries-read.ts'
import { insertMany } from './lane-rows.ts'
import { claimSome, finishOf, openStore, PATIENCE_MS, put } from './stores.ts'

const server = DATABASES.find(({ name }) => name === 'mariadb')
const NEEDS_SERVER = { skip: server === undefined && 'no server' }

test(
  'a task without a key that succeeds at once moves in the claim index, and once in that of what finished',
  NEEDS_SERVER,
  async (t) => {
    if (server === undefined) return
    const { db } = await openStore(t, server)
    await put(db, { task: 'program', unique: 'kept', keepUnique: true })

    const ready = await entries(db)
    const [task] = await claimSome(db)
    const running = await entries(db)
    assert.ok(task !== undefined)
    assert.deepEqual(await finish(db, [finishOf(task, { kind: 'done' })], PATIENCE_MS), [])
    const done = await entries(db)

    assert.deepEqual(moved(ready, running), ['queue_claim'])
    assert.deepEqual(moved(running, done), ['queue_claim', 'queue_finished'])
  },
)

/** By index, what its entry of the one task says. */
async function entries(db: Driver): Promise<Map<string, string>> {
  const [queue] = expectedTables('mysql')
  const [row] = await db.all<Record<string, Value>>('SELECT * FROM queue')
  const entry = (columns: readonly string[]) => JSON.stringify(columns.map((column) => row?.[column]))
  return new Map([...(queue?.indexes ?? [])].map(([name, { columns }]) => [name, entry(columns)]))
}

function moved(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...before].flatMap(([name, entry]) => (after.get(name) === entry ? [] : name)).toSorted()
}

const MOST_READ = 500

test(
  'what is asked of all queues reads neither the history nor what is scheduled for later',
  NEEDS_SERVER,
  async (t) => {
    if (server === undefined) return
    const { db } = await openStore(t, server)
    await insertMany(db, 3_000, { status: 1, queue: 'mail' })
    await insertMany(db, 3_000, { status: 1, queue: 'orders' })
    await insertMany(db, 3_000, { status: 4, run_at: '2037-01-01' })
    for (const status of [2, 3, 6]) await insertMany(db, 5, { status, worker_id: 9, claim_token: 5 })
    const asked: Readonly<Record<string, (db: Driver) => Promise<unknown>>> = {
      promote: (it) => promote(it, 100, PATIENCE_MS),
      glance: (it) => glance(it, 'host'),
      glanceAtWork: (it) => glanceAtWork(it, 'mail', undefined),
      untilDue,
      overdue: (it) => overdue(it, 1),
      runningWithoutWorker: (it) => runningWithoutWorker(it, 1),
      silentWorkers: (it) => silentWorkers(it, 1),
      heldByCommands,
      queueDepths: (it) => queueDepths(it, 20),
      scheduledPrograms,
      runningTasks: (it) => runningTasks(it, 9, 100),
      strayTasks: (it) => strayTasks(it, 100),
      runningByTask,
      runningClaims,
      queueWorkers: (it) => queueWorkers(it, 'mail', null),
      firstStateless: async (it) => examinerOf(it.dialect).firstStateless?.(it),
    }

    for (const [name, ask] of Object.entries(asked)) {
      const read = await entriesRead(db, ask)
      // The soonest of what is scheduled are read and grouped: 300 of them, and once more as a table.
      const most = name === 'scheduledPrograms' ? 1_000 : MOST_READ
      assert.ok(read > 0 && read <= most, `${name} read ${read} entries`)
    }
  },
)

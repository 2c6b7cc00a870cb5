/**
 * Workers that are to be at work always and do not stay: by what the ledger has of the last minutes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Driver } from '../../../src/queue/driver.ts'
import { insertSlots, type Verdict } from '../../../src/queue/store/slot.ts'
import { alwaysEndings, restlessJobs } from '../../../src/schedule/incident/restless.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { DATABASES } from '../../helpers/databases.ts'
import { plannedJob } from '../planned-job.ts'
import { scene } from './told-scene.ts'

const MINUTE_MS = 60_000
const SELF = { host: 'web-1', bootId: 'b', pid: 1, pidStart: 1 }
const NOTIFY = { command: ['bin/alert'] }

function orders(options: Partial<PlannedJob> = {}, maxTimeMs?: number): PlannedJob {
  const work = { kind: 'queue', queue: 'orders', shards: 4, ...(maxTimeMs === undefined ? {} : { maxTimeMs }) } as const
  return plannedJob(work, { id: 'orders', always: true, ...options })
}

/** Of the minute that is so long ago; `place` tells apart what was started in the same one. */
async function started(db: Driver, minutesAgo: number, place = '', verdict: Verdict = 'started'): Promise<void> {
  const slotAt = Date.now() - minutesAgo * MINUTE_MS
  await insertSlots(db, db.dialect, [{ job: 'orders', slotAt, place, verdict, reason: '1 of 4', isOpen: false }], SELF)
}

for (const database of DATABASES) {
  test(`a fourth start within ten minutes is a trouble, by whomever, but not by hand (${database.name})`, async (t) => {
    const { db } = await scene(t, database)
    for (const minutesAgo of [11, 12, 13, 14]) await started(db, minutesAgo)
    await started(db, 9)
    await started(db, 5, 'again:1700000000000')
    await started(db, 5, 'again:1700000001000')
    await started(db, 4, 'hand:1700000000000')
    await started(db, 3, '', 'starting')
    assert.deepEqual(await restlessJobs(db, [orders()]), new Map())

    await started(db, 1)

    assert.deepEqual(await restlessJobs(db, [orders()]), new Map([['orders', 4]]))
    assert.deepEqual(await restlessJobs(db, [orders({ always: false }), orders({}, 60_000)]), new Map())
    assert.deepEqual(await restlessJobs(db, []), new Map())
  })
}

test('who wants to hear of a job is told when its workers do not stay, and when all of them are there again', async (t) => {
  const [sqlite] = DATABASES
  if (sqlite === undefined) throw new Error('There is no SQLite.')
  const { db } = await scene(t, sqlite)
  const job = orders({ notify: NOTIFY })
  const minute = Date.now()
  const about = { job: 'orders', slotAt: minute, exitCode: null, exitSignal: null, attempts: 0 }

  const command = plannedJob({ kind: 'exec', command: ['intake'] }, { id: 'intake', always: true, notify: NOTIFY })
  assert.deepEqual(await alwaysEndings(db, [job, orders(), command], ['intake'], minute), [])
  assert.deepEqual(await alwaysEndings(db, [job], ['orders'], minute), [{ ...about, outcome: 'done', error: null }])

  for (const minutesAgo of [1, 2, 3, 4]) await started(db, minutesAgo)
  const error = 'its workers do not stay: missing ones were started 4 times in the last 10 minutes'
  assert.deepEqual(await alwaysEndings(db, [job], ['orders'], minute), [{ ...about, outcome: 'failed', error }])
})

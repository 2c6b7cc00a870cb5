/**
 * A job of which nobody has heard well for too long.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../../../src/queue/store/slot.ts'
import { noteJobs } from '../../../src/queue/store/tick-row.ts'
import { silentJobs } from '../../../src/schedule/incident/settle-incidents.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { plannedJob } from '../planned-job.ts'
import { AT, alertServer, backup, ending, HOUR_MS, MINUTE_MS, scene, slot, told } from './told-scene.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`a job is silent when nothing went well for its time, and is told so once (${database.name})`, async (t) => {
    const { db, tick } = await scene(t, database)
    const server = await alertServer(t, () => 200)
    const job = backup({ url: server.url, silenceMs: HOUR_MS })
    await noteJobs(db, [{ job: 'backup', meaning: 'm', since: AT - 5 * HOUR_MS }])
    await slot(db, 0, 'started', 'done')
    await slot(db, 30, 'started', 'failed')

    assert.deepEqual(await tick(60, job), told(0))
    assert.deepEqual([await tick(61, job), await tick(62, job)], [told(1), told(0)])
    assert.deepEqual(await tick(63, job, ending('done', 62)), told(1))

    const [silence, recovery] = server.requests.map(({ message }) => message)
    assert.deepEqual([silence?.event, silence?.since, recovery?.event], ['silence', '2026-11-20T01:30:00Z', 'recovery'])
  })
}

test('what is well is another thing for each kind of job, and a pause begins the time anew', async (t) => {
  const { db } = await scene(t, sqlite)
  const silence = { url: 'http://127.0.0.1:1/', silenceMs: HOUR_MS }
  const jobs = {
    exec: plannedJob({ kind: 'exec', command: ['true'] }, { id: 'backup', notify: silence }),
    queue: plannedJob({ kind: 'queue', queue: 'q', shards: 1 }, { id: 'backup', notify: silence }),
    enqueue: plannedJob({ kind: 'enqueue' }, { id: 'backup', notify: silence }),
  }
  const WELL: Record<keyof typeof jobs, readonly Verdict[]> = {
    exec: ['paused', 'stopped'],
    queue: ['started', 'empty', 'overlap', 'paused', 'stopped'],
    enqueue: ['enqueued', 'paused', 'stopped'],
  }
  const verdicts = ['started', 'enqueued', 'empty', 'overlap', 'paused', 'stopped', 'load', 'missed', 'failed'] as const
  await noteJobs(db, [{ job: 'backup', meaning: 'm', since: AT - 5 * HOUR_MS }])

  for (const verdict of verdicts) {
    await db.run('DELETE FROM slot')
    await slot(db, 0, verdict)
    for (const kind of ['exec', 'queue', 'enqueue'] as const) {
      const [silent] = await silentJobs(db, [jobs[kind]], { host: 'web-1', now: AT + 59 * MINUTE_MS })
      assert.equal(silent === undefined, WELL[kind].includes(verdict), `${kind} ${verdict}`)
    }
  }
})

test('a job that never ran is silent when it has been due for its time; a paused one is not', async (t) => {
  const { db } = await scene(t, sqlite)
  const job = backup({ url: 'http://127.0.0.1:1/', silenceMs: HOUR_MS })
  const now = AT + HOUR_MS + 1
  const silent = async (job: PlannedJob) =>
    (await silentJobs(db, [job], { host: 'web-1', now })).map((one) => one.since)

  assert.deepEqual(await silent(job), [])
  await noteJobs(db, [{ job: 'backup', meaning: 'm', since: AT }])

  assert.deepEqual(await silent(job), [AT])
  assert.deepEqual(await silent({ ...job, paused: 'for a while' }), [])
  assert.deepEqual(await silent({ ...job, always: true }), [])
})

/**
 * The connection is cut at one statement of a tick after the other, before it is carried out or after: the tick ends in time,
 * and the next ones run what was due, once.
 */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import type { Database } from '../helpers/databases.ts'
import { type Ended, waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'
import { mariadb, skip } from './database-project.ts'

const SCHEDULE = `
  import { defineSchedule, every } from 'cron-mission'
  const when = every('1m')
  const catchUp = { policy: 'all', within: '1h', max: 30 }
  export default defineSchedule({ timezone: 'UTC', jobs: {
    backup: { when, catchUp, overlap: 'allow', exec: ['sh', '-c', 'echo "$JOB_ID $JOB_SLOT" >> runs'] },
    bill: { when, catchUp, enqueue: ({ slot }) => [{ task: 'note', queue: 'mail', param: 'bill ' + slot.toISOString().slice(0, 19) + 'Z' }] },
    mail: { when, queue: 'mail' },
  } })`
const STATEMENTS = [
  'FROM slot',
  'INSERT INTO slot',
  'INSERT INTO queue',
  'UPDATE slot',
  'COMMIT',
  'UPDATE setting SET value',
  'INSERT INTO worker',
]
/** Late slots are started a few in each tick. */
const MOST_TICKS = 10

for (const loss of ['loseRequest', 'loseReply'] as const) {
  test(`${loss} at each statement of a tick loses no slot and doubles none`, { skip }, async (t) => {
    const { project, proxy } = await proxied(t)
    await tick(project, 0)
    for (const [i, statement] of STATEMENTS.entries()) {
      const lost = proxy[loss](statement)
      const cut = await tick(project, i + 1)
      await lost
      assert.ok([0, 69, 70].includes(cut.code ?? -1), `${statement}: ${cut.code} ${cut.stderr}`)
    }

    const minutes = STATEMENTS.length + 2
    const unfinished = async () =>
      (await slotsOf(project.db, {}, 100)).filter(({ isOpen, verdict }) => isOpen && verdict !== 'started')
    for (let ticks = 0; ticks === 0 || (ticks < MOST_TICKS && (await unfinished()).length > 0); ticks++) {
      await quiet(project)
      // What was being started is taken over when it has had its time.
      await project.db.run(`UPDATE slot SET mtime = ${project.db.dialect.fromNow('?')} WHERE is_open = 1`, [-60_000])
      await tick(project, minutes - 1)
    }
    await quiet(project)
    await project.run('do-queue', ['--queue', 'mail'])

    assert.deepEqual(await unfinished(), [])
    assert.deepEqual(project.lines('runs').toSorted(), due(minutes))
    assert.equal((await slotsOf(project.db, {}, 100)).length, 3 * minutes)
  })
}

test('a tick whose database falls silent gives up before the next but one begins', { skip }, async (t) => {
  const { project, proxy } = await proxied(t)
  await tick(project, 0)
  proxy.silence()

  const begunAt = performance.now()
  const silent = await tick(project, 1)
  const tookMs = performance.now() - begunAt
  proxy.cut()
  await proxy.heal()
  await tick(project, 2)
  await quiet(project)
  await project.run('do-queue', ['--queue', 'mail'])

  assert.notEqual(silent.code, 0)
  assert.ok(tookMs < 50_000, `${tookMs} ms`)
  assert.deepEqual(project.lines('runs').toSorted(), due(3))
})

function due(minutes: number): string[] {
  return ['backup', 'bill'].flatMap((job) => Array.from({ length: minutes }, (_, minute) => `${job} ${time(minute)}`))
}

async function proxied(t: TestContext): Promise<{ project: QueueProject; proxy: DatabaseProxy }> {
  const { url } = await (mariadb as Database).create(t)
  const proxy = await startProxy(t, url)
  const database: Database = { name: 'mariadb', create: async () => ({ url }) }
  const note = '#!/bin/sh\necho "$1" >> runs\n'
  const env = { QUEUE_URL: `${proxy.url}?timeout=1s` }
  return { project: await queueProject(t, database, { schedule: SCHEDULE, tasks: { note }, env }), proxy }
}

function tick(project: QueueProject, minute: number): Promise<Ended> {
  return project.start('cron-mission', ['--at', time(minute)]).exited
}

/** Waits until nobody is at work. */
async function quiet(project: QueueProject): Promise<void> {
  const left = () => project.events('worker-end').length === project.events('worker-start').length
  await waitFor(async () => left() && (await project.db.all('SELECT id FROM worker')).length === 0, {
    what: 'the workers to leave',
    timeoutMs: 30_000,
  })
}

function time(minute: number): string {
  return `2026-11-20T18:3${minute}:00Z`
}

/**
 * A tick while the database is away: commands that every host runs need none, the rest is made up for when it is back.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import type { Database } from '../helpers/databases.ts'
import { type Ended, waitFor } from '../helpers/processes.ts'
import { type DatabaseProxy, startProxy } from '../helpers/proxy.ts'
import { mariadb, skip } from './database-project.ts'

const SCHEDULE = `
  import { cron, defineSchedule, every } from 'cron-mission'
  const write = ['sh', '-c', 'echo "$JOB_ID $JOB_SLOT" >> runs; while [ -e slow ]; do sleep 0.05; done']
  export default defineSchedule({
    timezone: 'UTC',
    jobs: {
      prune: { when: every('1m'), hosts: 'each', exec: write },
      report: { when: cron('30 18 * * *'), exec: write },
    },
  })`

async function project(t: TestContext): Promise<{ project: QueueProject; proxy: DatabaseProxy }> {
  const { url } = await (mariadb as Database).create(t)
  const proxy = await startProxy(t, url)
  const database: Database = { name: 'mariadb', create: async () => ({ url }) }
  const env = { QUEUE_URL: `${proxy.url}?timeout=1s` }
  return { project: await queueProject(t, database, { schedule: SCHEDULE, env }), proxy }
}

/** Workers of the host's own database are not in the server's table. */
async function tick(project: QueueProject, time: string): Promise<Ended> {
  return project.start('cron-mission', ['--at', `2026-11-20T${time}:00Z`]).exited
}

test('what each host runs is run while the database is away, the others when it is back', { skip }, async (t) => {
  const { project: shop, proxy } = await project(t)
  await tick(shop, '18:29')
  await ran(shop, 1)
  await proxy.refuse()
  proxy.cut()

  const first = await tick(shop, '18:30')
  await ran(shop, 2)
  const second = await tick(shop, '18:31')
  await ran(shop, 3)
  await proxy.heal()
  const back = await tick(shop, '18:32')
  await ran(shop, 5)

  assert.deepEqual(shop.lines('runs').toSorted(), [
    'prune 2026-11-20T18:29:00Z',
    'prune 2026-11-20T18:30:00Z',
    'prune 2026-11-20T18:31:00Z',
    'prune 2026-11-20T18:32:00Z',
    'report 2026-11-20T18:30:00Z',
  ])
  assert.equal(first.code, 69)
  assert.match(first.stderr, /^cron-mission: The database at \S+ cannot be reached \(ECONNREFUSED\).*\n$/)
  assert.deepEqual([second.code, second.stderr], [0, ''], 'nothing that needs the server is due')
  assert.deepEqual([back.code, back.stderr], [0, ''])
  assert.deepEqual(
    (await slotsOf(shop.db, {}, 10)).map(({ job, verdict }) => `${job} ${verdict}`),
    ['report started'],
  )
})

test('an outage is told once, not in every minute', { skip }, async (t) => {
  const { project: shop, proxy } = await project(t)
  await proxy.refuse()

  const first = await tick(shop, '18:30')
  const second = await tick(shop, '18:30')

  assert.deepEqual([first.code, second.code], [69, 69])
  assert.match(first.stderr, /cannot be reached/)
  assert.equal(second.stderr, '')
  await ran(shop, 1)
})

test('a stop holds what each host runs as well, and its workers leave', { skip }, async (t) => {
  const { project: shop } = await project(t)
  writeFileSync(shop.path('slow'), '')
  await tick(shop, '18:30')
  await waitFor(() => shop.lines('runs').length === 2, { what: 'both runs to begin' })

  const stop = shop.start('cron-mission', ['stop'])
  await waitFor(() => shop.events('drain').length === 2, { what: 'both workers to be asked to leave' })
  rmSync(shop.path('slow'))
  const stopped = await stop.exited
  await tick(shop, '18:31')

  assert.equal(stopped.code, 0)
  assert.match(stopped.stdout, /2 workers left within/)
  assert.equal(shop.lines('runs').length, 2)
  assert.match(shop.events('job-skipped').join(), /job=prune slot=2026-11-20T18:31:00Z verdict=stopped/)
})

/** So many runs have been, and their workers have left. */
async function ran(shop: QueueProject, count: number): Promise<void> {
  await waitFor(() => shop.lines('runs').length === count, { what: `${count} runs` })
  await waitFor(() => shop.events('worker-end').length === shop.events('worker-start').length, { what: 'all to leave' })
}

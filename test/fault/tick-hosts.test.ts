/**
 * Three hosts that tick at the same time on one database: what one of them runs, each runs, or some may run.
 */
import assert from 'node:assert/strict'
import { join, resolve } from 'node:path'
import test, { type TestContext } from 'node:test'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import type { Database } from '../helpers/databases.ts'
import { type Ended, startProgram, waitFor } from '../helpers/processes.ts'
import { mariadb, skip } from './database-project.ts'
import { whyNoOtherHost } from './other-host.ts'

const HOSTS = ['web-1', 'web-2', 'web-3']
const MINUTES = 3
const SCHEDULE = `
  import { defineSchedule, every } from 'cron-mission'
  const when = every('1m')
  const exec = ['sh', '-c', 'echo "$JOB_ID $JOB_SLOT" >> runs']
  const enqueue = ({ job, slot }) => [{ task: 'note', queue: 'mail', param: job + ' ' + slot.toISOString().slice(0, 19) + 'Z' }]
  export default defineSchedule({ timezone: 'UTC', jobs: {
    one: { when, exec, overlap: 'allow' },
    some: { when, exec, overlap: 'allow', hosts: ['web-2', 'web-3'] },
    each: { when, exec, overlap: 'allow', hosts: 'each' },
    add: { when, enqueue },
    addEach: { when, enqueue, hosts: 'each' },
  } })`

test('three hosts tick at once: each slot is run by one, by some, by each', {
  skip: skip || (whyNoOtherHost() ?? false),
}, async (t) => {
  const note = '#!/bin/sh\necho "$1" >> runs\n'
  const project = await queueProject(t, mariadb as Database, { schedule: SCHEDULE, tasks: { note } })

  for (let minute = 0; minute < MINUTES; minute++) {
    const ended = await Promise.all(HOSTS.map((host) => tickOn(project, t, host, time(minute))))
    for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
  }
  const count = MINUTES * (1 + 1 + 3)
  await waitFor(() => project.lines('runs').length >= count, { what: 'the runs', timeoutMs: 20_000 })
  await waitFor(async () => (await project.db.all('SELECT id FROM worker')).length === 0, {
    what: 'the workers to leave',
  })
  await project.run('do-queue', ['--queue', 'mail'])

  const jobs = ['one', 'some', 'each', 'each', 'each', 'add', 'addEach', 'addEach', 'addEach']
  const due = jobs.flatMap((job) => Array.from({ length: MINUTES }, (_, minute) => `${job} ${time(minute)}`))
  assert.deepEqual(project.lines('runs').toSorted(), due.toSorted())
  const some = (await slotsOf(project.db, { job: 'some' }, 100)).map(({ owner }) => owner.host)
  assert.ok(some.length === MINUTES && some.every((host) => host !== 'web-1'), some.join())
})

/** A tick of a host of that name, with another place for its state. */
function tickOn({ directory }: QueueProject, t: TestContext, host: string, at: string): Promise<Ended> {
  const command = resolve(import.meta.dirname, '../../dist/bin/cron-mission.js')
  const boot = ['--uts', '/bin/sh', '-c', 'hostname "$0" && exec "$@"', host]
  const env = { QUEUE_STATE: join(directory, `.queue-${host}`) }
  return startProgram('unshare', [...boot, process.execPath, command, '--at', at], { cwd: directory, env, t }).exited
}

function time(minute: number): string {
  return `2026-11-20T18:3${minute}:00Z`
}

/**
 * The flags that a tick gives to the workers of any job: `--job`, `--slot`, `--place`, `--nice`.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'
import { isRoot } from '../helpers/server-program.ts'
import { AT, execProject, flags } from './exec-project.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`a worker that was started for a slot says so when it is at work (${database.name})`, async (t) => {
    const project = await execProject(t, database)
    await project.insert({ task: 'wait-for', param: 'go' })
    const { dialect } = project.db
    const columns = 'job, slot_at, place, verdict, is_open, host'
    for (const place of ['hand:17', 'other']) {
      await project.db.run(
        `INSERT INTO slot (${columns}) VALUES ('mail', ${dialect.fromMs('?')}, ?, 'starting', 1, 'h')`,
        [AT, place],
      )
    }
    const verdicts = async () => {
      const rows = await project.db.all<{ verdict: string }>('SELECT verdict FROM slot ORDER BY place')
      return rows.map(({ verdict }) => verdict)
    }

    const worker = project.start('do-queue', ['--job', 'mail', '--slot', '2026-11-20T02:30:00Z', '--place', 'hand:17'])
    await waitFor(async () => (await verdicts())[0] === 'started', { what: 'the worker to say so' })

    assert.deepEqual(await verdicts(), ['started', 'starting'])
    project.release('go')
    assert.equal((await worker.exited).code, 0)
  })
}

test('the programs of a queue’s job know the job, and no slot', async (t) => {
  const project = await execProject(t, sqlite, { env: '#!/bin/sh\necho "$JOB_ID $JOB_SLOT."\n' })
  const [id] = await project.insert({ task: 'env' })

  await project.run('do-queue', ['--job', 'mail'], { env: { JOB_ID: 'outer', JOB_SLOT: 'outer' } })

  assert.equal(project.output(await project.row(id)).toString(), 'mail .\n')
})

test('a worker and its programs take the priority that they are given', async (t) => {
  const project = await execProject(t, sqlite, { nice: '#!/bin/sh\nnice\n' })
  const [id] = await project.due({})

  await project.run('do-queue', flags(['tasks/nice'], '--nice', '7'))

  assert.equal(project.output(await project.row(id)).toString(), '7\n')
})

test('a priority that the system refuses is logged, and the work is done', async (t) => {
  const project = await execProject(t, sqlite)
  const [id] = await project.due({})
  const doQueue = resolve(import.meta.dirname, '../../dist/bin/do-queue.js')
  const withoutRight = isRoot() ? ['setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice'] : ['env']
  const [program = '', ...args] = [...withoutRight, process.execPath, doQueue, ...flags(['true'], '--nice=-5')]

  const { code, stderr } = await runProgram(program, args, { cwd: project.directory, t })

  assert.deepEqual([code, stderr, (await project.row(id)).status], [0, '', 'done'])
  assert.match(project.events('nice-refused')[0] ?? '', / nice=-5 reason=.*(EACCES|EPERM)/)
})

test('ps tells the queue, the shards and what the worker does, and no address of a database', async (t) => {
  const project = await execProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go' })
  const worker = project.start('do-queue', ['--job', 'mail', '--url', project.url, '--queue', 'default'])
  await project.started(id)

  const title = () => readFileSync(`/proc/${worker.pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  await waitFor(() => title() === 'do-queue: default 0/1 (running 1)', {
    what: 'the title of a worker that runs something',
  })
  worker.kill('SIGTERM')
  await waitFor(() => title() === 'do-queue: default 0/1 (draining)', { what: 'the title of a worker that drains' })
  project.release('go')
  const { code } = await worker.exited

  assert.equal(code, 0)
})

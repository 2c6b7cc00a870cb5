/**
 * `do-queue --exec`: the worker of a job's command runs it for every row of the job, and nothing that a row says.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { execQueue } from '../../src/queue/exec-queue.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { execProject, flags } from './exec-project.ts'
import { allGone } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]

for (const database of DATABASES) {
  test(`a command gets exactly its words, its job and slot, and no input (${database.name})`, async (t) => {
    const words = ['', 'a b', "it's", '"quoted"', 'two\nlines', '$HOME `x` \\n *', '-–—', '\u{1f980}', '--url', '0']
    const project = await execProject(t, database)
    const [id] = await project.due({})

    const { code, stdout, stderr } = await project.run('do-queue', flags(['bin/tell', ...words]))

    assert.deepEqual([code, stdout, stderr], [0, '', ''])
    const [told] = project.lines('told').map((line) => JSON.parse(line))
    assert.deepEqual(told, {
      args: words,
      env: {
        ...{ JOB_ID: 'backup', JOB_SLOT: '2026-11-20T02:30:00Z' },
        ...{ TASK_ID: String(id), TASK_NAME: 'backup', TASK_QUEUE: 'exec:backup' },
        ...{ TASK_ATTEMPT: '1', TASK_MAX_ATTEMPTS: '1' },
      },
      cwd: project.directory,
      input: '',
    })
    const row = await project.row(id)
    assert.deepEqual([row.status, row.exitCode, project.output(row).toString()], ['done', 0, 'printed\n'])
    assert.match(project.events('task-done')[0] ?? '', / id=\d+ task=backup queue=exec:backup attempt=1\/1 /)
  })

  test(`a command that fails is tried again as often as its row says (${database.name})`, async (t) => {
    const project = await execProject(t, database)
    const [once, often] = await project.due({}, { retry: '10ms,10ms' })

    await waitFor(
      async () => {
        await project.run('do-queue', flags(['bin/tell', '3']))
        return (await project.states()).every((state) => state === 'failed')
      },
      { what: 'all attempts' },
    )

    const [first, second] = [await project.row(once), await project.row(often)]
    assert.deepEqual([first.attempts, first.exitCode, first.error], [1, 3, 'exit code 3: printed'])
    assert.deepEqual([second.attempts, second.exitCode], [3, 3])
  })

  test(`a command that may run beside itself does: a worker sees what is added while it works (${database.name})`, async (t) => {
    const project = await execProject(t, database)
    const [first] = await project.due({ overlap: 'allow' })
    const worker = project.start('do-queue', flags(['tasks/wait-for', 'go'], '--concurrency', '60'))
    await project.started(first)

    const [second] = await project.due({ overlap: 'allow' })
    await project.started(second)
    const states = await project.states()
    project.release('go')
    const { code, stderr } = await worker.exited

    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual([states, await project.states()], [Array(2).fill('running'), Array(2).fill('done')])
    await project.nothingIsLeft()
  })

  test(`runs go one after the other unless the job allows them otherwise (${database.name})`, async (t) => {
    const project = await execProject(t, database)
    const [first, second] = await project.due({}, {})
    const worker = project.start('do-queue', flags(['tasks/wait-for', 'go'], '--concurrency', '60'))
    await project.started(first)

    await waitFor(() => project.lines(`started.${first}`).length === 1, { what: 'the first run' })
    const started = project.lines(`started.${second}`)
    project.release('go')
    await worker.exited

    assert.deepEqual([started, await project.states()], [[], ['done', 'done']])
    await project.nothingIsLeft()
  })
}

test('a command that takes too long is ended with all that it started', async (t) => {
  const two = '#!/bin/sh\nsleep 600 &\necho $$ $! >started.$TASK_ID\nwait\n'
  const project = await execProject(t, sqlite, { two })
  const [id] = await project.due({ timeoutMs: 400 })

  const running = project.start('do-queue', flags(['tasks/two']))
  const pids = await project.started(id)
  const { code } = await running.exited

  assert.equal(code, 0)
  await allGone(pids)
  const { status, error } = await project.row(id)
  assert.deepEqual([status, pids.length], ['failed', 2])
  assert.match(error ?? '', /^stopped after 1 s, its time limit/)
  await project.nothingIsLeft()
})

test('a command that is not there says so, and is found when it has come', async (t) => {
  const project = await execProject(t, sqlite)
  const [id] = await project.due({ retry: '10ms' })

  await project.run('do-queue', flags(['bin/late']))
  const { status, error } = await project.row(id)
  writeFileSync(project.path('bin/late'), '#!/bin/sh\necho came\n', { mode: 0o755 })
  await waitFor(
    async () => {
      await project.run('do-queue', flags(['bin/late']))
      return (await project.row(id)).status === 'done'
    },
    { what: 'the second attempt' },
  )

  assert.deepEqual([status, error], ['scheduled', `there is no command ${project.path('bin/late')}`])
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['unstartable'],
  )
})

test('what a row says is never run, and never more than one word', async (t) => {
  const project = await execProject(t, sqlite)
  const param = "2026'; touch broken; '"
  await project.insert({ queue: execQueue('backup'), task: '/bin/false', param, retry: 'none' })

  await project.run('do-queue', flags(['bin/tell', '0']))

  const [told] = project.lines('told').map((line) => JSON.parse(line))
  assert.deepEqual([told.args, told.env.JOB_SLOT], [['0'], param])
  assert.deepEqual(await project.states(), ['done'])
})

test('a run that is added while its worker leaves is done by it, or by the next one', async (t) => {
  const project = await execProject(t, sqlite)
  let wasHeld = 0

  for (let round = 0; round < 8; round++) {
    await project.due({})
    const worker = project.start('do-queue', flags(['true']))
    await waitFor(async () => (await project.states()).at(-1) === 'done', { what: 'the first run' })
    await project.due({})
    const isHeld = (await project.db.all('SELECT id FROM worker WHERE seat IS NOT NULL')).length > 0
    assert.equal((await worker.exited).code, 0)

    if (isHeld) assert.equal((await project.states()).at(-1), 'done')
    else await project.run('do-queue', flags(['true']))
    if (isHeld) wasHeld++
  }

  assert.ok(wasHeld > 0, 'no run was added while the worker had its seat')
  await project.nothingIsLeft()
})

/** Cancelling what a worker has claimed: the row says `cancel_at`, and the worker sees to it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allGone, type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'

for (const database of DATABASES) {
  test(`a program whose task is cancelled is ended, and the slot goes on (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id, next] = await project.insert({ task: 'hang', unique_key: 'order 42' }, { task: 'tally' })
    const worker = project.start('do-queue', ['--grace', '1m'])
    const pids = await project.started(id)

    const cancelling = await project.start('queuectl', ['cancel', `${id}`]).exited
    await isCancelled(project, id)
    const { code, stderr } = await worker.exited

    assert.deepEqual([cancelling.code, cancelling.stderr], [0, ''])
    assert.deepEqual([code, stderr], [0, ''])
    await allGone(pids)
    const { attempts, error } = await project.row(id)
    assert.equal(attempts, 1)
    assert.match(error ?? '', /^stopped because it was cancelled/)
    assert.deepEqual(
      (await project.attempts(id)).map(({ attempt, outcome }) => `${attempt} ${outcome}`),
      ['1 cancelled'],
    )
    assert.match(project.events('task-cancelled').join(), new RegExp(` id=${id} `))
    assert.equal((await project.row(next)).status, 'done')
    await project.insert({ task: 'tally', unique_key: 'order 42' })
    await project.nothingIsLeft()
  })

  test(`a program that ignores that its task is cancelled is killed with all it started (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'stubborn' })
    const worker = project.start('do-queue', ['--grace', '200ms'])
    const pids = await project.started(id)

    await cancel(project, id)
    await isCancelled(project, id)
    await worker.exited

    await allGone(pids)
    await project.nothingIsLeft()
  })

  test(`a task that is cancelled while it waits for a slot is never started (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [running, waiting] = await project.insert(
      { task: 'wait-for', param: 'go' },
      { task: 'tally', unique_key: 'u' },
    )
    const worker = project.start('do-queue')
    await project.started(running)
    await waitFor(async () => (await project.row(waiting)).status === 'running', {
      what: 'the second row to be claimed',
    })

    await cancel(project, waiting)
    await isCancelled(project, waiting)
    project.release('go')
    const { code } = await worker.exited

    assert.equal(code, 0)
    assert.deepEqual(project.lines('runs'), [])
    assert.deepEqual(await project.states(), ['done', 'cancelled'])
    await project.insert({ task: 'tally', unique_key: 'u' })
    await project.nothingIsLeft()
  })

  test(`a cancelled program that finishes its work when it is asked to end is done (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'polite' })
    const worker = project.start('do-queue', ['--grace', '1m'])
    await project.started(id)

    await cancel(project, id)
    await waitFor(async () => (await project.row(id)).status !== 'running', { what: 'the program to be asked to end' })
    await worker.exited

    const { status, exitCode, error } = await project.row(id)
    assert.deepEqual([status, exitCode, error], ['done', 0, null])
    assert.deepEqual(await project.attempts(id), [])
    await project.nothingIsLeft()
  })

  test(`a task that is cancelled in the moment its program fails is not tried again (${database.name})`, async (t) => {
    const failing = '#!/bin/sh\necho $$ >"started.$TASK_ID"\nwhile [ ! -e go ]; do sleep 0.02; done\nexit 1\n'
    const project = await queueProject(t, database, { tasks: { failing } })
    const [id] = await project.insert({ task: 'failing', retry: '1ms', unique_key: 'u' })
    const worker = project.start('do-queue')
    await project.started(id)

    await cancel(project, id)
    project.release('go')
    await worker.exited

    assert.equal((await project.row(id)).status, 'cancelled')
    assert.equal((await project.attempts(id)).length, 1)
    await project.insert({ task: 'tally', unique_key: 'u' })
    await project.nothingIsLeft()
  })
}

async function cancel({ db }: QueueProject, id: number | undefined): Promise<void> {
  await db.run(`UPDATE queue SET cancel_at = ${db.dialect.now} WHERE id = ? AND status = 2`, [id ?? null])
}

/** A beat at most; in fact much less. */
async function isCancelled(project: QueueProject, id: number | undefined): Promise<void> {
  const what = 'the worker to see to it'
  await waitFor(async () => (await project.row(id)).status === 'cancelled', { what, timeoutMs: 16_000 })
}

/** Connections that fall silent without ending, for longer than an answer may take. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { waitFor } from '../helpers/processes.ts'
import { allDoneOnce, dismissed, proxiedProject, ranOnce, skip } from './database-project.ts'

// Each waits most of the time.
describe('a database that falls silent', { skip, concurrency: 4 }, () => {
  for (const way of ['requests', 'replies'] as const) {
    test(`its ${way} are swallowed while programs end: each result is booked once`, async (t) => {
      const project = await proxiedProject(t)
      const worker = await project.working(3)

      project.proxy.halfOpen(way)
      project.release('go')
      await project.databaseLost()
      await project.proxy.heal()

      await allDoneOnce(project, worker, 1)
    })
  }

  test('both ways while a worker waits for tasks: it goes on with new connections', async (t) => {
    const project = await proxiedProject(t)
    const worker = await project.working(1, ['--watch'])
    project.release('go')
    await project.finished()

    project.proxy.silence()
    await project.insert({ task: 'tally' }, { task: 'tally' })
    await project.databaseLost()
    await project.proxy.heal()

    await project.finished()
    await allDoneOnce(project, await dismissed(worker), 1)
  })

  test('and an answer that is slow is no loss', async (t) => {
    const project = await proxiedProject(t)
    await project.insert(...Array.from({ length: 10 }, () => ({ task: 'tally' })))
    project.proxy.delay(50)

    const worker = project.start('do-queue', ['--concurrency', '4'])

    await allDoneOnce(project, worker, 0)
  })

  test('for good: a worker that is told to leave does leave, and what it knew is booked later', async (t) => {
    const project = await proxiedProject(t)
    const worker = await project.working(1, ['--watch', '--limit', '1', '--grace', '1m'])
    project.proxy.silence()

    worker.kill('SIGTERM')
    await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
    project.release('go')
    const { code, signal } = await worker.exited
    await project.proxy.heal()

    assert.deepEqual([code, signal], [69, null])
    const { code: next, stderr } = await project.run('do-queue')
    assert.deepEqual([next, stderr], [0, ''])
    await ranOnce(project)
  })
})

/** The database cannot be reached for a moment, at each of the moments at which it is needed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { waitFor } from '../helpers/processes.ts'
import { allDoneOnce, dismissed, proxiedProject, skip } from './database-project.ts'

// Each waits most of the time.
describe('a database that goes away', { skip, concurrency: 4 }, () => {
  test('at connect: the worker says so once, waits, and works when it is there', async (t) => {
    const project = await proxiedProject(t)
    await project.insert({ task: 'tally' }, { task: 'tally' })
    await project.proxy.refuse()

    const worker = project.start('do-queue')
    await waitFor(() => worker.stderr.endsWith('\n'), { what: 'the sentence' })
    await project.proxy.heal()
    const { code, stderr } = await worker.exited

    assert.equal(code, 0)
    assert.match(stderr, /^do-queue: The database at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. [^\n]+\n$/)
    assert.deepEqual(await project.states(), ['done', 'done'])
    await project.nothingIsLeft()
  })

  test('at a claim: it is asked again, and the tasks that came meanwhile run', async (t) => {
    const project = await proxiedProject(t)
    const worker = project.start('do-queue', ['--watch'])
    await waitFor(() => project.events('worker-start').length > 0, { what: 'the worker to start' })

    await project.proxy.refuse()
    project.proxy.cut()
    await project.insert({ task: 'tally' }, { task: 'tally' })
    await project.databaseLost()
    await project.proxy.heal()

    await project.finished()
    await allDoneOnce(project, await dismissed(worker), 1)
  })

  for (const part of ['request', 'reply'] as const) {
    test(`between claim and start: the ${part} of the claim is lost, and each task runs once`, async (t) => {
      const project = await proxiedProject(t)
      await project.insert(...Array.from({ length: 20 }, () => ({ task: 'tally' })))
      const lost =
        part === 'request' ? project.proxy.loseRequest('SET status = 2') : project.proxy.loseReply('SET status = 2')

      const worker = project.start('do-queue', ['--concurrency', '4'])
      await lost

      await allDoneOnce(project, worker, 1)
    })

    test(`at finish: the ${part} is lost, and each result is booked once`, async (t) => {
      const project = await proxiedProject(t)
      await project.insert(...Array.from({ length: 20 }, () => ({ task: 'tally' })))
      const lost =
        part === 'request' ? project.proxy.loseRequest('SET status = 1') : project.proxy.loseReply('SET status = 1')

      const worker = project.start('do-queue', ['--concurrency', '4'])
      await lost

      await allDoneOnce(project, worker, 1)
    })

    test(`at the commit of results that were not ok: the ${part} is lost, and each attempt is told once`, async (t) => {
      const project = await proxiedProject(t)
      const worker = await project.working(5, ['--retry', '10m'], 'fails')
      const lost = part === 'request' ? project.proxy.loseRequest('COMMIT') : project.proxy.loseReply('COMMIT')

      project.release('go')
      await lost
      const { code, stderr } = await worker.exited

      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(project.lines('runs').length, 5)
      for (const { id, status, attempts } of await project.rows()) {
        assert.deepEqual([status, attempts, (await project.attempts(id)).length], ['scheduled', 1, 1])
      }
      assert.deepEqual(project.events('claim-lost'), [])
      assert.equal(project.events('database-lost').length, 1)
      await project.nothingIsLeft()
    })
  }

  test('while programs run and end: their results are kept until it answers', async (t) => {
    const project = await proxiedProject(t)
    const worker = await project.working(3)

    await project.proxy.refuse()
    project.proxy.cut()
    project.release('go')
    await project.databaseLost()
    await project.proxy.heal()

    await allDoneOnce(project, worker, 1)
  })

  test('again and again while hundreds of tasks run: each runs once', async (t) => {
    const project = await proxiedProject(t)
    await project.insert(...Array.from({ length: 300 }, () => ({ task: 'tally' })))
    const worker = project.start('do-queue', ['--concurrency', '4', '--batch', '20'])
    const ran = () => project.lines('runs').length

    for (const count of [30, 100, 200]) {
      await waitFor(() => ran() >= count, { what: `${count} programs` })
      project.proxy.cut()
    }
    const { code, stderr } = await worker.exited

    assert.deepEqual([code, stderr], [0, ''])
    const lines = project.lines('runs')
    assert.deepEqual([lines.length, new Set(lines).size], [300, 300])
    assert.ok((await project.rows()).every(({ status, attempts }) => status === 'done' && attempts === 1))
    await project.nothingIsLeft()
  })
})

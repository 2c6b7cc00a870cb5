/**
 * Programs that run too long, workers that are told to leave, and what is killed from outside.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { allGone, type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]

const LOST = 'its runner ended in the middle of it, and how far it came is not known'

for (const database of DATABASES) {
  const signals = database === sqlite ? (['SIGTERM', 'SIGINT', 'SIGHUP'] as const) : (['SIGTERM'] as const)
  for (const signal of signals) {
    test(`the first ${signal} drains: what runs is finished, what was claimed is given back (${database.name})`, async (t) => {
      const project = await queueProject(t, database)
      const [running] = await project.insert(
        { task: 'wait-for', param: 'go' },
        ...Array.from({ length: 5 }, () => ({ task: 'exit' })),
      )
      const worker = project.start('do-queue')
      await project.started(running)
      await waitFor(async () => (await project.states())[1] === 'running', { what: 'a second row to be claimed' })

      worker.kill(signal)
      await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
      project.release('go')
      const { code, stdout, stderr } = await worker.exited

      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, /^1 done, 0 to be retried, 0 failed/)
      assert.match(project.events('drain').join(), new RegExp(`reason=${signal} running=1 given-back=1$`))
      const [done, ...others] = await project.rows()
      assert.deepEqual([done?.status, done?.attempts], ['done', 1])
      for (const row of others) {
        assert.deepEqual([row.status, row.attempts, row.claimToken, row.workerId], ['ready', 0, null, null])
      }
      await project.nothingIsLeft()
    })
  }

  test(`a second SIGTERM ends the program, and its task is run again without having lost an attempt (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [id] = await project.insert({ task: 'wait-for', param: 'go' })
    const worker = project.start('do-queue', ['--grace', '1m'])
    const pids = await project.started(id)

    worker.kill('SIGTERM')
    await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
    worker.kill('SIGTERM')
    const { code, stderr } = await worker.exited

    assert.deepEqual([code, stderr], [0, ''])
    await allGone(pids)
    await project.nothingIsLeft()
    const stopped = await project.row(id)
    assert.equal(stopped.attempts, 0)
    assert.match(stopped.error ?? '', /^stopped because the worker had to leave/)
    assert.deepEqual(
      (await project.attempts(id)).map(({ attempt, outcome }) => `${attempt} ${outcome}`),
      ['1 stopped'],
    )
    project.release('go')
    await project.run('do-queue')
    const again = await project.row(id)
    assert.deepEqual([again.status, again.attempts, again.error], ['done', 1, null])
  })
}

test('a program that ignores being asked to end is killed with all it started when the grace period is over', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id] = await project.insert({ task: 'stubborn' })
  const worker = project.start('do-queue', ['--grace', '300ms'])
  const pids = await project.started(id)

  worker.kill('SIGTERM')
  const { code, stderr } = await worker.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(pids.length, 3)
  await allGone(pids)
  assert.match(project.events('stop').join(), /reason="the grace period is over" running=1$/)
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['stopped'],
  )
  await project.nothingIsLeft()
})

test('a draining worker stops a program that outlasts the grace period', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id] = await project.insert({ task: 'hang' })
  const worker = project.start('do-queue', ['--grace', '300ms', '--watch'])
  const pids = await project.started(id)

  worker.kill('SIGTERM')

  assert.equal((await worker.exited).code, 0)
  await allGone(pids)
  assert.equal((await project.row(id)).attempts, 0)
  await project.nothingIsLeft()
})

test('a program that runs too long is asked to end, and the slot goes on with the next', async (t) => {
  const project = await queueProject(t, sqlite)
  const [hang, next] = await project.insert({ task: 'hang' }, { task: 'exit' })

  const { code, stdout } = await project.run('do-queue', ['--timeout', '300ms', '--grace', '1m'])

  assert.equal(code, 0)
  assert.match(stdout, /^1 done, 1 to be retried/)
  const row = await project.row(hang)
  assert.deepEqual([row.status, row.attempts], ['scheduled', 1])
  assert.match(row.error ?? '', /^stopped after 0.3 s, its time limit/)
  assert.deepEqual(
    (await project.attempts(hang)).map(({ outcome }) => outcome),
    ['timeout'],
  )
  assert.equal((await project.row(next)).status, 'done')
  await allGone(await project.started(hang))
})

test('a program that finishes its work when it is asked to end is done', async (t) => {
  const polite = "#!/bin/sh\ntrap 'echo finished; exit 0' TERM\nwhile :; do sleep 0.02; done\n"
  const project = await queueProject(t, sqlite, { tasks: { polite } })
  const [id] = await project.insert({ task: 'polite' })

  await project.run('do-queue', ['--timeout', '300ms', '--grace', '1m'])

  const row = await project.row(id)
  assert.deepEqual([row.status, row.attempts, row.exitCode, row.error], ['done', 1, 0, null])
  assert.match(project.output(row).toString(), /finished\n$/)
})

test('a program that ignores its time limit is killed with its child and grandchild, and the slot goes on', async (t) => {
  const project = await queueProject(t, sqlite)
  const [stubborn, next] = await project.insert({ task: 'stubborn' }, { task: 'say', param: 'next' })

  await project.run('do-queue', ['--timeout', '500ms', '--grace', '200ms'])

  const pids = await project.started(stubborn)
  assert.equal(pids.length, 3)
  await allGone(pids)
  assert.deepEqual(
    (await project.attempts(stubborn)).map(({ outcome }) => outcome),
    ['timeout'],
  )
  assert.equal(project.output(await project.row(next)).toString(), 'next')
})

test('a program that ends at its time limit may not leave a child behind', async (t) => {
  const project = await queueProject(t, sqlite)
  const [careless, next] = await project.insert({ task: 'careless' }, { task: 'exit' })
  const worker = project.start('do-queue', ['--timeout', '300ms', '--grace', '200ms'])
  const pids = await project.started(careless)

  await worker.exited

  await allGone(pids)
  assert.equal((await project.row(next)).status, 'done')
  await project.nothingIsLeft()
})

test("a row's own time limit goes before that of the worker", async (t) => {
  const project = await queueProject(t, sqlite)
  const [strict] = await project.insert({ task: 'hang', timeout_s: 1 })

  await project.run('do-queue', ['--timeout', '1h'])

  assert.match((await project.row(strict)).error ?? '', /^stopped after 1 s, its time limit/)
})

test('a runner that is killed from outside loses its program, whose task is held when that is asked, and the slot goes on', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id, next] = await project.insert({ task: 'hang' }, { task: 'exit' })
  const worker = project.start('do-queue', ['--crash', 'hold'])
  const pids = await project.started(id)

  killRunners(project)
  const { code, stdout, stderr } = await worker.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^1 done, 0 to be retried, 0 failed, 1 held/)
  await allGone(pids)
  const row = await project.row(id)
  assert.deepEqual([row.status, row.attempts, row.error], ['held', 1, LOST])
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['crashed'],
  )
  assert.match(project.events('runner-lost').join(), new RegExp(`id=${id}$`))
  assert.equal((await project.row(next)).status, 'done')
  await project.nothingIsLeft()
})

test('a runner that is killed while it has nothing to do is replaced for the next task', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit' })
  const worker = project.start('do-queue', ['--watch'])
  await waitFor(async () => (await project.states())[0] === 'done', { what: 'the first task' })

  killRunners(project)
  await waitFor(() => project.runners().length === 0, { what: 'the end of the runner' })
  const [id] = await project.insert({ task: 'exit' })

  await waitFor(async () => (await project.row(id)).status === 'done', { what: 'the next task', timeoutMs: 4_000 })
  worker.kill('SIGTERM')
  assert.equal((await worker.exited).code, 0)
  await project.nothingIsLeft()
})

test('a program that kills its own group takes the runner with it, and the other tasks go on', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { suicidal: '#!/bin/sh\nkill -9 0\n' } })
  const [id] = await project.insert({ task: 'suicidal' }, { task: 'exit' }, { task: 'exit' })

  const { stdout } = await project.run('do-queue', ['--crash', 'fail'])

  assert.match(stdout, /^2 done, 0 to be retried, 1 failed/)
  assert.equal((await project.row(id)).error, LOST)
})

test('a program that reads no input, or closes everything, disturbs nothing', async (t) => {
  const project = await queueProject(t, sqlite, {
    tasks: { closing: '#!/bin/sh\nexec <&- >&- 2>&-\nexit 0\n' },
  })
  await project.insert(
    { task: 'closing', param: 'x'.repeat(60_000) },
    { task: 'exit', param: '0' },
    { task: 'closing' },
  )

  const { stdout } = await project.run('do-queue')

  assert.match(stdout, /^3 done/)
})

test('a worker whose program writes to every descriptor that it could inherit is not misled', async (t) => {
  const forger = '#!/bin/sh\nfor fd in 3 4 5 6 7 8 9; do echo "E $TASK_ID 1 0" >&$fd; done 2>/dev/null\nexit 3\n'
  const project = await queueProject(t, sqlite, { tasks: { forger } })
  const [id, next] = await project.insert({ task: 'forger' }, { task: 'exit' })

  await project.run('do-queue')

  assert.equal((await project.row(id)).exitCode, 3)
  assert.equal((await project.row(next)).status, 'done')
})

function killRunners(project: QueueProject): void {
  const runners = project.runners()
  assert.ok(runners.length > 0)
  for (const { pid } of runners) process.kill(pid, 'SIGKILL')
}

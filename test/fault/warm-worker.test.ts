/** Warm programs whose worker is killed, stopped or told to let go of a task: as other programs, and none of them stays. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allGone } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { ACTOR } from '../worker/warm-slot.ts'
import { type FaultProject, faultProject, killed, killedWithRunners } from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

const TASKS = { 'act.warm': ACTOR }
const STARTED = 'echo $$ >starting.$id; mv starting.$id started.$id'
const WAIT = `${STARTED}; while [ ! -e go ]; do sleep 0.02; done`
const HANG = `${STARTED}; sleep 600; say 0`
const STAY = '\ntrap : TERM; while :; do sleep 60; done\n'
const PID = 'echo $$ >&2; say 0'

/** Its workers' directories are gone, and every process with them. */
async function bookedBy(project: FaultProject, args: readonly string[] = []): Promise<void> {
  await project.once('do-queue', ['--quiet', ...args])
  await project.adopted()
}

describe('warm programs', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    test(`tasks of a killed worker are seen to their end, and booked once with what they said (${database.name})`, async (t) => {
      const project = await faultProject(t, database, { tasks: TASKS })
      const ends = ['say 0', 'say 65', 'echo oops', 'exit 4', 'kill -9 $$']
      const rows = ends.map((end) => ({ task: 'act', param: `${WAIT}; echo seen >&2; ${end}` }))
      const ids = await project.insert(...rows, { task: 'act', param: PID })
      const worker = await project.working(ids.slice(0, 5), ['--concurrency', '5'])
      const pids = (await Promise.all(ids.slice(0, 5).map((id) => project.started(id)))).flat()

      await killed(worker)
      assert.ok(pids.every(isAlive))
      project.release('go')
      await allGone(pids)
      assert.deepEqual(await project.states(), [...ends.map(() => 'running'), 'running'])
      await bookedBy(project)

      const rowsThen = await project.rows()
      assert.deepEqual(
        rowsThen.map(({ status, exitCode, exitSignal }) => [status, exitCode, exitSignal]),
        [
          ['done', 0, null],
          ['failed', 65, null],
          ['scheduled', null, null],
          ['scheduled', 4, null],
          ['scheduled', null, 'SIGKILL'],
          ['done', 0, null],
        ],
      )
      assert.deepEqual(
        rowsThen.slice(0, 5).map((row) => project.output(row).toString()),
        ends.map(() => 'seen\n'),
      )
      assert.match(rowsThen[2]?.error ?? '', /^its program wrote oops to stdout, where answers go: /)
      assert.deepEqual(
        await Promise.all(ids.slice(0, 5).map(async (id) => (await project.attempts(id)).length)),
        [0, 1, 1, 1, 1],
      )
    })
  }

  test('a time limit holds when the worker is gone', async (t) => {
    const project = await faultProject(t, sqlite, { tasks: TASKS })
    const [id] = await project.insert({ task: 'act', param: HANG, timeout_s: 1 })
    const worker = await project.working([id])
    const pids = await project.started(id)

    await killed(worker)
    const beside = await project.beside()
    await project.booked()
    beside.kill()
    await beside.exited

    await allGone(pids)
    assert.match((await project.row(id)).error ?? '', /^stopped after 1 s, its time limit/)
    await project.adopted()
  })

  test('an attempt whose runner is killed with its worker has crashed', async (t) => {
    const project = await faultProject(t, sqlite, { tasks: TASKS })
    const [id] = await project.insert({ task: 'act', param: HANG })
    const worker = await project.working([id], ['--crash', 'hold'])

    await killedWithRunners(project, worker, await project.started(id))
    await bookedBy(project)

    assert.deepEqual(await project.states(), ['held'])
  })

  for (const [what, end, task] of [
    ['an idle program that leaves at the end of its input', '', `${STARTED}; say 0`],
    ['an idle program that does not care', STAY, `${STARTED}; say 0`],
    ['a program that does not care and has a task', STAY, `${WAIT}; say 0`],
  ] as const) {
    test(`${what} does not outlive a killed worker and that task`, async (t) => {
      const tasks = { 'act.warm': ACTOR + end }
      const project = await faultProject(t, sqlite, { tasks, env: { QUEUE_GRACE: '300ms' } })
      const [id] = await project.insert({ task: 'act', param: task })
      const worker = await project.working([id], ['--watch'])
      const pids = await project.started(id)
      const isReady = async () => task.startsWith(WAIT) || (await project.states())[0] === 'done'
      await waitFor(isReady, { what: 'it to be booked' })
      assert.ok(pids.every(isAlive))

      await killed(worker)
      project.release('go')

      await allGone(pids)
      await waitFor(() => project.runners().length === 0, { what: 'the runner to leave' })
      await bookedBy(project)
      assert.deepEqual(await project.states(), ['done'])
    })
  }

  test('a task that is cancelled is ended with its program, and the next one has another', async (t) => {
    const project = await faultProject(t, sqlite, { tasks: TASKS })
    const [id, next] = await project.insert({ task: 'act', param: HANG }, { task: 'act', param: PID })
    const worker = await project.working([id])
    const [pid] = await project.started(id)

    await project.once('queuectl', ['cancel', `${id}`])
    const { code } = await worker.exited

    assert.equal(code, 0)
    assert.deepEqual(await project.states(), ['cancelled', 'done'])
    assert.notEqual(project.output(await project.row(next)).toString(), `${pid}\n`)
    await project.adopted()
  })

  test('a worker that drains lets the task end that is under way, and one that stops ends it', async (t) => {
    const project = await faultProject(t, sqlite, { tasks: TASKS })
    const [id, later] = await project.insert({ task: 'act', param: `${WAIT}; say 0` }, { task: 'act', param: PID })
    const drained = await project.working([id])

    drained.kill('SIGTERM')
    await waitFor(() => project.events('drain').length > 0, { what: 'it to drain' })
    project.release('go')
    await drained.exited
    assert.deepEqual(await project.states(), ['done', 'ready'])

    const [hanging] = await project.insert({ task: 'act', param: HANG })
    const stopped = await project.working([hanging])
    stopped.kill('SIGTERM')
    await waitFor(() => project.events('drain').length > 1, { what: 'it to drain' })
    stopped.kill('SIGTERM')
    await stopped.exited

    assert.deepEqual(await project.states(), ['done', 'done', 'scheduled'])
    assert.equal((await project.row(hanging)).error?.split(':')[0], 'stopped because the worker had to leave')
    assert.equal((await project.row(later)).status, 'done')
    await project.adopted()
  })

  test('a pause of its queue lets a warm program wait, and it goes on afterwards', async (t) => {
    const project = await faultProject(t, sqlite, { tasks: TASKS })
    const [first] = await project.insert({ task: 'act', param: `${STARTED}; ${PID}` })
    const worker = await project.working([first], ['--watch'])
    await waitFor(async () => (await project.states())[0] === 'done', { what: 'the first task' })

    await project.once('queuectl', ['pause', '--queue', 'default', '--reason', 'a test'])
    await waitFor(() => project.events('queue-paused').length > 0, { what: 'the worker to hear of it' })
    const [second] = await project.insert({ task: 'act', param: PID })
    await project.once('queuectl', ['resume', '--queue', 'default'])
    await waitFor(async () => (await project.states())[1] === 'done', { what: 'the second task' })
    worker.kill('SIGTERM')
    await worker.exited

    const [before, after] = [await project.row(first), await project.row(second)]
    assert.equal(project.output(after).toString(), project.output(before).toString())
    await project.adopted()
  })
})

/**
 * Worker and runner are both gone in the middle of a program, so nobody saw its end: the crash policy of that worker decides.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type FaultProject, faultProject, killed, killedWithRunners, parentOf } from './fault-project.ts'

const LOST = 'its runner ended in the middle of it, and how far it came is not known'

const POLICIES = {
  retry: { states: ['scheduled', 'ready'], attempts: 0 },
  hold: { states: ['held'], attempts: 1 },
  fail: { states: ['failed'], attempts: 1 },
}

for (const database of DATABASES) {
  for (const [policy, expected] of Object.entries(POLICIES)) {
    test(`an attempt that nobody saw the end of goes by --crash ${policy} of its worker (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [lost, behind] = await project.insert(
        { task: 'finish-when', param: 'go 3000', unique_key: 'a' },
        { task: 'say' },
      )
      const worker = await project.working([lost], ['--crash', policy])
      await killedWithRunners(project, worker, await project.started(lost))

      const another = policy === 'hold' ? 'fail' : 'hold'
      await project.once('do-queue', ['--queue', 'other', '--crash', another])

      const row = await project.row(lost)
      assert.ok(expected.states.includes(row.status), row.status)
      assert.deepEqual([row.attempts, row.error], [expected.attempts, LOST])
      assert.deepEqual(
        (await project.attempts(lost)).map(({ attempt, outcome, exitCode }) => [attempt, outcome, exitCode]),
        [[1, 'crashed', null]],
      )
      assert.deepEqual([(await project.row(behind)).status, (await project.row(behind)).attempts], ['ready', 0])
      await project.adopted()
    })
  }

  test(`a first crash is run again at once, a second one waits by the list of its worker (${database.name})`, async (t) => {
    const project = await faultProject(t, database)
    const [id] = await project.insert({ task: 'finish-when', param: 'go 3000' })
    for (const _ of ['first', 'second']) {
      const worker = await project.working([id], ['--retry', '10m,20m'])
      await killedWithRunners(project, worker, await project.started(id))
      await forget(project, id)
      await project.once('do-queue', ['--queue', 'other'])
    }

    const row = await project.row(id)
    assert.deepEqual([row.status, row.attempts, row.delayMs], ['scheduled', 0, 600_000])
    assert.deepEqual(
      (await project.attempts(id)).map(({ attempt, outcome }) => [attempt, outcome]),
      [
        [1, 'crashed'],
        [1, 'crashed'],
      ],
    )
    await project.adopted()
  })

  test(`a runner that is killed after its worker loses its own program only (${database.name})`, async (t) => {
    const project = await faultProject(t, database)
    const ids = await project.insert(
      { task: 'finish-when', param: 'go 3000' },
      { task: 'finish-when', param: 'go 4000' },
    )
    const worker = await project.working(ids, ['--concurrency', '2', '--crash', 'fail'])
    await killed(worker)
    const [first] = await project.started(ids[0])
    const runner = project.runners().find(({ pid }) => pid === parentOf(first))

    process.kill(runner?.pid ?? 0, 'SIGKILL')
    await waitFor(() => project.runners().length === 1, { what: 'the end of one runner' })
    await project.once('do-queue')

    assert.deepEqual(await project.states(), ['failed', 'running'])
    await waitFor(() => parentOf(first) === undefined, { what: 'the end of the program that had lost its runner' })
    project.release('go')
    await waitFor(() => project.runners().length === 0, { what: 'the other runner to leave' })
    await project.once('do-queue')
    assert.deepEqual(await project.states(), ['failed', 'done'])
    await project.adopted()
  })

  test(`after a reboot what the journals tell is booked, and what they do not tell goes by the policy (${database.name})`, async (t) => {
    const project = await faultProject(t, database)
    const ids = await project.insert(
      { task: 'finish-when', param: 'go 3000 7' },
      { task: 'finish-when', param: 'never 4000' },
      { task: 'say' },
    )
    const worker = await project.working(ids.slice(0, 2), ['--concurrency', '2', '--crash', 'hold', '--retry', '10m'])
    await waitFor(async () => (await project.states())[2] === 'running', { what: 'a third row to be claimed' })
    worker.kill('SIGSTOP')
    project.release('go')
    await waitFor(() => project.journals().some(({ text }) => /^E /m.test(text)), { what: 'one program to end' })
    const pids = await project.started(ids[1])
    await killedWithRunners(project, worker, pids)
    await project.rebooted()

    await project.once('do-queue', ['--queue', 'other'])
    assert.deepEqual(await project.states(), ['running', 'running', 'running'])
    await project.leaseEnds()
    await project.once('do-queue', ['--queue', 'other'])

    const [ended, lost, unstarted] = await project.rows()
    assert.deepEqual([ended?.status, ended?.attempts, ended?.exitCode], ['scheduled', 1, 7])
    assert.deepEqual([lost?.status, lost?.error], ['held', LOST])
    assert.notEqual(unstarted?.status, 'running')
    await project.adopted()
  })
}

/** So that the next attempt's program can be waited for. */
async function forget(project: FaultProject, id: number | undefined): Promise<void> {
  await rm(project.path(`started.${id}`))
}

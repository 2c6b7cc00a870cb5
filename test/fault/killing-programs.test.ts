/** Programs that do not want to be ended, however they go about it; and that nothing of them stays. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allGone, queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'

const [sqlite] = DATABASES as readonly [Database]

test('a child in a process group of its own is killed with its program at the time limit', async (t) => {
  const project = await queueProject(t, sqlite)
  const [regroup, next] = await project.insert({ task: 'regroup' }, { task: 'say', param: 'next' })

  await project.start('do-queue', ['--timeout', '400ms', '--grace', '200ms']).exited

  const pids = await project.started(regroup)
  assert.equal(pids.length, 2)
  await allGone(pids)
  assert.deepEqual(
    (await project.attempts(regroup)).map(({ outcome }) => outcome),
    ['timeout'],
  )
  assert.equal(project.output(await project.row(next)).toString(), 'next')
  await project.nothingIsLeft()
})

test('a child in a process group of its own is killed when the worker is told to stop', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id] = await project.insert({ task: 'regroup' })
  const worker = project.start('do-queue', ['--grace', '200ms'])
  const pids = await project.started(id)

  worker.kill('SIGTERM')
  await worker.exited

  await allGone(pids)
  await project.nothingIsLeft()
})

test('what leaves the session escapes, as documented, and does not hold up the worker', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id, next] = await project.insert({ task: 'detach' }, { task: 'say', param: 'next' })

  const { code } = await project.start('do-queue', ['--timeout', '300ms', '--grace', '200ms']).exited

  const [program = 0, escaped = 0] = await project.started(id)
  afterwards(t, () => process.kill(escaped, 'SIGKILL'))
  assert.equal(code, 0)
  await allGone([program])
  assert.ok(isAlive(escaped))
  assert.equal(project.output(await project.row(next)).toString(), 'next')
})

for (const [who, param] of [
  ['a program', ''],
  ['a program, with its runner,', '0'],
] as const) {
  test(`${who} that was stopped (SIGSTOP) is killed when the grace period after its time limit is over`, async (t) => {
    const project = await queueProject(t, sqlite)
    const [id, next] = await project.insert({ task: 'freeze', param }, { task: 'say', param: 'next' })

    await project.run('do-queue', ['--timeout', '300ms', '--grace', '200ms'])

    await allGone(await project.started(id))
    const { status, error } = await project.row(id)
    assert.equal(status, 'scheduled')
    assert.match(error ?? '', /^stopped after 0.3 s, its time limit/)
    assert.equal(project.output(await project.row(next)).toString(), 'next')
  })
}

test('a program that is over its time limit disturbs none of those beside it', async (t) => {
  const project = await queueProject(t, sqlite)
  const [stubborn, waiting] = await project.insert(
    { task: 'stubborn', timeout_s: 1 },
    { task: 'wait-for', param: 'go' },
    ...Array.from({ length: 40 }, () => ({ task: 'tally' })),
  )
  const worker = project.start('do-queue', ['--concurrency', '3', '--grace', '200ms'])

  await waitFor(async () => (await project.row(stubborn)).status === 'scheduled', {
    what: 'the end of the stubborn one',
  })
  assert.equal((await project.row(waiting)).status, 'running')
  project.release('go')
  const { stdout } = await worker.exited

  assert.match(stdout, /^41 done, 1 to be retried, 0 failed/)
  await project.nothingIsLeft()
})

test('a second SIGTERM ends each of the programs that run, in its own way, and gives back what was not started', async (t) => {
  const project = await queueProject(t, sqlite)
  const ids = await project.insert(
    ...['hang', 'stubborn', 'polite', 'freeze', 'tally', 'tally', 'tally'].map((task) => ({ task })),
  )
  const worker = project.start('do-queue', ['--concurrency', '4', '--grace', '400ms'])
  const pids = (await Promise.all(ids.slice(0, 4).map((id) => project.started(id)))).flat()

  worker.kill('SIGTERM')
  await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
  worker.kill('SIGTERM')
  const { code, stderr } = await worker.exited

  assert.deepEqual([code, stderr], [0, ''])
  await allGone(pids)
  await project.nothingIsLeft()
  assert.deepEqual(
    (await project.rows()).map(({ status, attempts }) => `${status} ${attempts}`),
    ['scheduled 0', 'scheduled 0', 'done 1', 'scheduled 0', 'ready 0', 'ready 0', 'ready 0'],
  )
})

test('after 200 programs, some of which left orphans, none is a zombie', async (t) => {
  const orphaning = '#!/bin/sh\nsleep 0.01 & sleep 0 &\nexit $((TASK_ID % 2))\n'
  const project = await queueProject(t, sqlite, { tasks: { orphaning } })
  await project.insert(...Array.from({ length: 200 }, () => ({ task: 'orphaning', retry: 'none' })))
  const worker = project.start('do-queue', ['--concurrency', '4', '--watch'])
  await waitFor(async () => (await project.states()).every((state) => /done|failed/.test(state)), { what: '200 tasks' })

  const ours = [worker.pid, ...project.runners().map(({ pid }) => pid)]

  assert.equal(ours.length, 5)
  assert.deepEqual(zombies(ours), [])
  worker.kill('SIGTERM')
  await worker.exited
  await project.nothingIsLeft()
})

/** The processes that have ended and that none of these parents has waited for. */
function zombies(parents: readonly number[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => {
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return state === 'Z' && parents.includes(Number(parent))
    })
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

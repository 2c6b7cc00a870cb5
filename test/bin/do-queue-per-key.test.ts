/**
 * The promise of `--per-key`: of one key never more programs at once than that, whoever else is at work, and every row once.
 *
 * Programs say when they begin and end in one file; what was at once is counted from its lines.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { checkNewTask, type NewTask } from '../../src/queue/new-task.ts'
import { addMany } from '../../src/queue/store/add.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { makeProject, startBin, waitFor } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'

const ROWS = Number(process.env.ROWS ?? 300)
const [sqlite] = DATABASES as [Database]

for (const database of DATABASES) {
  test(`of no key more run at once than --per-key says, under workers with overlapping totals (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    const project = makeProject(t, {
      tasks: { note: '#!/bin/sh\necho "+ $1 $TASK_ID" >>ran\nsleep 0.01\necho "- $1 $TASK_ID" >>ran\n' },
    })
    const db = await openDriver(url, '/')
    afterwards(t, () => db.close())
    await migrate(db)
    const keys = ['a', 'b', 'c', 'd', 'e']
    await put(
      db,
      Array.from({ length: ROWS }, (_, i) => ({ task: 'note', param: keys[i % 5] ?? '', key: keys[i % 5] ?? '' })),
    )
    await put(
      db,
      Array.from({ length: ROWS / 3 }, () => ({ task: 'note', param: 'none' })),
    )

    const flags = ['--per-key', '2', '--concurrency', '6', '--quiet']
    const shards = [
      ['--total', '1'],
      ['--total', '2', '--shard', '0'],
      ['--total', '2', '--shard', '1'],
      ['--total', '3', '--shard', 'all'],
    ]
    const workers = shards.map((of) =>
      startBin('do-queue', [...flags, ...of], { cwd: project.directory, env: { QUEUE_URL: url }, t }),
    )
    const ended = await Promise.all(workers.map(({ exited }) => exited))

    for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
    const lines = readFileSync(project.path('ran'), 'utf8').trimEnd().split('\n')
    const most = mostAtOnce(lines)
    for (const key of keys) assert.ok((most.get(key) ?? 0) <= 2, `${most.get(key)} of ${key} at once`)
    assert.equal(Math.max(...keys.map((key) => most.get(key) ?? 0)), 2)
    const begun = lines.filter((line) => line.startsWith('+'))
    assert.equal(new Set(begun).size, begun.length)
    assert.equal(begun.length, ROWS + ROWS / 3)
    const left = await db.all('SELECT id FROM queue WHERE status <> 1')
    assert.deepEqual(left, [])
  })
}

for (const database of DATABASES) {
  test(`a key with hundreds of tasks lets the others have their turns, and a dead one keeps nobody (${database.name})`, async (t) => {
    const project = await queueProject(t, database, {
      tasks: { note: '#!/bin/sh\necho "$1" >>ran\n[ "$1" != dead ]\n' },
    })
    const of = (key: string, count: number) => Array.from({ length: count }, () => ({ task: 'note', param: key, key }))
    await put(project.db, [...of('many', 100), ...of('dead', 6), ...of('b', 3), ...of('c', 3)])

    const { code } = await project.run('do-queue', ['--per-key', '1', '--concurrency', '1', '--retry', '1h'])

    assert.equal(code, 0)
    const ran = project.lines('ran')
    const before = ran.slice(0, ran.lastIndexOf(ran.lastIndexOf('b') > ran.lastIndexOf('c') ? 'b' : 'c'))
    assert.ok(before.filter((key) => key === 'many').length <= 40, before.join(' '))
    assert.equal(ran.filter((key) => key === 'dead').length, 6)
    assert.equal(ran.length, 112)
    assert.equal((await project.states()).filter((state) => state === 'scheduled').length, 6)
  })
}

test('a worker leaves at once where one of the queue goes by another rule, and says so', async (t) => {
  const project = await queueProject(t, sqlite)
  const first = project.start('do-queue', ['--total', '2', '--shard', '0', '--per-key', '2', '--watch'])
  await waitFor(() => project.events('worker-start').length === 1, { what: 'the first worker to start' })
  await project.insert({ task: 'say' })

  const without = project.start('do-queue', ['--total', '2', '--shard', '1', '--watch'])
  const ended = await without.exited
  first.kill('SIGTERM')

  assert.equal(ended.code, 75)
  assert.match(
    ended.stderr,
    /^do-queue: Queue "default" is worked with --per-key 2 by pid \d+ on .*, and this worker was started without --per-key\. Wait for it, or give all workers of the queue the same --per-key\.\n$/,
  )
  assert.equal((await first.exited).code, 0)
  await project.nothingIsLeft()
})

test('what a dead worker runs counts until it has ended', async (t) => {
  const project = await queueProject(t, sqlite)
  const keyed = { task: 'wait-for', shard_key: 'a', bucket: 0 }
  const [running] = await project.insert({ ...keyed, param: 'go' })
  const flags = ['--per-key', '1', '--concurrency', '2']
  const killed = project.start('do-queue', [...flags, '--watch'])
  await project.started(running)
  killed.kill('SIGKILL')
  await killed.exited
  const [next, other] = await project.insert({ ...keyed, param: 'go' }, { task: 'say', shard_key: 'b', bucket: 0 })

  const second = project.start('do-queue', [...flags, '--watch'])
  await waitFor(async () => (await project.row(other)).status === 'done', { what: 'the other key to be served' })
  assert.equal((await project.row(next)).status, 'ready')
  project.release('go')

  await waitFor(async () => (await project.row(next)).status === 'done', { what: 'the next of the key to run' })
  second.kill('SIGTERM')
  await second.exited
  await project.nothingIsLeft()
})

test('a dry run shows as many of each key as would run at once', async (t) => {
  const project = await queueProject(t, sqlite)
  const keyed = (key: string) => ({ task: 'say', param: key, shard_key: key, bucket: 3 })
  await project.insert(keyed('a'), keyed('a'), keyed('a'), keyed('b'), { task: 'say', param: 'none' })

  const { stdout } = await project.run('do-queue', ['--per-key', '2', '--dry-run'])

  const params = [...stdout.matchAll(/"(\w+)"/g)].map(([, param]) => param)
  assert.deepEqual(params.toSorted(), ['a', 'a', 'b', 'none'])
})

function put(db: Driver, tasks: readonly NewTask[]): Promise<unknown> {
  return addMany(
    db,
    db.dialect,
    tasks.map((task) => checkNewTask(task, Date.now(), db.dialect.latestMs)),
  )
}

/** By key, from lines `+ key id` and `- key id`. */
function mostAtOnce(lines: readonly string[]): Map<string, number> {
  const now = new Map<string, number>()
  const most = new Map<string, number>()
  for (const line of lines) {
    const [sign, key = ''] = line.split(' ')
    const count = (now.get(key) ?? 0) + (sign === '+' ? 1 : -1)
    now.set(key, count)
    most.set(key, Math.max(most.get(key) ?? 0, count))
  }
  return most
}

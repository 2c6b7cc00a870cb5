import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Ended, waitFor } from '../helpers/processes.ts'
import { type NewRow, type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const BUCKETS = Array.from({ length: 60 }, (_, bucket) => bucket)

for (const database of DATABASES) {
  test(`one shard works on its buckets only, and the four together on all (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...BUCKETS.map((bucket) => ({ task: 'exit', bucket })))

    const alone = await project.run('do-queue', ['--total', '4', '--shard', '1'])
    const afterOne = await project.rows()
    const others = ['0', '2', '3'].map((shard) => project.start('do-queue', ['--total', '4', '--shard', shard]))
    const ended = await Promise.all(others.map(({ exited }) => exited))

    assert.match(alone.stdout, /^15 done/)
    for (const [bucket, row] of afterOne.entries()) {
      const expected = bucket % 4 === 1 ? ['done', 1] : ['ready', 0]
      assert.deepEqual([row.status, row.attempts], expected, `bucket ${bucket}`)
    }
    for (const { code, stdout } of ended) assert.match(`${code} ${stdout}`, /^0 15 done/)
    assert.deepEqual(
      await attemptsOfDone(project),
      BUCKETS.map(() => 1),
    )
    await project.nothingIsLeft()
  })

  test(`workers with different totals may work at once, and no task is run twice (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const ids = await project.insert(...Array.from({ length: 120 }, () => ({ task: 'exit' })))

    const workers = [[], ['--total', '2', '--shard', '0'], ['--total', '3', '--shard', 'all']].map((flags) =>
      project.start('do-queue', [...flags, '--batch', '5']),
    )
    const ended = await Promise.all(workers.map(({ exited }) => exited))

    assert.deepEqual(
      ended.map(({ code, stderr }) => `${code}${stderr}`),
      ['0', '0', '0'],
    )
    const started = project.events('task-done').map((line) => Number(/ id=(\d+) /.exec(line)?.[1]))
    assert.deepEqual(
      started.toSorted((a, b) => a - b),
      ids,
    )
    assert.deepEqual(
      await attemptsOfDone(project),
      ids.map(() => 1),
    )
    await project.nothingIsLeft()
  })

  test(`a second worker for a shard is told who holds it, and touches nothing (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [held] = await project.insert(waiting(1), { task: 'exit', bucket: 5 })
    const holder = project.start('do-queue', ['--total', '4', '--shard', '1', '--batch', '1'])
    await project.started(held)
    const before = await project.rows()

    const second = project.start('do-queue', ['--total', '4', '--shard', '1'])
    const { code, stdout, stderr } = await second.exited

    assert.deepEqual([code, stdout], [75, ''])
    assert.match(stderr, busySentence('1/4', holder.pid))
    assert.deepEqual(await project.rows(), before)
    project.release('go')
    assert.equal((await holder.exited).code, 0)
    assert.deepEqual(await project.states(), ['done', 'done'])
    await project.nothingIsLeft()
  })

  test(`of several shards those that are free are worked on (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [held] = await project.insert(waiting(1), ...BUCKETS.map((bucket) => ({ task: 'exit', bucket })))
    const holder = project.start('do-queue', ['--total', '4', '--shard', '1'])
    await project.started(held)

    const { code, stdout } = await project.start('do-queue', ['--total', '4', '--shard', 'all']).exited

    assert.match(`${code} ${stdout}`, /^0 45 done/)
    assert.match(
      project.events('shard-taken').join('\n'),
      new RegExp(`taken=1/4 holder="?${hostname()}:${holder.pid}"?$`),
    )
    project.release('go')
    assert.match((await holder.exited).stdout, /^16 done/)
    await project.nothingIsLeft()
  })

  test(`the seat of a worker that was killed is free at once on its host (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [running] = await project.insert({ task: 'hang', bucket: 1 })
    const holder = project.start('do-queue', ['--total', '4', '--shard', '1'])
    await project.started(running)

    holder.kill('SIGKILL')
    await holder.exited
    await project.insert({ task: 'exit', bucket: 1 })
    const next = await project.start('do-queue', ['--total', '4', '--shard', '1', '--task', 'exit']).exited

    assert.match(`${next.code} ${next.stdout}`, /^0 1 done/)
    assert.equal(next.stderr, '')
  })
}

for (const shards of ['0-3', 'all', '3,0-1,2']) {
  test(`--shard ${shards} of 4 in one process empties the queue`, async (t) => {
    const project = await queueProject(t, sqlite)
    await project.insert(...BUCKETS.map((bucket) => ({ task: 'exit', bucket })))

    const { code, stdout } = await project.run('do-queue', ['--total', '4', '--shard', shards])

    assert.match(`${code} ${stdout}`, /^0 60 done/)
    assert.match(project.events('worker-start').join(), / all\/4 worker-start queue=default concurrency=4 /)
  })
}

test('shards of one process run side by side, each with a program of its own', async (t) => {
  const project = await queueProject(t, sqlite)
  const ids = await project.insert(waiting(0), waiting(1), waiting(2))
  const worker = project.start('do-queue', ['--total', '4', '--shard', '0-2'])

  for (const id of ids) await project.started(id)
  project.release('go')

  assert.equal((await worker.exited).code, 0)
  await project.nothingIsLeft()
})

test('of workers that are started at once for one shard, one works and the others are told so', async (t) => {
  const project = await queueProject(t, sqlite)
  const workers = [1, 2, 3].map(() => project.start('do-queue', ['--watch']))
  const refused: Ended[] = []
  for (const { exited } of workers) exited.then((ended) => refused.push(ended))
  await waitFor(() => refused.length === 2, { what: 'two workers to leave' })

  const [holder] = workers.filter(({ stderr }) => stderr === '')
  holder?.kill('SIGTERM')

  assert.equal((await holder?.exited)?.code, 0)
  for (const { code, stderr } of refused.slice(0, 2)) {
    assert.equal(code, 75)
    assert.match(stderr, busySentence('0/1', holder?.pid))
  }
  await project.nothingIsLeft()
})

function waiting(bucket: number): NewRow {
  return { task: 'wait-for', param: 'go', bucket }
}

function busySentence(shard: string, pid: number | undefined): RegExp {
  const since = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d'
  return new RegExp(
    `^do-queue: Shard ${shard} of queue "default" is being worked on by pid ${pid} on ${hostname()} since ${since}\\. [^\\n]+\\.\\n$`,
  )
}

async function attemptsOfDone(project: QueueProject): Promise<number[]> {
  return (await project.rows()).filter(({ status }) => status === 'done').map(({ attempts }) => attempts)
}

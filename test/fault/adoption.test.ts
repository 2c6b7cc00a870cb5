/**
 * A worker is killed while its programs run: they go on, and whoever comes next books them.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { bytesOfSeq } from './bytes-of-seq.ts'
import {
  AT,
  dismissed,
  type FaultProject,
  faultProject,
  killed,
  NOTHING_DUE,
  NOTICED_MS,
  OTHER_QUEUE,
} from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

/** Who comes next, and how it is got going. */
const NEXT = {
  'a worker that is started later': (project: FaultProject) => project.once('do-queue', ['--quiet']),
  'a worker of another queue that is started later': (project: FaultProject) =>
    project.once('do-queue', ['--queue', 'other', '--total', '3', '--shard', '2', '--quiet']),
  'a tick that starts nothing': (project: FaultProject) => project.once('cron-mission', ['--at', AT]),
}

// They wait more than they compute.
describe('the programs of a killed worker', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    for (const [who, comes] of Object.entries(NEXT)) {
      test(`programs of a killed worker run to their end and are booked by ${who} (${database.name})`, async (t) => {
        const project = await faultProject(t, database, { schedule: OTHER_QUEUE })
        const ids = await project.insert(...[1, 2, 3].map((n) => ({ task: 'finish-when', param: `go ${n}000 0` })))
        const worker = await project.working(ids, ['--concurrency', '3'])
        const pids = (await Promise.all(ids.map((id) => project.started(id)))).flat()

        await killed(worker)
        assert.ok(pids.every(isAlive))
        project.release('go')
        await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
        assert.deepEqual(await project.states(), ['running', 'running', 'running'])
        await comes(project)

        await allDoneOnce(project, [1_000, 2_000, 3_000])
        await project.adopted()
      })
    }

    test(`a worker beside a killed one books its programs as soon as they end (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const ids = await project.insert(...[1, 2].map((n) => ({ task: 'finish-when', param: `go ${n}000 0` })))
      const beside = await project.beside()
      const worker = await project.working(ids, ['--concurrency', '2'])

      const runners = project.journals().map(({ text }) => Number(/^S .* (\d+)$/m.exec(text)?.[1]))
      await killed(worker)
      project.release('go')
      await waitFor(() => !project.runners().some(({ pid }) => runners.includes(pid)), { what: 'the runners to leave' })
      const tookMs = await project.booked()

      assert.ok(tookMs < NOTICED_MS, `It took ${Math.round(tookMs)} ms.`)
      await allDoneOnce(project, [1_000, 2_000])
      await dismissed(project, beside)
      await project.adopted()
    })

    test(`what a killed worker had claimed and not started is ready at once, with no attempt used (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [running, ...behind] = await project.insert(
        { task: 'finish-when', param: 'go' },
        ...Array.from({ length: 4 }, () => ({ task: 'say', param: 'later' })),
      )
      const beside = await project.beside()
      const worker = await project.working([running])
      await waitFor(async () => (await project.states())[1] === 'running', { what: 'a second row to be claimed' })

      await killed(worker)
      const killedAt = performance.now()
      await waitFor(async () => !(await project.states()).slice(1).includes('running'), { what: 'the rows to be back' })
      const tookMs = performance.now() - killedAt

      assert.ok(tookMs < NOTICED_MS, `It took ${Math.round(tookMs)} ms.`)
      for (const id of behind) {
        const { status, attempts, claimToken, workerId } = await project.row(id)
        assert.deepEqual([status, attempts, claimToken, workerId], ['ready', 0, null, null])
      }
      assert.equal((await project.row(running)).status, 'running')
      await project.once('do-queue', ['--quiet'])
      assert.deepEqual(await project.states(), ['running', 'done', 'done', 'done', 'done'])
      project.release('go')
      await project.booked()
      await dismissed(project, beside)
      assert.deepEqual((await project.row(running)).attempts, 1)
      await project.adopted()
    })

    test(`while a program still runs, ticks keep the lease of its dead worker and take nothing from it (${database.name})`, async (t) => {
      const project = await faultProject(t, database, { schedule: NOTHING_DUE })
      const ids = await project.insert({ task: 'finish-when', param: 'go 10' })
      const worker = await project.working(ids)
      const before = await project.row(ids[0])
      await killed(worker)

      for (const at of ['2026-11-20T18:30:00Z', '2026-11-20T18:31:00Z']) {
        await project.leaseEnds()
        await project.once('cron-mission', ['--at', at])

        const [holder] = await project.workers()
        assert.ok((holder?.leaseMs ?? 0) > 30_000, `The lease ends in ${holder?.leaseMs} ms.`)
        assert.deepEqual(await project.row(ids[0]), before)
      }
      project.release('go')
      await waitFor(() => project.runners().length === 0, { what: 'the runner to leave' })
      await project.once('cron-mission', ['--at', '2026-11-20T18:32:00Z'])

      await allDoneOnce(project, [10])
      await project.adopted()
    })

    test(`a worker beside it keeps the lease of a dead worker while its program runs (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const ids = await project.insert({ task: 'finish-when', param: 'go 10' })
      const worker = await project.working(ids)
      const [{ id: dead } = { id: 0 }] = await project.workers()
      await project.leaseEnds(dead)
      const beside = await project.beside()
      assert.deepEqual(await project.states(), ['running'])

      await killed(worker)
      const isKept = async () => ((await project.workers()).find(({ id }) => id === dead)?.leaseMs ?? 0) > 30_000
      await waitFor(isKept, { what: 'its lease to be renewed' })

      assert.deepEqual(await project.states(), ['running'])
      project.release('go')
      await project.booked()
      await allDoneOnce(project, [10])
      await dismissed(project, beside)
      await project.adopted()
    })

    test(`the seat of a killed worker is free at once, though its program still runs (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [first] = await project.insert({ task: 'finish-when', param: 'go' })
      await killed(await project.working([first]))

      const [second] = await project.insert({ task: 'finish-when', param: 'go' })
      const next = await project.working([second])
      assert.deepEqual(await project.states(), ['running', 'running'])
      project.release('go')
      assert.equal((await next.exited).code, 0)
      await project.once('do-queue')

      assert.deepEqual(await project.states(), ['done', 'done'])
      await project.adopted()
    })

    test(`a worker that was killed with nothing to do leaves no trace (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [id] = await project.insert({ task: 'exit' })
      const worker = project.start('do-queue', ['--watch'])
      await waitFor(async () => (await project.row(id)).status === 'done', { what: 'its first task' })
      await killed(worker)

      await project.once('do-queue')

      assert.equal((await project.row(id)).attempts, 1)
      await project.adopted()
    })
  }

  test('a worker that is stopped for a while and goes on is not taken for dead', async (t) => {
    const project = await faultProject(t, sqlite)
    const ids = await project.insert({ task: 'finish-when', param: 'go 10' })
    const worker = await project.working(ids)

    worker.kill('SIGSTOP')
    project.release('go')
    await waitFor(() => project.lines(`started.${ids[0]}`).length === 1, { what: 'the program' })
    await project.once('do-queue', ['--queue', 'other'])
    assert.deepEqual(await project.states(), ['running'])
    worker.kill('SIGCONT')

    assert.equal((await worker.exited).code, 0)
    await allDoneOnce(project, [10])
    await project.adopted()
  })
})

const [, server] = DATABASES

test('a claim that the server carries out when its worker is dead and cleared away is not stuck', {
  skip: server === undefined && 'it takes a database server',
}, async (t) => {
  const project = await faultProject(t, server as Database)
  const [id] = await project.insert({ task: 'say' })
  const unlock = await project.lockRows()
  const worker = project.start('do-queue')
  await waitFor(() => isWaiting(project), { what: 'the claim to wait for the rows' })

  await killed(worker)
  await project.once('do-queue', ['--queue', 'other'])
  await unlock('carried out')
  await waitFor(async () => (await project.row(id)).status === 'running' || !(await isWaiting(project)), {
    what: 'the claim to be carried out',
  })
  await project.db.run(`UPDATE queue SET started_at = ${project.db.dialect.fromNow('?')}`, [-61_000])
  await project.once('do-queue', ['--queue', 'other'])
  await project.once('do-queue')

  const { status, attempts } = await project.row(id)
  assert.deepEqual([status, attempts], ['done', 1])
  await project.adopted()
})

async function isWaiting({ db }: FaultProject): Promise<boolean> {
  const rows = await db.all(
    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'UPDATE%' AND id <> CONNECTION_ID()",
  )
  return rows.length > 0
}

/** Each was done in one attempt and logged once, with exactly these bytes of output. */
async function allDoneOnce(project: FaultProject, sizes: readonly number[]): Promise<void> {
  const rows = await project.rows()
  const attempts = await Promise.all(rows.map(({ id }) => project.attempts(id)))
  assert.deepEqual(
    rows.map(({ status, attempts, exitCode, error }) => [status, attempts, exitCode, error]),
    rows.map(() => ['done', 1, 0, null]),
  )
  assert.deepEqual(attempts.flat(), [])
  assert.deepEqual(
    rows.map((row) => project.written(row)),
    sizes.map(bytesOfSeq),
  )
  for (const { id } of rows) {
    const lines = project.events('task-done').filter((line) => line.includes(` id=${id} `))
    assert.equal(lines.length, 1, lines.join('\n'))
  }
}

/**
 * A program whose worker is dead is not out of reach: its time limit holds, and it can be cancelled.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allGone } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { dismissed, type FaultProject, faultProject, killed, NOTHING_DUE } from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

// They wait more than they compute.
describe('limits of programs whose worker is dead', { concurrency: 2 }, () => {
  for (const database of DATABASES) {
    test(`a program that outruns its worker and its time limit is stopped by the next worker (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [byRow, byFlag] = await project.insert({ task: 'hang', timeout_s: 2 }, { task: 'hang' })
      const beside = await project.beside()
      const worker = await project.working(
        [byRow, byFlag],
        ['--concurrency', '2', '--timeout', '1500ms', '--retry', '10m'],
      )
      const pids = [...(await project.started(byRow)), ...(await project.started(byFlag))]
      await killed(worker)

      await project.booked()

      await allGone(pids)
      assert.match((await project.row(byRow)).error ?? '', /^stopped after 2 s, its time limit/)
      assert.match((await project.row(byFlag)).error ?? '', /^stopped after 1.5 s, its time limit/)
      for (const id of [byRow, byFlag]) {
        const row = await project.row(id)
        assert.deepEqual([row.status, row.attempts], ['scheduled', 1])
        assert.deepEqual(
          (await project.attempts(id)).map(({ outcome }) => outcome),
          ['timeout'],
        )
      }
      await dismissed(project, beside)
      await project.adopted()
    })

    test(`a task that is cancelled after its worker was killed has its program stopped (${database.name})`, async (t) => {
      const project = await faultProject(t, database)
      const [hang, other] = await project.insert(
        { task: 'hang', unique_key: 'a' },
        { task: 'finish-when', param: 'go 100' },
      )
      const beside = await project.beside()
      const worker = await project.working([hang, other], ['--concurrency', '2'])
      const pids = await project.started(hang)
      await killed(worker)

      await cancel(project, hang)
      await waitFor(async () => (await project.row(hang)).status !== 'running', { what: 'it to be booked' })

      await allGone(pids)
      assert.deepEqual((await project.row(hang)).status, 'cancelled')
      assert.deepEqual((await project.row(other)).status, 'running')
      project.release('go')
      await project.booked()
      assert.deepEqual((await project.row(other)).status, 'done')
      await dismissed(project, beside)
      await project.adopted()
    })
  }

  test('ticks alone stop a program at its time limit, and kill it when the grace period is over', async (t) => {
    const project = await faultProject(t, sqlite, { schedule: NOTHING_DUE, env: { QUEUE_GRACE: '300ms' } })
    const [id] = await project.insert({ task: 'stubborn', timeout_s: 1 })
    const worker = await project.working([id])
    const pids = await project.started(id)
    await killed(worker)

    let minute = 10
    await waitFor(
      async () => {
        await project.once('cron-mission', ['--at', `2026-11-20T18:${minute++}:00Z`])
        return (await project.row(id)).status !== 'running'
      },
      { what: 'the program to be stopped by ticks' },
    )

    await allGone(pids)
    assert.deepEqual(
      (await project.attempts(id)).map(({ outcome }) => outcome),
      ['timeout'],
    )
    await project.adopted()
  })

  test('a program that finishes its work when an adopter asks it to end is done', async (t) => {
    const project = await faultProject(t, sqlite)
    const [id] = await project.insert({ task: 'polite', timeout_s: 1 })
    const beside = await project.beside()
    await killed(await project.working([id]))

    await project.booked()

    const row = await project.row(id)
    assert.deepEqual([row.status, row.attempts, row.exitCode], ['done', 1, 0])
    assert.match(project.written(row), /finished\n$/)
    await dismissed(project, beside)
    await project.adopted()
  })
})

async function cancel({ db }: FaultProject, id: number | undefined): Promise<void> {
  await db.run(`UPDATE queue SET cancel_at = ${db.dialect.now} WHERE id = ${id}`)
}

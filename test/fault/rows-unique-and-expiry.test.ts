/** What keeps a row from being added a second time, and from being run too late. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NewRow, type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'

const [sqlite] = DATABASES as readonly [Database]

const HOUR = 3_600_000

for (const database of DATABASES) {
  test(`a unique key is refused while its task waits, runs, or waits for a retry, and taken when it is over (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const again = { task: 'exit', unique_key: 'order 42' }
    const [first] = await project.insert({ task: 'wait-for', param: 'go', unique_key: 'order 42' })
    await isRefused(project, again)
    const worker = project.start('do-queue')
    await project.started(first)
    await isRefused(project, again)
    project.release('go')
    await worker.exited

    const [second] = await project.insert({ task: 'exit', param: '1', retry: '1h', unique_key: 'order 42' })
    await project.run('do-queue')
    assert.deepEqual(await project.states(), ['done', 'scheduled'])
    await isRefused(project, again)
    await project.db.run('DELETE FROM queue WHERE id = ?', [second ?? null])

    await project.insert({ task: 'exit', param: '65', unique_key: 'order 42' })
    await project.run('do-queue')
    assert.deepEqual(await project.states(), ['done', 'failed'])
    await project.insert(again)
  })

  test(`a unique key that is to be kept is refused also when its task is done or has failed (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      { task: 'exit', unique_key: 'done', keep_unique: 1 },
      { task: 'exit', param: '65', unique_key: 'failed', keep_unique: 1 },
    )

    await project.run('do-queue')

    assert.deepEqual(await project.states(), ['done', 'failed'])
    for (const unique_key of ['done', 'failed']) await isRefused(project, { task: 'exit', unique_key })
  })

  test(`a task that expires while it waits for a retry is not run again (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { db } = project
    const [id] = await project.insert({ task: 'codes', param: '1 0', retry: '1h', expires_at: HOUR })
    await project.run('do-queue')
    assert.equal((await project.row(id)).status, 'scheduled')

    const past = db.dialect.fromNow('-1000')
    await db.run(`UPDATE queue SET run_at = ${past}, expires_at = ${past}`)
    await project.run('do-queue')

    const { status, attempts, error } = await project.row(id)
    assert.deepEqual([status, attempts, error], ['failed', 2, 'expired before it could start'])
    assert.deepEqual(project.lines(`told.${id}`), ['1'])
    assert.deepEqual(
      (await project.attempts(id)).map(({ outcome }) => outcome),
      ['exit', 'expired'],
    )
  })
}

test('a task that expires after it was claimed, while it waits for a free slot, is not started', async (t) => {
  const project = await queueProject(t, sqlite)
  const [long, short] = await project.insert({ task: 'wait-for', param: 'go' }, { task: 'tally', expires_at: 1_500 })
  const worker = project.start('do-queue')
  await project.started(long)
  await waitFor(async () => (await project.row(short)).status === 'running', { what: 'the second row to be claimed' })

  await waitFor(() => hasExpired(project, short), { what: 'the second row to expire' })
  project.release('go')
  await worker.exited

  const { status, error } = await project.row(short)
  assert.deepEqual([status, error], ['failed', 'expired before it could start'])
  assert.deepEqual(project.lines('runs'), [])
  await project.nothingIsLeft()
})

async function isRefused(project: QueueProject, row: NewRow): Promise<void> {
  await assert.rejects(project.insert(row), project.db.dialect.isDuplicate)
}

async function hasExpired({ db }: QueueProject, id: number | undefined): Promise<boolean> {
  const rows = await db.all(`SELECT id FROM queue WHERE id = ? AND expires_at < ${db.dialect.now}`, [id ?? null])
  return rows.length > 0
}

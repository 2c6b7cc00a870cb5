import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const MINUTE = 60_000

for (const database of DATABASES) {
  test(`the queue is emptied, and the exit code is 0 (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...Array.from({ length: 30 }, () => ({ task: 'exit' })))

    const { code, stdout, stderr } = await project.run('do-queue')

    assert.deepEqual([code, stderr], [0, ''])
    assert.match(
      stdout,
      /^30 done, 0 to be retried, 0 failed in [\d.]+ s \(\d+\/s\), log logs\/do-queue-[\d-]+\.log\n$/,
    )
    for (const row of await project.rows()) {
      assert.deepEqual([row.status, row.attempts, row.exitCode, row.error], ['done', 1, 0, null])
    }
  })

  test(`--limit leaves after so many tasks, and what is behind them was not touched (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...Array.from({ length: 5 }, () => ({ task: 'exit' })))

    const { code, stdout } = await project.run('do-queue', ['--limit', '2', '--concurrency', '3'])

    assert.equal(code, 0)
    assert.match(stdout, /^2 done, 0 to be retried, 0 failed/)
    assert.deepEqual(await statesAndAttempts(project), ['done 1', 'done 1', 'ready 0', 'ready 0', 'ready 0'])
  })

  test(`rows with a lower priority number go first, then the older ones (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [, a, b, c] = await project.insert(
      { task: 'exit', priority: 5 },
      { task: 'exit', priority: -1, bucket: 59 },
      { task: 'exit', priority: -1, bucket: 0 },
      { task: 'exit' },
    )

    await project.run('do-queue', ['--limit', '3'])

    assert.deepEqual(project.events('task-done').map(idOf), [a, b, c])
  })

  test(`--dry-run shows what would be run and changes nothing (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      { task: 'exit', param: '1' },
      { task: 'say', param: 'later', run_at: MINUTE, status: 4 },
      { task: 'say', param: 'two\nlines' },
      { task: 'gone', param: 'x'.repeat(100) },
    )
    const before = await everything(project)

    const { code, stdout, stderr } = await project.run('do-queue', ['--dry-run'])

    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(
      stdout,
      `1  exit  "1"\n3  say  "two\\nlines"\n4  gone  "${'x'.repeat(60)}…"\nNothing was run. 3 are ready in all.\n`,
    )
    assert.deepEqual(await everything(project), before)
    assert.ok(!existsSync(project.path('logs')))
    assert.ok(!existsSync(project.path('.queue')))
  })

  test(`filters are taken together (${database.name})`, async (t) => {
    assert.deepEqual(
      await doneOfFour(t, database, ['--since', '150m', '--until', '30m', '--task', 'say', '--to-id', '3']),
      [2],
    )
  })

  test(`--watch works on what comes later, also what was scheduled, until it is told to leave (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const worker = project.start('do-queue', ['--watch'])
    await waitFor(() => project.events('worker-start').length > 0, { what: 'the worker to start' })

    await project.insert({ task: 'say', param: 'now' }, { task: 'say', param: 'soon', status: 4, run_at: 300 })
    await waitFor(async () => (await project.states()).every((state) => state === 'done'), { what: 'both tasks' })
    worker.kill('SIGTERM')
    const { code, stdout, stderr } = await worker.exited

    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^2 done/)
    await project.nothingIsLeft()
  })
}

const FILTERS: readonly (readonly [string, readonly string[], readonly number[]])[] = [
  ['--task takes one task only', ['--task', 'say'], [2, 4]],
  ['--from-id takes that row and later ones', ['--from-id', '3'], [3, 4]],
  ['--to-id takes that row and earlier ones', ['--to-id', '2'], [1, 2]],
  ['--since takes rows added since then', ['--since', '90m'], [3, 4]],
  ['--until takes rows added before then', ['--until', '90m'], [1, 2]],
]
for (const [name, flags, expected] of FILTERS) {
  test(name, async (t) => {
    assert.deepEqual(await doneOfFour(t, sqlite, flags), expected)
  })
}

test('an empty queue is no failure', async (t) => {
  const project = await queueProject(t, sqlite)

  const { code, stdout, stderr } = await project.run('do-queue')

  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^0 done, 0 to be retried, 0 failed in [\d.]+ s\n$/)
})

test('--queue works on that queue, and on no other', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit', queue: 'mail' }, { task: 'exit' }, { task: 'exit', queue: 'mail.bulk' })

  await project.run('do-queue', ['--queue', 'mail'])

  assert.deepEqual(await project.states(), ['done', 'ready', 'ready'])
})

test('--concurrency runs so many programs at once', async (t) => {
  const project = await queueProject(t, sqlite)
  const ids = await project.insert(...Array.from({ length: 4 }, () => ({ task: 'wait-for', param: 'go' })))
  const worker = project.start('do-queue', ['--concurrency', '3'])

  for (const id of ids.slice(0, 3)) await project.started(id)
  const whileThreeRun = project.lines(`started.${ids[3]}`)
  project.release('go')
  await worker.exited

  assert.deepEqual(whileThreeRun, [])
  assert.deepEqual(await project.states(), ['done', 'done', 'done', 'done'])
  await project.nothingIsLeft()
})

test('when --max-time is over a running program is seen to its end and nothing more is started', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'wait-for', param: 'go' }, { task: 'exit' }, { task: 'exit' })
  const worker = project.start('do-queue', ['--max-time', '300ms'])

  await waitFor(() => project.events('drain').length > 0, { what: 'the time to be over' })
  project.release('go')
  const { code, stderr } = await worker.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(await statesAndAttempts(project), ['done 1', 'ready 0', 'ready 0'])
  await project.nothingIsLeft()
})

test('a --max-time of weeks is not taken for none at all', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert(...Array.from({ length: 3 }, () => ({ task: 'exit' })))

  const { code, stderr } = await project.run('do-queue', ['--max-time', '30d'])

  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(await project.states(), ['done', 'done', 'done'])
})

test('--fail makes the exit code 1 when a task failed, and only then', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit', param: '65' })
  const failed = await project.run('do-queue', ['--fail'])
  await project.insert({ task: 'exit', param: '1' }, { task: 'exit' })
  const retried = await project.run('do-queue', ['--fail'])
  await project.insert({ task: 'exit', param: '65' })
  const notAsked = await project.run('do-queue')

  assert.deepEqual([failed.code, retried.code, notAsked.code], [1, 0, 0])
  assert.match(failed.stdout, /^0 done, 0 to be retried, 1 failed/)
  assert.equal(failed.stderr, '')
})

test('--json prints the summary as one object', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit' }, { task: 'exit', param: '1' }, { task: 'exit', param: '65' })

  const { stdout } = await project.run('do-queue', ['--json'])

  const { seconds, log, ...facts } = JSON.parse(stdout)
  assert.deepEqual(facts, { done: 1, retried: 1, failed: 1, cancelled: 0, held: 0, lost: 0, ending: 'empty' })
  assert.ok(seconds > 0 && existsSync(log))
  assert.equal(stdout.indexOf('\n'), stdout.length - 1)
})

test('--quiet prints nothing when all is well', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit', param: '65' })

  const { code, stdout, stderr } = await project.run('do-queue', ['--quiet'])

  assert.deepEqual([code, stdout, stderr], [0, '', ''])
})

test('--directory works on a project from anywhere', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'keep-environment' })

  await project.run('do-queue', ['--directory', project.directory], { cwd: '/' })

  assert.deepEqual(await project.states(), ['done'])
  assert.deepEqual(project.lines('directory.1.1'), [project.directory])
})

/** Of four rows, added three, two, one and no hours ago: those that a worker with these flags works on. */
async function doneOfFour(t: TestContext, database: Database, flags: readonly string[]): Promise<number[]> {
  const project = await queueProject(t, database)
  await project.insert(
    { task: 'exit', ctime: -180 * MINUTE },
    { task: 'say', ctime: -120 * MINUTE },
    { task: 'exit', ctime: -60 * MINUTE },
    { task: 'say' },
  )
  await project.run('do-queue', flags)
  return (await project.rows()).filter(({ status }) => status === 'done').map(({ id }) => id)
}

async function statesAndAttempts(project: QueueProject): Promise<string[]> {
  const rows = await project.rows()
  for (const row of rows.filter(({ status }) => status === 'ready')) {
    assert.deepEqual([row.claimToken, row.workerId], [null, null])
  }
  return rows.map(({ status, attempts }) => `${status} ${attempts}`)
}

function idOf(event: string): number {
  return Number(/ id=(\d+) /.exec(event)?.[1])
}

async function everything({ db }: QueueProject): Promise<unknown[]> {
  return Promise.all(
    ['queue', 'attempt', 'worker', 'slot', 'setting'].map((table) => db.all(`SELECT * FROM ${table} ORDER BY 1`)),
  )
}

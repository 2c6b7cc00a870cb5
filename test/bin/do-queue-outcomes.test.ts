import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type NewRow, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const MINUTE = 60_000

interface Case {
  readonly name: string
  readonly row: NewRow
  /** State, attempts used, delay until the next in minutes. */
  readonly becomes: readonly [string, number, number?]
  /** Exit code, signal, error. */
  readonly ending: readonly [number | null, string | null, string | null]
  /** Number, kind and exit code of the row of `attempt`, if there is one. */
  readonly attempt?: readonly [number, string, number | null]
}

/** What becomes of a task when the list of the worker is `2m,10m`. */
const CASES: readonly Case[] = [
  { name: 'exit code 0', row: { task: 'exit' }, becomes: ['done', 1], ending: [0, null, null] },
  {
    name: 'exit code 1',
    row: { task: 'exit', param: '1' },
    becomes: ['scheduled', 1, 2],
    ending: [1, null, 'exit code 1'],
    attempt: [1, 'exit', 1],
  },
  {
    name: 'exit code 1 at the second attempt',
    row: { task: 'exit', param: '1', attempts: 1 },
    becomes: ['scheduled', 2, 10],
    ending: [1, null, 'exit code 1'],
    attempt: [2, 'exit', 1],
  },
  {
    name: 'exit code 1 at the last attempt',
    row: { task: 'exit', param: '1', attempts: 2 },
    becomes: ['failed', 3],
    ending: [1, null, 'exit code 1'],
    attempt: [3, 'exit', 1],
  },
  {
    name: 'exit code 75, try later',
    row: { task: 'exit', param: '75', attempts: 1 },
    becomes: ['scheduled', 1, 10],
    ending: [75, null, 'exit code 75 (try later)'],
    attempt: [2, 'exit', 75],
  },
  {
    name: 'exit code 65, never retry',
    row: { task: 'exit', param: '65' },
    becomes: ['failed', 1],
    ending: [65, null, 'exit code 65 (never retry)'],
    attempt: [1, 'exit', 65],
  },
  {
    name: 'exit code 127, command not found',
    row: { task: 'exit', param: '127' },
    becomes: ['scheduled', 1, 2],
    ending: [127, null, 'exit code 127 (command not found)'],
    attempt: [1, 'exit', 127],
  },
  {
    name: 'exit code 255, as PHP after a fatal error',
    row: { task: 'exit', param: '255' },
    becomes: ['scheduled', 1, 2],
    ending: [255, null, 'exit code 255'],
    attempt: [1, 'exit', 255],
  },
  {
    name: 'a signal',
    row: { task: 'die', param: 'TERM' },
    becomes: ['scheduled', 1, 2],
    ending: [null, 'SIGTERM', 'ended by SIGTERM: Terminated'],
    attempt: [1, 'signal', null],
  },
  {
    name: 'SIGKILL to the program alone',
    row: { task: 'die', param: 'KILL' },
    becomes: ['scheduled', 1, 2],
    ending: [null, 'SIGKILL', 'ended by SIGKILL: Killed'],
    attempt: [1, 'signal', null],
  },
  {
    name: "the row's own list",
    row: { task: 'exit', param: '1', retry: '7m' },
    becomes: ['scheduled', 1, 7],
    ending: [1, null, 'exit code 1'],
    attempt: [1, 'exit', 1],
  },
  {
    name: 'the own list used up',
    row: { task: 'exit', param: '1', retry: '7m', attempts: 1 },
    becomes: ['failed', 2],
    ending: [1, null, 'exit code 1'],
    attempt: [2, 'exit', 1],
  },
  {
    name: "the row's max_attempts",
    row: { task: 'exit', param: '1', max_attempts: 1 },
    becomes: ['failed', 1],
    ending: [1, null, 'exit code 1'],
    attempt: [1, 'exit', 1],
  },
  {
    name: 'max_attempts beyond the list',
    row: { task: 'exit', param: '1', max_attempts: 9, attempts: 6 },
    becomes: ['scheduled', 7, 10],
    ending: [1, null, 'exit code 1'],
    attempt: [7, 'exit', 1],
  },
  {
    name: 'a list that a person left unreadable',
    row: { task: 'exit', param: '1', retry: 'soon' },
    becomes: ['scheduled', 1, 2],
    ending: [1, null, 'exit code 1'],
    attempt: [1, 'exit', 1],
  },
  {
    name: 'a program that says why',
    row: { task: 'complain', param: 'no such order: 17\n' },
    becomes: ['scheduled', 1, 2],
    ending: [1, null, 'exit code 1: no such order: 17'],
    attempt: [1, 'exit', 1],
  },
  {
    name: 'expired before it could start',
    row: { task: 'keep-environment', expires_at: -1_000 },
    becomes: ['failed', 1],
    ending: [null, null, 'expired before it could start'],
    attempt: [1, 'expired', null],
  },
]

for (const database of DATABASES) {
  test(`what becomes of a task follows from how its program ended (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const ids = await project.insert(...CASES.map(({ row }) => row))

    const { code } = await project.run('do-queue', ['--retry', '2m,10m', '--concurrency', '4'])

    assert.equal(code, 0)
    for (const [i, { name, becomes, ending, attempt }] of CASES.entries()) {
      await t.test(name, async () => {
        const row = await project.row(ids[i])
        const [state, attempts, minutes] = becomes
        assert.deepEqual([row.status, row.attempts], [state, attempts])
        assert.deepEqual([row.exitCode, row.exitSignal, row.error], ending)
        if (minutes !== undefined) assert.equal(row.delayMs, minutes * MINUTE)

        const recorded = (await project.attempts(ids[i])).map((it) => [it.attempt, it.outcome, it.exitCode, it.error])
        assert.deepEqual(recorded, attempt === undefined ? [] : [[...attempt, row.error]])
      })
    }
    assert.deepEqual(project.lines(`environment.${ids.at(-1)}.1`), [], 'what has expired is not started')
  })

  test(`a row with its time to come is scheduled and not run early, whatever its state says (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const ids = await project.insert(
      ...Array.from({ length: 5 }, () => ({ task: 'keep-environment', run_at: 60 * MINUTE })),
      { task: 'exit' },
    )

    const { stdout } = await project.run('do-queue')

    assert.match(stdout, /^1 done, 0 to be retried, 0 failed/)
    for (const row of (await project.rows()).slice(0, 5)) {
      assert.deepEqual([row.status, row.attempts, row.claimToken], ['scheduled', 0, null])
      assert.deepEqual(project.lines(`environment.${row.id}.1`), [])
    }
    assert.equal((await project.row(ids[5])).status, 'done')
  })

  test(`an error keeps the end of what the program wrote, at most 1 KiB, cut at a character (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const endings = ['END', 'END.', 'END..']
    const long = `${'x'.repeat(3_000)}${'€'.repeat(900)}`
    const ids = await project.insert(...endings.map((ending) => ({ task: 'complain', param: long + ending })))

    await project.run('do-queue')

    for (const [i, ending] of endings.entries()) {
      const { error } = await project.row(ids[i])
      assert.match(error ?? '', new RegExp(`^exit code 1: €+${ending.replaceAll('.', '\\.')}$`, 'u'))
      assert.ok(Buffer.byteLength(error ?? '') <= 1_024 && Buffer.byteLength(error ?? '') > 1_000)
    }
  })

  test(`TASK_KEY is the same at every attempt of a task, and differs between tasks (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const retry = '1ms,1ms'
    const [first, second] = await project.insert(
      { task: 'keep-environment', param: '1', retry },
      { task: 'keep-environment', param: '1', retry },
    )

    while ((await project.states()).some((state) => state !== 'failed')) await project.run('do-queue')

    const told = (id: number | undefined, variable: string) =>
      [1, 2, 3].flatMap((attempt) =>
        project.lines(`environment.${id}.${attempt}`).filter((line) => line.startsWith(`${variable}=`)),
      )
    assert.deepEqual(told(first, 'TASK_ATTEMPT'), ['TASK_ATTEMPT=1', 'TASK_ATTEMPT=2', 'TASK_ATTEMPT=3'])
    assert.deepEqual(new Set(told(first, 'TASK_MAX_ATTEMPTS')), new Set(['TASK_MAX_ATTEMPTS=3']))
    assert.equal(told(first, 'TASK_KEY').length, 3)
    assert.equal(new Set(told(first, 'TASK_KEY')).size, 1)
    assert.notDeepEqual(told(first, 'TASK_KEY'), told(second, 'TASK_KEY'))
    assert.deepEqual(
      (await project.attempts(first)).map(({ attempt }) => attempt),
      [1, 2, 3],
    )
  })
}

test('a program finds the facts of its task, the project directory, and nothing of the dispatcher', async (t) => {
  const project = await queueProject(t, sqlite)
  const [id] = await project.insert({
    task: 'keep-environment',
    queue: 'mail',
    expires_at: 60 * MINUTE,
    max_attempts: 7,
  })
  const env = { QUEUE_RETRY: '1m', QUEUE_URL: project.url, TASK_ID: 'of another', SHOP: "it's\nmine" }

  await project.run('do-queue', ['--queue', 'mail'], { env })

  const lines = project.lines(`environment.${id}.1`)
  const names = (prefix: string) =>
    lines.map((line) => line.split('=')[0] ?? '').filter((name) => name.startsWith(prefix))
  assert.deepEqual(names('TASK_').toSorted(), [
    'TASK_ATTEMPT',
    'TASK_EXPIRES_AT',
    'TASK_ID',
    'TASK_KEY',
    'TASK_MAX_ATTEMPTS',
    'TASK_NAME',
    'TASK_QUEUE',
  ])
  assert.deepEqual(names('QUEUE_'), [])
  const text = lines.join('\n')
  assert.match(text, new RegExp(`^TASK_ID=${id}$`, 'm'))
  assert.match(text, /^TASK_NAME=keep-environment$/m)
  assert.match(text, /^TASK_QUEUE=mail$/m)
  assert.match(text, /^TASK_ATTEMPT=1$/m)
  assert.match(text, /^TASK_MAX_ATTEMPTS=7$/m)
  assert.match(text, /^TASK_KEY=[\w-]+-1$/m)
  assert.match(text, /^TASK_EXPIRES_AT=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/m)
  assert.match(text, /^SHOP=it's\nmine$/m)
  assert.deepEqual(project.lines(`directory.${id}.1`), [project.directory])
})

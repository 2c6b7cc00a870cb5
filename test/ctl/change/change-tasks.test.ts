import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS } from '../../../src/queue/status.ts'
import { type QueueProject, queueProject } from '../../bin/queue-project.ts'
import { assertRefusal } from '../../bin/refusal.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOUR = 3_600_000

for (const database of DATABASES) {
  test(`cancel: one line says what became of all, and 1 is returned when one is not cancelled (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertStates(project, [0, 4, 6, 2, 5, 1, 1, 3])

    const some = await project.run('queuectl', ['cancel', '1-7', '99', '8'])
    const again = await project.run('queuectl', ['cancel', '1-5'])

    assert.equal(
      some.stdout,
      '3 cancelled, 1 being stopped, 1 already cancelled, 4 not: 6-7 are done; 8 has failed; there is no task 99\n',
    )
    assert.deepEqual([some.code, some.stderr], [1, ''])
    assert.deepEqual([again.code, again.stdout], [0, '4 already cancelled, 1 already being stopped\n'])
    assert.deepEqual(await project.states(), [
      ...['cancelled', 'cancelled', 'cancelled', 'running', 'cancelled', 'done', 'done', 'failed'],
    ])
  })

  test(`hold and release: a task is kept back and goes on (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      { task: 'exit' },
      { task: 'exit', run_at: HOUR, status: STATUS.scheduled, shard_key: 'shop-7' },
    )

    const one = await project.run('queuectl', ['hold', '1'])
    const both = await project.run('queuectl', ['hold', '1', '2'])
    await project.run('do-queue')
    const whileHeld = await project.states()
    const released = await project.run('queuectl', ['release', '1-2'])
    await project.run('do-queue')

    assert.deepEqual([one.code, one.stdout], [0, '1 held\n'])
    assert.deepEqual(
      [both.code, both.stdout],
      [0, '1 held, 1 already held\nLater tasks with the key of a held one wait until that is released.\n'],
    )
    assert.deepEqual(whileHeld, ['held', 'held'])
    assert.deepEqual([released.code, released.stdout], [0, '2 released\n'])
    assert.deepEqual(await project.states(), ['done', 'scheduled'])
  })

  test(`retry: a failed task runs again with all its attempts (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'exit', param: '65' })
    await project.run('do-queue')

    const { code, stdout } = await project.run('queuectl', ['retry', '1'])
    const retried = await project.row(1)
    await project.run('do-queue')

    assert.deepEqual([code, stdout], [0, '1 ready again\n'])
    assert.deepEqual([retried.status, retried.attempts, retried.exitCode], ['ready', 0, null])
    assert.deepEqual(
      (await project.attempts(1)).map(({ attempt, exitCode }) => [attempt, exitCode]),
      [
        [1, 65],
        [1, 65],
      ],
    )
  })

  test(`retry refuses what has expired, and says what to do (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertStates(project, [3, 3, 6, 2])
    await project.db.run(`UPDATE queue SET expires_at = ${project.db.dialect.fromNow('?')}`, [-HOUR])

    const refused = await project.run('queuectl', ['retry', '1-4'])
    const dropped = await project.run('queuectl', ['retry', '1-2', '--drop-expiry'])

    assert.deepEqual(
      [refused.code, refused.stdout],
      [1, '4 not: 1-2 have expired (--drop-expiry runs what has expired); 3 is held (use release); 4 is running\n'],
    )
    assert.deepEqual([dropped.code, dropped.stdout], [0, '2 ready again\n'])
  })

  test(`--dry-run says what would be changed and changes nothing, with the exit code of the real one (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertStates(project, [0, 2, 1])

    const { code, stdout } = await project.run('queuectl', ['cancel', '1-3', '--dry-run'])

    assert.deepEqual(
      [code, stdout],
      [1, 'Nothing was changed. Without --dry-run: 1 cancelled, 1 being stopped, 1 not: 3 is done\n'],
    )
    assert.deepEqual(await project.states(), ['ready', 'running', 'done'])
  })

  test(`--json prints one object for each id, with stable names (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertStates(project, [0, 2, 5, 1])

    const { code, stdout } = await project.run('queuectl', ['cancel', '1-4', '99', '200-300', '--json'])
    const dry = await project.run('queuectl', ['hold', '4', '--json', '--dry-run'])

    assert.equal(code, 1)
    assert.deepEqual(objects(stdout), [
      { id: 1, result: 'changed', from: 'ready', state: 'cancelled' },
      { id: 2, result: 'changed', from: 'running', state: 'running', cancelling: true },
      { id: 3, result: 'already', state: 'cancelled' },
      { id: 4, result: 'refused', state: 'done', reason: 'it is done' },
      { id: 99, result: 'missing', reason: 'there is no such task' },
      { ids: '200-300', result: 'missing', reason: 'there is no such task' },
    ])
    assert.deepEqual(objects(dry.stdout), [
      { dryRun: true, id: 4, result: 'refused', state: 'done', reason: 'it is done' },
    ])
  })
}

test('an id that a range leaves out is not missed, a range without any task is', async (t) => {
  const project = await queueProject(t, sqlite)
  await insertStates(project, [0, 0, 0, 0])
  await project.db.run('DELETE FROM queue WHERE id IN (2, 3)')

  const gaps = await project.run('queuectl', ['hold', '1-100'])
  const nothing = await project.run('queuectl', ['hold', '2-3', '4'])

  assert.deepEqual([gaps.code, gaps.stdout], [0, '2 held\n'])
  assert.deepEqual([nothing.code, nothing.stdout], [1, '1 already held, 1 not: there is no task 2-3\n'])
})

test('what is said for other states helps on', async (t) => {
  const project = await queueProject(t, sqlite)
  await insertStates(project, [2, 2])
  const said = async (...args: string[]) => (await project.run('queuectl', args)).stdout

  assert.equal(await said('hold', '1'), '1 not: 1 is running (only what waits can be held)\n')
  await said('cancel', '2')
  assert.equal(await said('retry', '1', '2'), '2 not: 1 is running; 2 is being stopped (retry when cancelled)\n')
  assert.equal(await said('release', '1'), '1 not: 1 is running\n')
  await project.db.run("UPDATE queue SET status = 6, held_for = 'move:shop' WHERE id = 1")
  assert.equal(
    await said('release', '1'),
    '1 not: 1 is being moved to another database ("queuectl move --to-url … --back" lets go what is here)\n',
  )
})

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [
    ['cancel'],
    /^Name the tasks by id, queuectl cancel 17 or 100-120, or by what they are, queuectl cancel --queue mail --status ready\.$/,
  ],
  [['cancel', '17', '--limit', '3'], /^--limit is for tasks that filters select\. Name as many ids as you mean\.$/],
  [['hold', '--status', 'running'], /^--status is running, and hold is for tasks that are ready, scheduled or held\.$/],
  [['release', '--status', 'ready,held'], /^--status is ready,held, and release is for tasks that are held\.$/],
  [['retry', '--param', ''], /^--param is empty\. Give a part of the text, or leave it out\.$/],
  [['retry', '--queue', 'é'], /^--queue is "é"\. Names of queues have letters without accents, .+\.$/],
  [
    ['list', '--from-id', '9', '--to-id', '3'],
    /^--from-id is 9 and --to-id is 3: nothing is between them\. Turn them round\.$/,
  ],
  [['cancel', '1', 'abc'], /^"abc" is no task id\. Use whole numbers such as 17, or ranges such as 100-120\.$/],
  [['hold', '-1'], /^"-1" is no task id\. .+\.$/],
  [['release', '0'], /^"0" is no task id\. .+\.$/],
  [['retry', '99999999999999999999'], /^"99999999999999999999" is no task id\. .+\.$/],
  [['cancel', '1', '--drop-expiry'], /^--drop-expiry is not known here\. See "queuectl cancel --help"\.$/],
  [
    ['cancle', '1', '--dry-run'],
    /^"cancle" is no command of queuectl\. Did you mean cancel\? See "queuectl --help"\.$/,
  ],
  [['frobnicate'], /^"frobnicate" is no command of queuectl\. It has why, show, logs, list, .*, completion\.$/],
  [[], /^Name a command: why, show, .* or completion\.$/],
]

for (const [args, sentence] of REFUSED) {
  test(`refused: queuectl ${args.join(' ')}`, async (t) => {
    const project = await queueProject(t, sqlite)
    await project.insert({ task: 'exit' })

    const ended = await project.run('queuectl', args)

    assertRefusal('queuectl', ended, 64, sentence)
    assert.deepEqual(await project.states(), ['ready'])
  })
}

test('the help of a verb has its flags and examples', async (t) => {
  const project = await queueProject(t, sqlite)

  const { code, stdout } = await project.run('queuectl', ['retry', '--help'])

  assert.equal(code, 0)
  for (const part of ['queuectl retry [id…]', '--dry-run', '--drop-expiry', 'queuectl retry 17', 'Exits 1: '])
    assert.ok(stdout.includes(part), part)
})

/** A task in each of these states; what is scheduled waits for an hour. */
async function insertStates(project: QueueProject, states: readonly number[]): Promise<void> {
  await project.insert(
    ...states.map((status) => ({ task: 'exit', status, run_at: status === STATUS.scheduled ? HOUR : -HOUR })),
  )
}

function objects(ndjson: string): unknown[] {
  return ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

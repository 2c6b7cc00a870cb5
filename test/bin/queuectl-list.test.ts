import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { STATUS } from '../../src/queue/status.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { makeProject, runBin } from '../helpers/processes.ts'
import { type NewRow, queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOUR = 3_600_000

const ROWS: readonly NewRow[] = [
  { task: 'send-msg', param: 'uid=4', queue: 'mail', ctime: -2 * HOUR, run_at: -HOUR },
  { task: 'send-msg', param: 'uid=5', queue: 'mail', run_at: HOUR, status: STATUS.scheduled, shard_key: 'shop-7' },
  { task: 'thumb', param: '100%', status: STATUS.failed, attempts: 4, error: 'exit code 1: timed\tout' },
  { task: 'thumb', param: '100x', status: STATUS.done, attempts: 1 },
]

for (const database of DATABASES) {
  test(`list: a pipe gets every fact in a column of its own, the newest first (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...ROWS)

    const { code, stdout, stderr } = await project.run('queuectl', ['list'])

    const lines = stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME').split('\n')
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(lines, [
      'ID\tQUEUE\tTASK\tSTATE\tATTEMPTS\tTIME\tPARAM\tERROR',
      '4\tdefault\tthumb\tdone\t1\tTIME\t100x\t',
      '3\tdefault\tthumb\tfailed\t4\tTIME\t100%\texit code 1: timed\\tout',
      '2\tmail\tsend-msg\tscheduled\t0\tTIME\tuid=5\t',
      '1\tmail\tsend-msg\tready\t0\tTIME\tuid=4\t',
      '',
    ])
  })

  test(`list --json: a line has the names that show has, and the whole parameter (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const param = `${'ü'.repeat(2_000)}\n😀`
    await project.insert({ task: 'exit', param, shard_key: 'shop-7', unique_key: 'mail:4', priority: -5 })

    const { stdout } = await project.run('queuectl', ['list', '--json'])
    const shown = JSON.parse((await project.run('queuectl', ['show', '1', '--json'])).stdout)

    const [listed] = objects(stdout)
    assert.ok(listed)
    for (const [name, value] of Object.entries(listed)) assert.deepEqual(value, shown[name], `${name} of list and show`)
    assert.deepEqual(
      [listed.param, listed.state, listed.shardKey, listed.uniqueKey, listed.priority],
      [param, 'ready', 'shop-7', 'mail:4', -5],
    )
  })
}

test('list: filters, pages and the order agree on which tasks there are', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert(...ROWS)
  const ids = async (...args: string[]) =>
    objects((await project.run('queuectl', ['list', '--json', ...args])).stdout).map(({ id }) => id)

  assert.deepEqual(await ids('--oldest'), [1, 2, 3, 4])
  assert.deepEqual(await ids('--limit', '2'), [4, 3])
  assert.deepEqual(await ids('--limit', '2', '--before', '3'), [2, 1])
  assert.deepEqual(await ids('--oldest', '--after', '1', '--limit', '2'), [2, 3])
  assert.deepEqual(await ids('--queue', 'mail', '--status', 'ready,scheduled'), [2, 1])
  assert.deepEqual(await ids('--param', '0%'), [3])
  assert.deepEqual(await ids('--error', 'timed'), [3])
  assert.deepEqual(await ids('--error', 'Timed'), [])
  assert.deepEqual(await ids('--key', 'shop-7'), [2])
  assert.deepEqual(await ids('--since', '1h'), [4, 3, 2])
  assert.deepEqual(await ids('--task', 'thumb', '--from-id', '4'), [4])
})

test('list: what may be missing is said, also where no terminal is, with the command that goes on', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.db.run(
    `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
     INSERT INTO queue (task, param) SELECT 'exit', 'a b' FROM numbers`,
  )
  const args = ['list', '--param', "it's", '--max-time', '0s']

  const first = await project.run('queuectl', args)
  const [, next = ''] = /Go on: (queuectl .*)\n$/.exec(first.stderr) ?? []
  const all = await project.run('queuectl', ['list', '--param', "it's"])

  assert.equal(first.code, 0)
  assert.equal(
    first.stderr,
    `None was found as far as task 8,001. Go on: queuectl list --param 'it'\\''s' --max-time 0s --before 8001\n`,
  )
  assert.ok(next)
  assert.deepEqual([all.code, all.stderr], [0, ''])
})

test('to look for tasks makes no database, and says that there is none', async (t) => {
  const project = makeProject(t)

  for (const args of [
    ['list'],
    ['cancel', '--queue', 'mail'],
    ['show', '1'],
    ['stats'],
    ['top', '--once'],
    ['metrics'],
  ]) {
    const { code, stdout, stderr } = await runBin('queuectl', args, { cwd: project.directory, t })

    assert.deepEqual([code, stdout], [69, ''])
    assert.match(stderr, /^queuectl: There is no database \S+queue\.db yet\. .+ see QUEUE_URL and --directory\.\n$/)
  }
  assert.equal(existsSync(project.path('queue.db')), false)
})

const REFUSED: readonly (readonly [readonly string[], RegExp])[] = [
  [['list', '--limit', '0'], /^--limit is 0\. Use a whole number from 1 to 1000\.$/],
  [['list', '--before', 'x'], /^--before is x\. Use a whole number from 1 to \d+\.$/],
  [['list', '--status', 'broken'], /^--status is "broken"\. Use ready, done, .*held\.$/],
  [['list', '--since', '1h', '--until', '2h'], /^--since is 1h and --until is 2h: nothing is between them\. .+\.$/],
  [['list', '--max-time', 'long'], /^--max-time is "long"\. Use a duration such as 90s, 15m or 1h30m\.$/],
  [['list', '17'], /^list takes flags only\./],
]

for (const [args, sentence] of REFUSED) {
  test(`refused: queuectl ${args.join(' ')}`, async (t) => {
    const project = await queueProject(t, sqlite)

    assertRefusal('queuectl', await project.run('queuectl', args), 64, sentence)
  })
}

function objects(ndjson: string): Record<string, unknown>[] {
  return ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

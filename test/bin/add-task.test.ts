import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Value } from '../../src/queue/driver.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { makeProject, runBin } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const MINUTE = 60_000

for (const database of DATABASES) {
  test(`one task is added, ready to run, and its id is printed (${database.name})`, async (t) => {
    const project = await queueProject(t, database)

    const { code, stdout, stderr } = await project.run('add-task', ['send-msg', 'uid=4&uids[]=6'])

    assert.deepEqual([code, stdout, stderr], [0, '1\n', ''])
    const [row] = await added(project)
    assert.deepEqual(
      [row?.task, row?.param, row?.queue, row?.status, row?.priority, row?.attempts],
      ['send-msg', 'uid=4&uids[]=6', 'default', 0, 0, 0],
    )
    for (const name of ['shard_key', 'unique_key', 'retry', 'max_attempts', 'timeout_s', 'expires', 'claim_token']) {
      assert.equal(row?.[name], null, name)
    }
  })

  test(`every flag has its column (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const flags = ['--queue', 'mail', '--priority', '-5', '--key', 'shop-7', '--unique', 'order 42', '--keep-unique']
    const more = [
      '--retry',
      '2m,10m',
      '--max-attempts',
      '3',
      '--timeout',
      '1500ms',
      '--expires',
      '2037-12-31T23:30:00Z',
    ]

    await project.run('add-task', ['sync-order', 'id=42', ...flags, ...more])

    const [row] = await added(project)
    assert.deepEqual([row?.queue, row?.priority, row?.shard_key, row?.bucket], ['mail', -5, 'shop-7', 45])
    assert.deepEqual([row?.unique_key, row?.keep_unique], ['order 42', 1])
    assert.deepEqual([row?.retry, row?.max_attempts, row?.timeout_s], ['2m,10m', 3, 2])
    assert.equal(row?.expires, Date.UTC(2037, 11, 31, 23, 30))
  })

  test(`--in and --at schedule a task, by the database's clock and the wall clock of the zone (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_TIMEZONE: 'Europe/Berlin' } })

    await project.run('add-task', ['report', '--in', '10m'])
    await project.run('add-task', ['report', '--at', '2037-01-02 10:00'])
    await project.run('add-task', ['report', '--at', '2037-01-02T10:00:00.250Z'])

    const rows = await added(project)
    assert.deepEqual(
      rows.map(({ status }) => status),
      [4, 4, 4],
    )
    assert.equal(Number(rows[0]?.run) - Number(rows[0]?.created), 10 * MINUTE)
    assert.equal(rows[1]?.run, Date.UTC(2037, 0, 2, 9))
    assert.equal(rows[2]?.run, Date.UTC(2037, 0, 2, 10, 0, 0, 250))
  })

  test(`a task with the unique value of an unfinished one is not added, and that is no failure (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const add = () => project.run('add-task', ['exit', '--unique', 'order 42'])

    const first = await add()
    const second = await add()
    await project.run('do-queue')
    const third = await add()

    assert.deepEqual([first.code, first.stdout], [0, '1\n'])
    assert.deepEqual(
      [second.code, second.stdout],
      [0, 'Not added: an unfinished task has the unique value "order 42".\n'],
    )
    assert.match(third.stdout, /^\d+\n$/)
    assert.deepEqual(await project.states(), ['done', 'ready'])
  })

  test(`with --keep-unique it is not added after that one is finished either (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.run('add-task', ['exit', '--unique', 'order 42', '--keep-unique'])
    await project.run('do-queue')

    const { code, stdout } = await project.run('add-task', ['exit', '--unique', 'order 42', '--json'])

    assert.deepEqual([code, stdout], [0, '{"id":null,"added":false}\n'])
  })

  test(`a time that the database cannot hold is refused (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const tooLate = database.name === 'sqlite' ? '275760-09-14' : '2038-02-01'

    const ended = await project.run('add-task', ['exit', '--at', tooLate])

    assertRefusal(
      'add-task',
      ended,
      database.name === 'sqlite' ? 64 : 65,
      /^(--at is|The time "at" is) .*(Use a time such as|This database holds times up to) .+\.$/,
    )
    assert.deepEqual(await project.rows(), [])
  })
}

test('a param is kept as it was typed', async (t) => {
  const project = await queueProject(t, sqlite)
  const params = ['007', '1e3', '0x10', ' two  blanks ', 'two\nlines', "it's $HOME", '🐘', 'true', '']

  for (const param of params) await project.run('add-task', ['say', param])
  await project.run('add-task', ['say', '--', '-n'])

  assert.deepEqual(
    (await added(project)).map(({ param }) => param),
    [...params, '-n'],
  )
})

test('--file takes the param from a file, newline at its end included', async (t) => {
  const project = await queueProject(t, sqlite)
  writeFileSync(project.path('mail.txt'), 'Dear all,\n\nbye\n')

  await project.run('add-task', ['send-msg', '--file', 'mail.txt'])

  assert.deepEqual(
    (await added(project)).map(({ param }) => param),
    ['Dear all,\n\nbye\n'],
  )
})

test('--quiet prints nothing, --json one object', async (t) => {
  const project = await queueProject(t, sqlite)

  const quiet = await project.run('add-task', ['exit', '--quiet'])
  const json = await project.run('add-task', ['exit', '--json'])

  assert.deepEqual([quiet.stdout, json.stdout], ['', '{"id":2,"added":true}\n'])
})

const REFUSED: readonly (readonly [readonly string[], number, RegExp])[] = [
  [
    ['exit', 'a', 'b'],
    64,
    /^Give a task and at most one param; quote a param that holds blanks\. See "add-task --help"\.$/,
  ],
  [['exit', '--priority', 'high'], 64, /^--priority is high\. Use a whole number from -32768 to 32767\.$/],
  [['exit', '--max-attempts', '0'], 64, /^--max-attempts is 0\. Use a whole number from 1 to 65535\.$/],
  [['exit', '--in', 'soon'], 64, /^--in is "soon"\. Use a duration such as 90s, 15m or 1h30m\.$/],
  [['exit', '--at', 'noon'], 64, /^--at is "noon"\. Use a time such as /],
  [['exit', '--in', '5m', '--at', '2037-01-01'], 65, /^Both "at" and "in" are given\. Use one of them\.$/],
  [
    ['exit', '--expires', '2001-01-01'],
    65,
    /^The task would expire at 2001-01-01T.+Z, which is over\. Give a later time\.$/,
  ],
  [
    ['exit', '--in', '2h', '--expires', '1h'],
    65,
    /^The task would expire at .+, before it may run at .+\. Give a later time to expire\.$/,
  ],
  [['exit', '--retry', '1m;2m'], 64, /^--retry: The retry list "1m;2m" .+\.$/],
  [['exit', '--queue', 'e mail'], 65, /^The queue "e mail" is no queue name\. .+\.$/],
  [['x'.repeat(129)], 65, /^The task is 129 characters long\. Use at most 128\.$/],
  [[''], 65, /^The task is empty\. Name a program of the tasks directory, such as send-msg\.$/],
  [['exit', '--file', 'gone'], 64, /^--file gone cannot be read \(ENOENT\)\. Name a file that this user may read\.$/],
  [['exit', 'x', '--file', 'mail.txt'], 64, /^Both a param and --file are given\. Use one of them\.$/],
  [['exit', '--file', 'binary'], 65, /^--file binary is not UTF-8 text\. Encode it, with base64 for instance\.$/],
  [['exit', '--urgent'], 64, /^--urgent is not known here\. See "add-task --help"\.$/],
]

for (const [args, exitCode, sentence] of REFUSED) {
  test(`refused: add-task ${args.join(' ').slice(0, 60)}`, async (t) => {
    const project = await queueProject(t, sqlite)
    writeFileSync(project.path('mail.txt'), 'text')
    writeFileSync(project.path('binary'), Buffer.from([0xff, 0xfe]))

    const ended = await project.run('add-task', args)

    assertRefusal('add-task', ended, exitCode, sentence)
    assert.deepEqual(await project.rows(), [])
  })
}

test('refused: a database that cannot be used, as for every command', async (t) => {
  const project = makeProject(t, { env: { QUEUE_URL: 'sqlite:notes.txt' } })
  writeFileSync(project.path('notes.txt'), 'This is no database, and it is long enough to see that.\n'.repeat(10))

  const ended = await runBin('add-task', ['exit'], { cwd: project.directory, t })

  assertRefusal('add-task', ended, 78, /^\/.+\/notes\.txt is not a SQLite database\. .+\.$/)
})

async function added({ db }: QueueProject): Promise<Record<string, Value>[]> {
  const { asMs } = db.dialect
  const times = `${asMs('run_at')} AS run, ${asMs('ctime')} AS created, ${asMs('expires_at')} AS expires`
  return db.all(`SELECT queue.*, ${times} FROM queue ORDER BY id`)
}

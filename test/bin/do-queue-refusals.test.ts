/**
 * What `do-queue` refuses to begin with: one sentence that says what was given and what to do, the right exit code, and
 * nothing touched.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { makeProject, type Project, runBin } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'
import { CANNOT_MOUNT, mountSmallDisk } from './small-disk.ts'

const [sqlite] = DATABASES as readonly [Database]
const mariadb = DATABASES.find(({ name }) => name === 'mariadb')
const skip = mariadb === undefined && 'there is no MySQL server'

const USAGE: readonly (readonly [readonly string[], RegExp])[] = [
  [['--total', '4', '--shard', '4'], /^--shard is 4\. Use a whole number from 0 to 3, a range such as 0-3, or all\.$/],
  [['--total', '4', '--shard', '2-5'], /^--shard is 2-5\. Use a whole number from 0 to 3, /],
  [['--total', '4', '--shard', '3-1'], /^--shard is 3-1\. /],
  [['--total', '4', '--shard', '-1'], /^--shard is -1\. /],
  [['--total', '4', '--shard', 'some'], /^--shard is some\. /],
  [['--shard', '1'], /^--shard is 1, and --total is 1: the only shard is 0\.$/],
  [['--total', '4'], /^--total is 4 and --shard is missing\. Give one of 0 to 3, or all\.$/],
  [['--total', '0'], /^--total is 0\. Use a whole number from 1 to 60\.$/],
  [['--total', '61', '--shard', '0'], /^--total is 61\. Use a whole number from 1 to 60\.$/],
  [['--total', 'x'], /^--total is x\. Use a whole number from 1 to 60\.$/],
  [['--total', '2.5'], /^--total is 2\.5\. /],
  [['--total'], /^--total needs a value\. See "do-queue --help"\.$/],
  [['--batch', '0'], /^--batch is 0\. Use a whole number from 1 to 1000\.$/],
  [['--concurrency', '0'], /^--concurrency is 0\. Use a whole number from 1 to 1000\.$/],
  [['--limit', '-1'], /^--limit is -1\. Use a whole number from 1 to \d+\.$/],
  [['--from-id', 'abc'], /^--from-id is abc\. /],
  [['--timeout', 'abc'], /^--timeout is "abc"\. Use a duration such as 90s, 15m or 1h30m\.$/],
  [['--timeout', '0'], /^--timeout is "0"\. /],
  [['--grace', '5 apples'], /^--grace is "5 apples"\. /],
  [['--max-time', '-5s'], /^--max-time is "-5s"\. /],
  [['--since', 'yesterday'], /^--since is "yesterday"\. Use a time such as 2026-11-20, .+ or how long ago: 2h\.$/],
  [['--until', '2026-02-30'], /^--until is "2026-02-30"\. /],
  [['--retry', '1m,soon'], /^--retry: The retry list "1m,soon" has the entry "soon", which is no duration\. .+\.$/],
  [['--log-format', 'xml'], /^--log-format is "xml"\. Use text or json\.$/],
  [['--shards', '3'], /^--shards is not known here\. Did you mean --shard\? See "do-queue --help"\.$/],
  [['--exec', '["true"]'], /^--exec is given without --job\. Name the job whose command it is\.$/],
  [
    ['--job', 'j', '--exec', 'true'],
    /^--exec is true\. Give a JSON list of words, such as \["bin\/backup", "--all"\]\.$/,
  ],
  [['--job', 'j', '--exec', '[]'], /^--exec is \[\]\. Give a JSON list of words/],
  [['--job', 'j', '--exec', '[""]'], /^--exec is \[""\]\. Give a JSON list of words/],
  [['--job', 'j', '--exec', '["a",1]'], /^--exec is \["a",1\]\. Give a JSON list of words/],
  [['--job', 'j', '--exec', '["a\\u0000"]'], /^--exec is \["a\\u0000"\]\. Give a JSON list of words/],
  [
    ['--job', 'j', '--exec', '["true"]', '--queue', 'mail'],
    /^--queue is mail\. With --exec it is exec:j: leave it out\.$/,
  ],
  [['--queue', 'exec:j'], /^--queue is exec:j, where runs of a job's command stand\. "cron-mission run j" runs it\.$/],
  [['--slot', '2026-11-20T02:30Z'], /^--slot is given without --job\. Name the job that was due then\.$/],
  [['--job', 'j', '--slot', 'now'], /^--slot is now\. Give a whole minute such as 2026-11-20T02:30:00Z\.$/],
  [['--job', 'j', '--slot', '2026-11-20T02:30:01Z'], /^--slot is 2026-11-20T02:30:01Z\. Give a whole minute/],
  [['--nice', '20'], /^--nice is 20\. Use a whole number from -20 to 19\.$/],
  [['everything'], /^do-queue takes flags only\. See "do-queue --help"\.$/],
]

for (const [flags, sentence] of USAGE) {
  test(`refused: do-queue ${flags.join(' ')}`, async (t) => {
    const project = makeProject(t)

    const ended = await runBin('do-queue', flags, { cwd: project.directory, t })

    assertRefusal('do-queue', ended, 64, sentence)
    assert.ok(!existsSync(project.path('queue.db')))
  })
}

test('refused: a queue name that none can have', async (t) => {
  const project = makeProject(t)

  const ended = await runBin('do-queue', ['--queue', 'e mail'], { cwd: project.directory, t })

  assertRefusal('do-queue', ended, 65, /^The queue "e mail" is no queue name\. Use 1 to 64 letters, .+\.$/)
})

const DOT_ENV: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [
    { QUEUE_URL: 'postgres://x/y' },
    /^QUEUE_URL "postgres:\/\/x\/y" is not understood\. Write sqlite:queue\.db or mysql:\/\/.+\.$/,
  ],
  [{ QUEUE_URL: 'mysql://shop:secret@db' }, /^QUEUE_URL for db names no database\. Write mysql:\/\/.+\.$/],
  [{ QUEUE_URL: 'mysql:///shop' }, /^QUEUE_URL .*host.*\.$/],
  [{ QUEUE_URL: 'sqlite:queue.db?synchronous=of' }, /^QUEUE_URL has synchronous=of\. Use full .+ or normal\.$/],
  [{ QUEUE_TIMEOUT: 'abc' }, /^QUEUE_TIMEOUT is "abc"\. Use a duration such as 90s, 15m or 1h30m\.$/],
  [{ QUEUE_GRACE: '1 week' }, /^QUEUE_GRACE is "1 week"\. /],
  [{ QUEUE_RETRY: '1m;2m' }, /^QUEUE_RETRY: The retry list "1m;2m" .+\.$/],
  [
    { QUEUE_TIMEZONE: 'Mars/Olympus' },
    /^QUEUE_TIMEZONE is "Mars\/Olympus"\. Use a zone such as Europe\/Berlin, or "system"\.$/,
  ],
  [{ QUEUE_LOG_FORMAT: 'xml' }, /^QUEUE_LOG_FORMAT is "xml"\. Use text or json\.$/],
]

for (const [env, sentence] of DOT_ENV) {
  test(`refused: ${Object.entries(env).join()} in .env`, async (t) => {
    const project = makeProject(t, { env })

    const ended = await runBin('do-queue', [], { cwd: project.directory, t })

    assertRefusal('do-queue', ended, 78, sentence)
    assert.doesNotMatch(ended.stderr, /secret/)
  })
}

test('refused: a .env that cannot be read', async (t) => {
  const project = makeProject(t)
  mkdirSync(project.path('.env'))

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal(
    'do-queue',
    ended,
    78,
    /^The file \/.+\/\.env cannot be read \(EISDIR\)\. Make it readable for this user\.$/,
  )
})

test('refused: a SQLite file that is something else', async (t) => {
  const project = makeProject(t, { env: { QUEUE_URL: 'sqlite:notes.txt' } })
  writeFileSync(project.path('notes.txt'), 'This is no database, and it is long enough to see that.\n'.repeat(10))

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal(
    'do-queue',
    ended,
    78,
    /^\/.+\/notes\.txt is not a SQLite database\. Set QUEUE_URL to another file, .+\.$/,
  )
})

test('refused: a SQLite file below something that is no directory', async (t) => {
  const project = makeProject(t, { env: { QUEUE_URL: 'sqlite:notes.txt/queue.db' } })
  writeFileSync(project.path('notes.txt'), '')

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal('do-queue', ended, 69, /^The SQLite file \/.+\/notes\.txt\/queue\.db cannot be opened\. .+\.$/)
})

test('refused: a project directory that is not there, which is not made', async (t) => {
  const project = makeProject(t)

  const ended = await runBin('do-queue', ['--directory', project.path('typo')], { cwd: project.directory, t })

  assertRefusal('do-queue', ended, 64, /^--directory is .*typo, which is not there\. .+\.$/)
  assert.ok(!existsSync(project.path('typo')))
})

test('refused after a while of waiting: a database that nobody answers for', async (t) => {
  const url = `mysql://shop:secret@127.0.0.1:${await unusedPort()}/shop`
  const project = makeProject(t, { env: { QUEUE_URL: url } })

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  const [waiting, ...refusal] = ended.stderr.split(/(?<=\n)/)
  const sentence =
    /^do-queue: The database at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. .+ is right\. Waiting for it\.\n$/
  assert.match(waiting ?? '', sentence)
  assertRefusal(
    'do-queue',
    { ...ended, stderr: refusal.join('') },
    69,
    /^The database at 127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. .+ QUEUE_URL is right\.$/,
  )
  assert.doesNotMatch(ended.stderr, /secret/)
})

test('refused: a wrong password, which is not shown', { skip }, async (t) => {
  const project = await makeProjectOn(t, (url) => {
    url.username = 'shop'
    url.password = 'secret'
  })

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal(
    'do-queue',
    ended,
    78,
    /^The database at 127\.0\.0\.1:\d+ refused the user "shop" or its password\. Correct QUEUE_URL\.$/,
  )
  assert.doesNotMatch(ended.stderr, /secret/)
})

test('refused: a database that is not there', { skip }, async (t) => {
  const project = await makeProjectOn(t, (url) => {
    url.pathname = '/cm_no_such_database'
  })

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal(
    'do-queue',
    ended,
    78,
    /^There is no database "cm_no_such_database" at .+\. Create it, or correct QUEUE_URL\.$/,
  )
})

test('refused: a database without our tables, with the command that makes them', { skip }, async (t) => {
  const project = await makeProjectOn(t, () => {})

  const ended = await runBin('do-queue', [], { cwd: project.directory, t })

  assertRefusal(
    'do-queue',
    ended,
    78,
    /^The database has no queue tables yet\. Run "queuectl migrate" once to make them\.$/,
  )
  const migrated = await runBin('queuectl', ['migrate'], { cwd: project.directory, t })
  assert.equal(migrated.code, 0)
  assert.equal((await runBin('do-queue', [], { cwd: project.directory, t })).code, 0)
})

for (const database of DATABASES) {
  test(`refused: tables that are newer than the program (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'exit' })
    await project.db.run("UPDATE setting SET value = '99' WHERE name = 'schema_version'")

    await refusedUntouched(
      project,
      78,
      /^The queue tables are at version 99, newer than the \d+ .+\. Update cron-mission on this host\.$/,
    )
  })

  test(`refused: a log directory below a file (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_LOGS: 'notes.txt/logs' } })
    await project.insert({ task: 'exit' })
    writeFileSync(project.path('notes.txt'), '')

    await refusedUntouched(
      project,
      78,
      /^The log directory \/.+\/notes\.txt\/logs cannot be written \(ENOTDIR\)\. .+ QUEUE_LOGS to another\.$/,
    )
  })
}

test('refused: a log directory that is a file', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit' })
  writeFileSync(project.path('logs'), '')

  await refusedUntouched(project, 78, /^The log directory \/.+\/logs cannot be written \((EEXIST|ENOTDIR)\)\. .+\.$/)
})

test('refused: a state directory below a file', async (t) => {
  const project = await queueProject(t, sqlite, { env: { QUEUE_STATE: 'notes.txt/state' } })
  await project.insert({ task: 'exit' })
  writeFileSync(project.path('notes.txt'), '')

  await refusedUntouched(
    project,
    78,
    /^The state directory \/.+\/notes\.txt\/state cannot be written \(ENOTDIR\)\. .+\.$/,
  )
})

test('refused: a log directory on a disk that is full', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit' })
  if (!mountSmallDisk(t, project.path('logs'), 65_536)) return t.skip(CANNOT_MOUNT)
  assert.throws(() => writeFileSync(project.path('logs', 'filling'), Buffer.alloc(1_000_000)), /ENOSPC/)

  await refusedUntouched(project, 75, /^The disk of the log directory \/.+\/logs is full\. Free some space; .+\.$/)
})

test('with DEBUG set the place where it happened is shown', async (t) => {
  const project = makeProject(t)

  const { stderr } = await runBin('do-queue', ['--total', '0'], { cwd: project.directory, env: { DEBUG: '1' }, t })

  assert.match(stderr, /^do-queue: --total is 0\. [^\n]+\n[^\n]*Complaint[^\n]*\n\s+at /)
})

async function refusedUntouched(project: QueueProject, exitCode: number, sentence: RegExp): Promise<void> {
  const rows = () => project.db.all('SELECT * FROM queue ORDER BY id')
  const before = await rows()
  const { exited } = project.start('do-queue')
  assertRefusal('do-queue', await exited, exitCode, sentence)
  assert.deepEqual(await rows(), before)
  await project.nothingIsLeft()
}

/** A project whose QUEUE_URL is that of a fresh MySQL database, changed. */
async function makeProjectOn(t: TestContext, change: (url: URL) => void): Promise<Project> {
  const created = await mariadb?.create(t)
  const url = new URL(created?.url ?? '')
  change(url)
  return makeProject(t, { env: { QUEUE_URL: url.href } })
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 1
}

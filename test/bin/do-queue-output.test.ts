/**
 * What programs write: every byte of it, once, where the row says.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { type Running, startProgram } from '../helpers/processes.ts'
import { ALWAYS_TRIED, nastyText, SEED } from '../worker/nasty-text.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { CANNOT_MOUNT, mountSmallDisk } from './small-disk.ts'

const [sqlite] = DATABASES as readonly [Database]
const MEBIBYTE = 1_048_576

for (const database of DATABASES) {
  test(`each row points to exactly its bytes while many others write to the log as well (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_TIMEZONE: 'UTC' } })
    const noise = makeNoise(t, project)
    const texts = [...ALWAYS_TRIED, ...fc.sample(nastyText(), { seed: SEED, numRuns: 60 })]
    const ids = await project.insert(...texts.map((param, i) => ({ task: 'say', param, bucket: i % 60 })))

    const workers = ['0', '1', '2', '3'].map((shard) =>
      project.start('do-queue', ['--total', '4', '--shard', shard, '--concurrency', '3']),
    )
    await Promise.all(workers.map(({ exited }) => exited))
    await noise.killTree()

    const rows = await project.rows()
    for (const [i, text] of texts.entries()) {
      const repeat = `TEXT_SEED=${SEED}: ${JSON.stringify(text)}`
      const row = rows.find(({ id }) => id === ids[i])
      assert.equal(row?.status, 'done', repeat)
      if (text === '') assert.deepEqual([row?.logFile, row?.logOffset, row?.logBytes], [null, null, null])
      else assert.ok(row !== undefined && project.output(row).equals(Buffer.from(text)), repeat)
    }
    await project.nothingIsLeft()
  })

  test(`the rows of failed attempts keep the place of their own output (${database.name})`, async (t) => {
    const project = await queueProject(t, database, {
      tasks: { counting: '#!/bin/sh\necho "attempt $TASK_ATTEMPT"\nexit $((TASK_ATTEMPT < 2))\n' },
    })
    const [id] = await project.insert({ task: 'counting', retry: '1ms' })

    while ((await project.states())[0] !== 'done') await project.run('do-queue')

    const [first] = await project.attempts(id)
    assert.equal(first && project.output(first).toString(), 'attempt 1\n')
    assert.equal(project.output(await project.row(id)).toString(), 'attempt 2\n')
  })

  test(`an output of more than 1 MiB becomes a file of its own, named in the day's log (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [before, large, after] = await project.insert(
      { task: 'say', param: 'before' },
      { task: 'pour', param: `${2 * MEBIBYTE}` },
      { task: 'say', param: 'after' },
    )

    await project.run('do-queue')

    const row = await project.row(large)
    assert.match(row.logFile ?? '', new RegExp(`^do-queue-\\d{4}-\\d\\d-\\d\\d\\.task-${large}\\.1\\.out$`))
    assert.ok(project.output(row).equals(poured(2 * MEBIBYTE)))
    assert.match(project.events('task-done')[1] ?? '', new RegExp(` bytes=${2 * MEBIBYTE} file=${row.logFile}$`))
    assert.equal(project.output(await project.row(before)).toString(), 'before')
    assert.equal(project.output(await project.row(after)).toString(), 'after')
    assert.ok(statSync(project.path('logs', dayLog(project))).size < 10_000)
  })
}

test('an output of exactly 1 MiB is a block of the log, and one byte more is a file', async (t) => {
  const project = await queueProject(t, sqlite)
  const [block, file] = await project.insert(
    { task: 'pour', param: `${MEBIBYTE}` },
    { task: 'pour', param: `${MEBIBYTE + 1}` },
  )

  await project.run('do-queue')

  const [inLog, alone] = [await project.row(block), await project.row(file)]
  assert.equal(inLog.logFile, dayLog(project))
  assert.ok(project.output(inLog).equals(poured(MEBIBYTE)))
  assert.match(alone.logFile ?? '', /\.task-2\.1\.out$/)
  assert.ok(project.output(alone).equals(poured(MEBIBYTE + 1)))
})

test('bytes that are no text are kept as they are', async (t) => {
  const project = await queueProject(t, sqlite)
  const [first, second] = await project.insert({ task: 'bytes' }, { task: 'bytes' })

  await project.run('do-queue')

  const bytes = Buffer.from('0001fffe0d0a80c01b5b306d00', 'hex')
  assert.deepEqual(project.output(await project.row(first)), bytes)
  assert.deepEqual(project.output(await project.row(second)), bytes)
})

test('both outputs of a program are kept in the order in which it wrote them', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { both: '#!/bin/sh\necho 1; echo 2 >&2; echo 3; exit 1\n' } })
  const [id] = await project.insert({ task: 'both' })

  await project.run('do-queue')

  assert.equal(project.output(await project.row(id)).toString(), '1\n2\n3\n')
})

for (const [how, row] of [
  ['ended well', { task: 'exit' }],
  ['failed', { task: 'exit', param: '1' }],
  ['was never started', { task: 'gone' }],
] as const) {
  test(`a silent program that ${how} has no output: no file, no offset, no bytes`, async (t) => {
    const project = await queueProject(t, sqlite)
    const [id] = await project.insert(row)

    await project.run('do-queue')

    const { logFile, logOffset, logBytes } = await project.row(id)
    assert.deepEqual([logFile, logOffset, logBytes], [null, null, null])
    assert.equal(project.lines(`logs/${dayLog(project)}`).length, 3, 'start, task and end, and nothing between')
  })
}

test('an output without a newline at its end does not swallow the next event', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert(
    { task: 'say', param: 'no newline' },
    { task: 'say', param: 'one\n' },
    { task: 'say', param: '2\n\n' },
  )

  await project.run('do-queue')

  const lines = project.lines(`logs/${dayLog(project)}`).map((line) => line.split(' ')[4] ?? line)
  assert.deepEqual(lines, [
    'worker-start',
    'task-done',
    'no newline',
    'task-done',
    'one',
    'task-done',
    '2',
    '',
    'worker-end',
  ])
})

test('a program that writes without end is stopped', async (t) => {
  const flooding = '#!/bin/sh\nhead -c 68000000 /dev/zero\nexec sleep 600\n'
  const project = await queueProject(t, sqlite, { tasks: { flooding } })
  const [id, next] = await project.insert({ task: 'flooding' }, { task: 'say', param: 'next' })

  await project.run('do-queue')

  const row = await project.row(id)
  assert.match(row.error ?? '', /^stopped after writing 67108864 bytes, its limit/)
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['flood'],
  )
  assert.ok((row.logBytes ?? 0) >= 68_000_000)
  assert.equal(project.output(await project.row(next)).toString(), 'next')
})

test('with --log-format json each event is an object in a line of its own', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'exit', param: '1' })

  await project.run('do-queue', ['--log-format', 'json'])

  const events = project.lines(`logs/${dayLog(project)}`).map((line) => JSON.parse(line))
  assert.deepEqual(
    events.map(({ event }) => event),
    ['worker-start', 'task-retry', 'worker-end'],
  )
  const { id, task, attempt, reason, shard } = events[1]
  assert.deepEqual([id, task, attempt, reason, shard], [1, 'exit', '1/4', 'exit code 1', '0/1'])
})

test('a large output reaches a log directory on another disk', async (t) => {
  const project = await queueProject(t, sqlite)
  if (!mountSmallDisk(t, project.path('logs'), 8 * MEBIBYTE)) return t.skip(CANNOT_MOUNT)
  const [large, next] = await project.insert({ task: 'pour', param: `${2 * MEBIBYTE}` }, { task: 'say', param: 'next' })

  const { code, stderr } = await project.start('do-queue').exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(project.output(await project.row(large)).equals(poured(2 * MEBIBYTE)))
  assert.equal(project.output(await project.row(next)).toString(), 'next')
  await project.nothingIsLeft()
})

test('when the disk of the log fills up, what ran is booked, its output stays, and the rest is given back', async (t) => {
  const filling = '#!/bin/sh\nhead -c 4000000 /dev/zero >logs/filling 2>/dev/null\nhead -c 100000 /dev/zero\n'
  const project = await queueProject(t, sqlite, { tasks: { filling } })
  if (!mountSmallDisk(t, project.path('logs'), MEBIBYTE)) return t.skip(CANNOT_MOUNT)
  await project.insert(...['filling', 'exit', 'exit', 'exit', 'exit'].map((task) => ({ task })))

  const { code, stderr } = await project.start('do-queue').exited

  assert.equal(code, 75)
  assert.match(stderr, /^do-queue: The disk of the log directory \/.+\/logs is full\. [^\n]+\.\n$/)
  const [first, alreadyStarted, ...others] = await statesAndAttempts(project)
  assert.deepEqual([first, alreadyStarted], ['done 1', 'done 1'])
  assert.deepEqual(others, ['ready 0', 'ready 0', 'ready 0'])
  assert.deepEqual(readFileSync(join(await project.workerDirectory(1), 'slot-0.out')), Buffer.alloc(100_000))
})

test('when the disk of the state directory fills up, no task is lost: it is run, or given back', async (t) => {
  const filling = '#!/bin/sh\nhead -c 4000000 /dev/zero >.queue/filling 2>/dev/null\nexit 0\n'
  const project = await queueProject(t, sqlite, { tasks: { filling } })
  if (!mountSmallDisk(t, project.path('.queue'), MEBIBYTE / 4)) return t.skip(CANNOT_MOUNT)
  await project.insert({ task: 'filling' }, { task: 'exit', param: '0'.repeat(60_000) }, { task: 'exit' })

  const { code, stderr } = await project.start('do-queue').exited

  const states = await statesAndAttempts(project)
  if (code === 0) assert.deepEqual(states, ['done 1', 'done 1', 'done 1'])
  else {
    assert.match(
      `${code} ${stderr}`,
      /^75 do-queue: The state directory \/.+\/worker-\w+-1 cannot be written \(ENOSPC\)\. /,
    )
    assert.deepEqual(states, ['done 1', 'ready 0', 'ready 0'])
  }
})

async function statesAndAttempts(project: QueueProject): Promise<string[]> {
  return (await project.rows()).map(({ status, attempts }) => `${status} ${attempts}`)
}

/** A program that appends short lines to today's log (of UTC) as fast as it can. */
function makeNoise(t: TestContext, project: QueueProject): Running {
  mkdirSync(project.path('logs'))
  const log = `do-queue-${new Date().toISOString().slice(0, 10)}.log`
  const script = 'while :; do echo noise; done >>"$0"'
  return startProgram('sh', ['-c', script, log], { cwd: project.path('logs'), t })
}

/** What the fixture `pour` writes. */
function poured(bytes: number): Buffer {
  const output = Buffer.alloc(bytes)
  let at = 0
  for (let number = 1; at < bytes; number++) at += output.write(`${number}\n`, at)
  return output
}

function dayLog(project: QueueProject): string {
  const logs = readdirSync(project.path('logs')).filter((file) => file.endsWith('.log'))
  assert.equal(logs.length, 1)
  return basename(logs[0] ?? '')
}

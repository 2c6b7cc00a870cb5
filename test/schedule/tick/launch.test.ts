import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import {
  groupsOf,
  LaunchError,
  type Launcher,
  launchRun,
  launchWorkers,
  runFlags,
  workerFlags,
} from '../../../src/schedule/tick/launch.ts'
import { afterwards, temporaryDirectory } from '../../helpers/cleanup.ts'
import { plannedJob } from '../planned-job.ts'

const MAIL = plannedJob({ kind: 'queue', queue: 'mail', shards: 4 })
const BACKUP = plannedJob({ kind: 'exec', command: ['bin/backup', '--to', 'it\'s\n"here"'] }, { id: 'backup' })
const AT = Date.UTC(2026, 10, 20, 2, 30)

test('a worker is told its job, its shards and no more than the job says', () => {
  const flags = workerFlags(MAIL, undefined, [0], { total: 1 })

  assert.equal(flags.join(' '), '--job mail --queue mail --total 1 --shard 0 --quiet')
})

test('whatever a job says goes to its workers as a flag', () => {
  const job = plannedJob(
    { kind: 'queue', queue: 'mails', shards: 'function', concurrency: 5, batch: 20, perKey: 2, maxTimeMs: 3_600_000 },
    { timeoutMs: 900_000, graceMs: 0, retry: '1m,5m', crash: 'hold', nice: 10, always: true },
  )

  const flags = workerFlags(job, { job: 'mail', slotAt: AT, place: 'hand:17' }, [0, 1, 2, 4], { total: 6 })

  assert.equal(
    flags.join(' '),
    '--job mail --queue mails --total 6 --shard 0-2,4 --watch --slot 2026-11-20T02:30:00Z --place hand:17 ' +
      '--concurrency 5 --batch 20 --per-key 2 --max-time 3600000ms --retry 1m,5m ' +
      '--timeout 900000ms --grace 0ms --crash hold --nice 10 --quiet',
  )
})

test('warm programs and their limits are told, with what the job does not say left to the worker', () => {
  const flagsOf = (warm: NonNullable<typeof MAIL.work.warm>) =>
    workerFlags(plannedJob({ ...MAIL.work, warm }), undefined, [0], { total: 1 }).join(' ')

  assert.match(flagsOf({}), / --warm --quiet$/)
  assert.match(
    flagsOf({ tasks: 500, ageMs: 1_800_000, memoryBytes: 512 * 1_048_576 }),
    / --warm --warm-tasks 500 --warm-age 1800000ms --warm-memory 524288K --quiet$/,
  )
})

test('a slot without a place, no retry and a negative priority are told so that they are understood', () => {
  const job = plannedJob(MAIL.work, { retry: '', nice: -5 })

  const flags = workerFlags(job, { job: 'mail', slotAt: AT, place: '' }, [3], { total: 4 })

  assert.equal(
    flags.join(' '),
    '--job mail --queue mail --total 4 --shard 3 --slot 2026-11-20T02:30:00Z --retry none --nice=-5 --quiet',
  )
})

test('what the moment allows goes before what the job says', () => {
  const job = plannedJob({ ...MAIL.work, maxTimeMs: 3_600_000 }, { timeoutMs: 900_000 })

  const flags = workerFlags(job, undefined, [0], { total: 1, maxTimeMs: 60_000, timeoutMs: 70_000 })

  assert.equal(
    flags.join(' '),
    '--job mail --queue mail --total 1 --shard 0 --max-time 60000ms --timeout 70000ms --quiet',
  )
})

test('a command is told as JSON, and only a job that allows it has many runs at a time', () => {
  const flags = runFlags(BACKUP)
  const allowed = runFlags({ ...BACKUP, overlap: 'allow', graceMs: 5_000, crash: 'fail', nice: 19 })

  const queueAndCommand = ['--queue', 'exec:backup', '--exec', JSON.stringify(BACKUP.work.command)]
  assert.deepEqual(flags, ['--job', 'backup', ...queueAndCommand, '--quiet'])
  assert.deepEqual(allowed.slice(6), [
    ...['--concurrency', '60'],
    ...['--grace', '5000ms', '--crash', 'fail', '--nice', '19', '--quiet'],
  ])
})

const GROUPS: { shards: number[]; processes: number | undefined; groups: number[][] }[] = [
  { shards: [0, 2, 3], processes: undefined, groups: [[0], [2], [3]] },
  {
    shards: [0, 1, 2, 3, 4],
    processes: 2,
    groups: [
      [0, 1],
      [2, 3, 4],
    ],
  },
  { shards: [1, 5], processes: 4, groups: [[1], [5]] },
  { shards: [1, 5, 9], processes: 1, groups: [[1, 5, 9]] },
  { shards: [1, 5, 9], processes: 0, groups: [[1, 5, 9]] },
  { shards: [], processes: 3, groups: [] },
]
for (const { shards, processes, groups } of GROUPS) {
  test(`[${shards}] make ${groups.length} groups for ${processes ?? 'as many as there are'} processes`, () => {
    assert.deepEqual(groupsOf(shards, processes), groups)
  })
}

test('a worker gets a session of its own, the flags, and the log as its output', async (t) => {
  const place = launcher(
    t,
    `
    const session = require('node:fs').readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')[3]
    console.log(JSON.stringify({ args: process.argv.slice(2), leads: Number(session) === process.pid, cwd: process.cwd() }))
    console.error('and what goes wrong')
    process.exitCode = 7`,
  )

  const workers = await launchWorkers(place.launcher, MAIL, undefined, [[0, 1], [3]], { total: 4 })
  const codes = await Promise.all(workers.map(({ exited }) => exited))

  assert.deepEqual(codes, [7, 7])
  assert.equal(place.output().split('and what goes wrong').length, 3)
  const told = place
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { args: string[]; leads: boolean; cwd: string })
  assert.deepEqual(told.map(({ args }) => args[args.indexOf('--shard') + 1]).toSorted(), ['0-1', '3'])
  assert.ok(told.every(({ leads, cwd }) => leads && cwd === place.launcher.directory))
})

test('a database that is not the project’s is told by the environment only', async (t) => {
  const place = launcher(t, `console.log(process.env.QUEUE_URL, process.argv.includes('--url'), process.env.KEPT)`)

  const run = await launchRun(place.launcher, BACKUP, 'sqlite:host.db')
  await run.exited

  assert.equal(place.output().trim(), 'sqlite:host.db false yes')
})

test('a system that starts no worker is told, with those that it did start', async (t) => {
  const place = launcher(t, '')
  let asked = 0
  const failing: Launcher = {
    ...place.launcher,
    get directory() {
      return asked++ === 0 ? place.launcher.directory : join(place.launcher.directory, 'gone')
    },
  }

  const failure = await launchWorkers(failing, MAIL, undefined, [[0], [1]], { total: 2 }).catch((error) => error)

  assert.ok(failure instanceof LaunchError)
  assert.match(failure.message, /ENOENT/)
  assert.equal(failure.launched.length, 1)
})

/** What is started in place of `do-queue` is a program of this text. */
function launcher(t: TestContext, program: string): { launcher: Launcher; output: () => string } {
  const directory = temporaryDirectory(t)
  const doQueue = join(directory, 'do-queue.cjs')
  const log = join(directory, 'output')
  writeFileSync(doQueue, program)
  const descriptor = openSync(log, 'a')
  afterwards(t, () => closeSync(descriptor))
  return {
    launcher: {
      doQueue,
      directory,
      environment: { ...process.env, KEPT: 'yes' },
      logDescriptor: () => descriptor,
      wait: true,
    },
    output: () => readFileSync(log, 'utf8'),
  }
}

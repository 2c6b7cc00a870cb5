import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { DATABASES } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'
import { allGone, type QueueProject, queueProject } from './queue-project.ts'

const EVERY_MINUTE = scheduleOf(`mail: { when: every('1m'), queue: 'mail', shards: 4 }`)
const AT = '2026-11-20T18:30:00Z'
const COMMANDS = `${dirname(dirname(import.meta.dirname))}/dist/bin`

for (const database of DATABASES) {
  test(`a tick starts one detached worker for each shard with work (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    await project.insert(...[0, 1, 2, 5, 6].map((bucket) => ({ task: 'say', queue: 'mail', bucket })))

    const tick = await project.run('cron-mission', ['--at', AT, '--wait'])

    assert.deepEqual([tick.code, tick.stdout, tick.stderr], [0, '', ''])
    assert.deepEqual(await project.states(), Array(5).fill('done'))
    const [started] = project.events('job-started')
    assert.match(started ?? '', /job=mail slot=2026-11-20T18:30:00Z reason="3 of 4 shards" pids=\d+,\d+,\d+$/)
    assert.deepEqual(shards(project.events('worker-start')), ['0/4', '1/4', '2/4'])
    assert.deepEqual(await ledger(project.db), [['mail', 'started', '3 of 4 shards']])
  })

  test(`an empty queue starts no process, and the ledger says so (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    await project.insert({ task: 'say', queue: 'other' })

    const tick = await project.run('cron-mission', ['--at', AT])

    assert.deepEqual([tick.code, tick.stdout, tick.stderr], [0, '', ''])
    assert.deepEqual(project.events('job-started'), [])
    assert.deepEqual(await ledger(project.db), [['mail', 'empty', 'queue mail has nothing ready']])
  })

  test(`many ticks of one minute start a job once (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    await project.insert({ task: 'say', queue: 'mail', bucket: 0 })

    const ticks = Array.from({ length: 5 }, () => project.start('cron-mission', ['--at', AT, '--wait']).exited)
    const ended = await Promise.all(ticks)

    for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
    assert.equal(project.events('tick').length, 5)
    assert.equal(project.events('job-started').length, 1)
    assert.equal((await ledger(project.db)).length, 1)
    await project.nothingIsLeft()
  })

  test(`a shard that a live worker holds is not started again (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    const [waiting] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 1 })
    const worker = project.start('do-queue', ['--queue', 'mail', '--total', '4', '--shard', '1', '--limit', '1'])
    await project.started(waiting)
    await project.insert({ task: 'say', queue: 'mail', bucket: 1 })

    await runTick(project, ['--at', AT])

    const [row] = await ledger(project.db)
    assert.deepEqual(row?.slice(0, 2), ['mail', 'overlap'])
    assert.match(row?.[2] ?? '', new RegExp(`every shard with work is held: 1 by .*:${worker.pid}$`))
    project.release('go')
    await worker.exited
    await project.nothingIsLeft()
  })

  test(`rows whose time has come are promoted by the tick (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    await project.insert({ task: 'say', queue: 'mail', status: 4, run_at: -1_000 })

    await project.run('cron-mission', ['--at', AT, '--wait'])

    assert.deepEqual(await project.states(), ['done'])
  })

  test(`a dry run says what would start, and changes nothing (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: EVERY_MINUTE })
    await project.insert({ task: 'say', queue: 'mail', bucket: 3 })

    const tick = await project.run('cron-mission', ['--at', AT, '--dry-run'])

    assert.equal(tick.code, 0)
    assert.match(tick.stdout, /mail\twould start\t1 of 4 shards/)
    assert.deepEqual([await project.states(), await ledger(project.db)], [['ready'], []])
  })
}

const [sqlite] = DATABASES as [(typeof DATABASES)[0]]

test('workers outlive the tick and a signal to its process group', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: EVERY_MINUTE })
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 0 })
  const tick = project.start('cron-mission', ['--at', AT])
  await tick.exited
  const pids = await project.started(id)

  try {
    process.kill(-tick.pid, 'SIGTERM')
  } catch {
    // the group is empty: the worker has a session of its own
  }
  assert.ok(pids.every(isAlive))
  project.release('go')

  await allGone(pids)
  await waitFor(async () => (await project.states())[0] === 'done', { what: 'the task to be booked' })
  await project.nothingIsLeft()
})

test('a minute in which nothing is due is quiet also when the database is away', async (t) => {
  const schedule = scheduleOf(`nightly: { when: daily('02:30'), queue: 'mail' }`)
  const project = await queueProject(t, sqlite, { schedule, env: { QUEUE_URL: 'mysql://nobody@127.0.0.1:1/none' } })

  const tick = await project.run('cron-mission', ['--at', AT])

  assert.deepEqual([tick.code, tick.stdout, tick.stderr], [0, '', ''])
  assert.match(project.events('tick')[0] ?? '', /slot=2026-11-20T18:30:00\.000\S+ jobs=1 due=0$/)
})

test('a paused job is skipped with its reason', async (t) => {
  const schedule = scheduleOf(`mail: { when: every('1m'), queue: 'mail', paused: 'disk swap, ask Ana' }`)
  const project = await queueProject(t, sqlite, { schedule })
  await project.insert({ task: 'say', queue: 'mail' })

  await project.run('cron-mission', ['--at', AT])

  assert.deepEqual(await ledger(project.db), [['mail', 'paused', 'disk swap, ask Ana']])
  assert.deepEqual(await project.states(), ['ready'])
})

test('a broken entry is told in one sentence and never stops the others', async (t) => {
  const schedule = scheduleOf(
    `mail: { when: every('1m'), queue: 'mail' }, bad: { when: cron('99 * * * *'), queue: 'x' }`,
  )
  const project = await queueProject(t, sqlite, { schedule })
  await project.insert({ task: 'say', queue: 'mail' })

  const tick = await project.run('cron-mission', ['--at', AT, '--wait'])

  assert.equal(tick.code, 78)
  assert.match(tick.stderr, /^cron-mission: .*bad.*minute.*\n$/)
  assert.deepEqual(await project.states(), ['done'])
})

test('a schedule with a syntax error is a sentence with file and line', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: 'export default {\n  jobs: {{\n}\n' })

  const tick = await project.run('cron-mission', ['--at', AT])

  assert.equal(tick.code, 78)
  assert.match(tick.stderr, /^cron-mission: The schedule does not load: .*schedule\.ts.*\n$/)
})

test('a directory without a schedule is told what to do', async (t) => {
  const project = await queueProject(t, sqlite)

  const tick = await project.run('cron-mission')

  assert.equal(tick.code, 78)
  assert.match(tick.stderr, /There is no schedule\.ts in .*--directory or --schedule/)
})

test('an unreachable database is one sentence, and the next minute tries again', async (t) => {
  const project = await queueProject(t, sqlite, {
    schedule: EVERY_MINUTE,
    env: { QUEUE_URL: 'mysql://me@127.0.0.1:1/shop' },
  })

  const tick = await project.run('cron-mission', ['--at', AT])

  assert.equal(tick.code, 69)
  assert.match(tick.stderr, /^cron-mission: The database at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\).*\n$/)
})

test('check tells all problems at once, and list shows the next run in the zone of the job', async (t) => {
  const schedule = scheduleOf(`
    mail: { when: every('1m'), queue: 'mail', shards: 4 },
    report: { when: daily('02:30'), timezone: 'Asia/Tokyo', queue: 'report' },
    one: { when: cron('99 * * * *'), queue: 'x' },
    two: { when: every('1m'), queue: 'x', shards: 61 },`)
  const project = await queueProject(t, sqlite, { schedule })

  const check = await project.run('cron-mission', ['check'])
  const list = await project.run('cron-mission', ['list', '--json'])

  assert.equal(check.code, 78)
  assert.match(check.stdout, /one.*\n.*two.*61.*\n.*2 jobs can run, 2 problems\n$/)
  const [mail, report] = list.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([mail.job, mail.queue, mail.shards], ['mail', 'mail', 4])
  assert.match(report.next, /T17:30:00\.000Z$/)
})

test('the environment that cron gives is enough', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: EVERY_MINUTE })
  await project.insert({ task: 'say', queue: 'mail' })
  const nodeDirectory = dirname(process.execPath)
  const line = `cd ${project.directory} && PATH=${nodeDirectory}:/usr/bin:/bin ${COMMANDS}/cron-mission.js --wait`

  const bare = [
    '-i',
    `HOME=${project.directory}`,
    'LOGNAME=shop',
    'PATH=/usr/bin:/bin',
    'SHELL=/bin/sh',
    '/bin/sh',
    '-c',
    line,
  ]
  const cron = await runProgram('env', bare, { cwd: '/', t })

  assert.deepEqual([cron.code, cron.stdout, cron.stderr], [0, '', ''])
  assert.deepEqual(await project.states(), ['done'])
  assert.ok(statSync(project.path('logs')).isDirectory())
})

function scheduleOf(jobs: string): string {
  return `import { cron, daily, defineSchedule, every } from 'cron-mission'\nexport default defineSchedule({ timezone: 'Europe/Berlin', jobs: { ${jobs} } })\n`
}

/** A tick while a worker of the test's own is still at work. */
async function runTick(project: QueueProject, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await project.start('cron-mission', args).exited
  assert.deepEqual([code, stdout, stderr], [0, '', ''])
}

async function ledger(db: Driver): Promise<string[][]> {
  const rows = await db.all<Record<string, string>>('SELECT job, verdict, reason FROM slot ORDER BY job')
  return rows.map(({ job, verdict, reason }) => [String(job), String(verdict), String(reason)])
}

function shards(events: readonly string[]): string[] {
  return events.map((line) => line.split(' ')[3] ?? '').toSorted()
}

/**
 * The tick of a minute in which nothing is due: it leaves quickly, and never when there is something to see to.
 *
 * Whether the whole tick was run is told by V8's own coverage: by which files of the build were loaded.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { tickRows } from '../../src/queue/store/tick-row.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { makeProject, runBin, waitFor } from '../helpers/processes.ts'
import { watched } from './loaded-files.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

/** Due once in a year, and not in the days of the tests' own time. */
const YEARLY = `mail: { when: cron('0 3 ${new Date(Date.now() + 90 * 86_400_000).getUTCDate()} ${new Date(Date.now() + 90 * 86_400_000).getUTCMonth() + 1} *'), queue: 'mail' }` // biome-ignore format: one
const MINUTE_MS = 60_000
const WHOLE_TICK = 'command/tick.js'

for (const database of DATABASES) {
  test(`a quiet minute needs no more than the quick part, notes that it was there, and says nothing (${database.name})`, async (t) => {
    const project = await quietProject(t, database)
    const [before] = (await tickRows(project.db)).ticks

    const tick = await watched(project, 'cron-mission')

    assert.deepEqual([tick.code, tick.stdout, tick.stderr], [0, '', ''])
    assert.deepEqual(tick.files, ['bin/cron-mission.js', 'quick/cron-mission.js'])
    const [after] = (await tickRows(project.db)).ticks
    assert.ok((after?.at ?? 0) > (before?.at ?? 0))
    assert.equal(after?.plan, before?.plan)
    assert.match(project.events('tick').at(-1) ?? '', / slot=\S+ jobs=1 due=0$/)
  })

  test(`an open slot, a running task, a paused program: each gets a whole tick (${database.name})`, async (t) => {
    const project = await quietProject(t, database)
    const { db } = project
    const disturbances = [
      [
        `INSERT INTO slot (job, slot_at, place, verdict, reason, is_open, host)
         VALUES ('mail', ${db.dialect.fromMs('86400000')}, '', 'waiting', 'x', 1, 'elsewhere')`,
        'DELETE FROM slot',
      ],
      [
        `INSERT INTO queue (task, queue, status, worker_id, claim_token, started_at)
         VALUES ('say', 'mail', 2, 4711, 1, ${db.dialect.now})`,
        'DELETE FROM queue',
      ],
      [
        `INSERT INTO setting (name, value) VALUES ('pause-task:*/say', '{"lifted":1}')`,
        `DELETE FROM setting WHERE name LIKE 'pause-task:%'`,
      ],
    ] as const
    for (const [disturb, undo] of disturbances) {
      await db.run(disturb)
      const tick = await watched(project, 'cron-mission')
      await db.run(undo)

      assert.ok(tick.files.includes(WHOLE_TICK), disturb)
      assert.deepEqual([tick.code, tick.stdout, tick.stderr], [0, '', ''])
      await settle(project)
    }
  })

  test(`a tick of another content, or long ago, gets a whole tick (${database.name})`, async (t) => {
    const project = await quietProject(t, database)
    const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
    const [own] = (await tickRows(project.db)).ticks
    for (const value of [
      { minute, plan: 'other' },
      { minute: minute - 5 * MINUTE_MS, plan: own?.plan },
      { minute: minute + 5 * MINUTE_MS, plan: own?.plan },
    ]) {
      await settle(project)
      await project.db.run(`UPDATE setting SET value = ? WHERE name LIKE 'tick:%'`, [JSON.stringify(value)])

      assert.ok((await watched(project, 'cron-mission')).files.includes(WHOLE_TICK), JSON.stringify(value))
    }
  })
}

const [sqlite] = DATABASES as [Database]

test('a changed schedule, an alarm and what a dead worker left: each gets a whole tick', async (t) => {
  const project = await quietProject(t, sqlite)
  const alarms = project.path('.queue', 'alarms.json')
  const left = project.path('.queue', 'worker-00000000-1')

  writeFileSync(alarms, JSON.stringify([['it was hot', 0]]))
  assert.ok((await watched(project, 'cron-mission')).files.includes(WHOLE_TICK), 'alarm')
  assert.throws(() => readFileSync(alarms), { code: 'ENOENT' }, 'what has passed is forgotten')

  mkdirSync(left)
  assert.ok((await watched(project, 'cron-mission')).files.includes(WHOLE_TICK), 'directory')
  rmSync(left, { recursive: true })

  writeFileSync(project.path('schedule.ts'), scheduleOf(YEARLY.replace('mail:', 'post:')))
  assert.ok((await watched(project, 'cron-mission')).files.includes(WHOLE_TICK), 'schedule')
})

test('a job that is due in this minute is not overlooked by a quick tick', async (t) => {
  const project = await quietProject(t, sqlite)
  writeFileSync(project.path('schedule.ts'), scheduleOf(`mail: { when: every('1m'), queue: 'mail' }`))
  backdate(project)

  for (let i = 0; i < 3; i++) await project.run('cron-mission')

  const rows = await project.db.all<{ verdict: string }>('SELECT verdict FROM slot')
  assert.ok(rows.length >= 1)
  assert.ok(rows.every(({ verdict }) => verdict === 'empty'))
})

test('a schedule that is broken is told of once, and its jobs stay', async (t) => {
  const project = await quietProject(t, sqlite)
  writeFileSync(project.path('schedule.ts'), 'export default {')

  const first = await project.run('cron-mission')
  const second = await project.run('cron-mission')

  assert.match(
    first.stderr,
    /^cron-mission: The schedule does not load: .* Its jobs run as they were read last, on .*\.\n$/,
  )
  assert.deepEqual([second.stdout, second.stderr], ['', ''])
})

for (const [args, code, words] of [
  [['--help'], 0, /Run this minute of schedule\.ts/],
  [['--version'], 0, /^\d+\.\d+\.\d+\n/],
  [['--shards'], 64, /--shards is not known here\. See "cron-mission --help"\./],
  [['--at', 'tomorrow'], 64, /--at is "tomorrow"/],
  [['chekc'], 64, /Did you mean check\?/],
] as const) {
  test(`cron-mission ${args.join(' ')} is answered as before`, async (t) => {
    const project = makeProject(t, { schedule: scheduleOf(YEARLY) })

    const { stdout, stderr, ...ended } = await runBin('cron-mission', args, { cwd: project.directory, t })

    assert.equal(ended.code, code)
    assert.match(stdout + stderr, words)
  })
}

test('a project without node_modules needs no more than its schedule, wherever the tick is started', async (t) => {
  const project = makeProject(t)
  writeFileSync(project.path('schedule.ts'), scheduleOf(YEARLY))

  for (let i = 0; i < 2; i++) {
    const { code, stdout, stderr } = await runBin('cron-mission', ['--directory', project.directory], { cwd: '/', t })
    assert.deepEqual([code, stdout, stderr], [0, '', ''])
  }
})

function scheduleOf(jobs: string): string {
  return `import { cron, defineSchedule, every } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { ${jobs} } })\n`
}

/** A project whose ticks are quiet. */
async function quietProject(t: TestContext, database: Database): Promise<QueueProject> {
  const project = await queueProject(t, database, { schedule: scheduleOf(YEARLY) })
  backdate(project)
  await settle(project)
  return project
}

function backdate(project: QueueProject): void {
  const old = new Date(Date.now() - 3_600_000)
  utimesSync(project.path('schedule.ts'), old, old)
}

/** The first tick reads the schedule, and may find it too young to be believed. */
async function settle(project: QueueProject): Promise<void> {
  await waitFor(async () => !(await watched(project, 'cron-mission')).files.includes(WHOLE_TICK), {
    what: 'a quiet tick',
  })
}

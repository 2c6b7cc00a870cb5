/**
 * What `stop` and `resume` answer, what they refuse, and where else a stop shows.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startProgram, waitFor } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'
import { nextMinute, noOtherHost, SCHEDULE, stopProject } from './stop-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOST = hostname()
const SINCE = 'since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d by \\S+'
const NOWHERE = { QUEUE_URL: 'mysql://me@127.0.0.1:1/shop' }
const COMMAND = resolve(import.meta.dirname, '../../dist/bin/cron-mission.js')

for (const verb of ['stop', 'resume']) {
  test(`${verb} of a job that the schedule has not is refused with the nearest name`, async (t) => {
    const project = await stopProject(t, sqlite)

    const near = await project.run('cron-mission', [verb, 'mial'])
    const far = await project.run('cron-mission', [verb, 'payments'])

    assert.equal(near.code, 64)
    assert.match(near.stderr, /^cron-mission: There is no job "mial" in .*schedule\.ts\. Did you mean mail\?\n$/)
    assertRefusal('cron-mission', far, 64, /^There is no job "payments" in .* "cron-mission list" shows them all\.$/)
  })

  test(`${verb} without its database is one sentence`, async (t) => {
    const project = await queueProject(t, sqlite, { schedule: SCHEDULE, env: NOWHERE })

    const ended = await project.run('cron-mission', [verb])

    assertRefusal('cron-mission', ended, 69, /^The database at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/)
  })
}

const WRONG: [args: string[], sentence: RegExp][] = [
  [['stop', '--timeout', 'long'], /^--timeout is "long"\. Use a duration such as/],
  [['stop', 'mail', 'report'], /^One job at a time\./],
  [['resume', 'mail', 'report'], /^One job at a time\./],
  [['stop', '--dry-run'], /^--dry-run is not known here\./],
  [['resume', '--timeout', '1m'], /^--timeout is not known here\./],
  [['list', 'mail'], /^list takes flags only\./],
  [['stpo'], /^"stpo" is no command of cron-mission\. Did you mean stop\?/],
  [
    ['deploy'],
    /^"deploy" is no command of cron-mission\. It has check, list, .*daemon; without one it runs the tick\./,
  ],
]

for (const [args, sentence] of WRONG) {
  test(`cron-mission ${args.join(' ')} is refused`, async (t) => {
    const project = await stopProject(t, sqlite)

    const { code, stdout, stderr } = await project.run('cron-mission', args)

    assert.deepEqual([code, stdout], [64, ''])
    assert.match(stderr.replace('cron-mission: ', ''), sentence)
    assert.deepEqual(await project.db.all("SELECT name FROM setting WHERE name LIKE 'stop%'"), [])
  })
}

test('stop needs no schedule, and a broken one does not hinder it', async (t) => {
  const none = await queueProject(t, sqlite)
  const broken = await queueProject(t, sqlite, { schedule: 'export default {\n  jobs: {{\n}\n' })

  for (const project of [none, broken]) {
    const { code, stderr } = await project.run('cron-mission', ['stop'])
    assert.deepEqual([code, stderr], [0, ''])
  }
})

test('a job whose entry is broken can be stopped all the same', async (t) => {
  const schedule = SCHEDULE.replace("grace: '1m'", "shards: 99, grace: '1m'")
  const project = await queueProject(t, sqlite, { schedule })

  const { code, stdout } = await project.run('cron-mission', ['stop', 'mail'])

  assert.equal(code, 0)
  assert.match(stdout, /^Job mail is stopped on /)
})

test('the stop of a job that is no longer in the schedule can be lifted', async (t) => {
  const project = await stopProject(t, sqlite)
  await project.db.run('INSERT INTO setting (name, value) VALUES (?, ?)', [`stop:gone@${HOST}`, 'ana@web-1'])

  const { code, stdout } = await project.run('cron-mission', ['resume', 'gone'])

  assert.equal(code, 0)
  assert.match(stdout, /^Job gone may be started again on /)
})

test('resume where nothing is stopped says so, and is no failure', async (t) => {
  const project = await stopProject(t, sqlite)

  const all = await project.run('cron-mission', ['resume'])
  const one = await project.run('cron-mission', ['resume', 'mail', '--all-hosts'])

  assert.deepEqual([all.code, all.stdout], [0, `There is no pause of all jobs, and no stop of them on ${HOST}.\n`])
  assert.deepEqual([one.code, one.stdout], [0, 'There is no pause of job mail, and no stop of it on all hosts.\n'])
})

test('resume lifts the stops of this host, those of single jobs too, and tells which one remains', async (t) => {
  const project = await stopProject(t, sqlite)
  for (const args of [['mail'], [], ['report', '--all-hosts']]) await project.run('cron-mission', ['stop', ...args])

  const { code, stdout } = await project.run('cron-mission', ['resume'])

  assert.equal(code, 0)
  const [first, second, third, ...more] = stdout.trimEnd().split('\n')
  assert.match(first ?? '', new RegExp(`^Job mail may be started again on ${HOST} \\(stopped ${SINCE}\\)\\.$`))
  assert.match(second ?? '', /^All jobs may be started again on /)
  const command = '"cron-mission resume report --all-hosts" lifts that'
  assert.match(third ?? '', new RegExp(`^Job report is still stopped on all hosts, ${SINCE}: ${command}\\.$`))
  assert.deepEqual(more, [])
  await project.tick()
  assert.deepEqual(await Promise.all(['mail', 'report'].map(async (job) => (await project.lastVerdict(job))[0])), [
    'empty',
    'stopped',
  ])
})

test('resume on all hosts leaves alone what a host has stopped for itself, and says where to lift it', async (t) => {
  const project = await stopProject(t, sqlite)
  await project.db.run('INSERT INTO setting (name, value) VALUES (?, ?)', ['stop:*@web-9', 'ana@web-9'])
  await project.run('cron-mission', ['stop', '--all-hosts'])

  const { code, stdout } = await project.run('cron-mission', ['resume', '--all-hosts', '--json'])
  const text = await project.run('cron-mission', ['resume', '--all-hosts'])

  assert.equal(code, 0)
  const { lifted, remaining } = JSON.parse(stdout)
  assert.deepEqual([lifted.length, lifted[0].job, lifted[0].host], [1, '*', '*'])
  assert.deepEqual([remaining.length, remaining[0].host, remaining[0].by], [1, 'web-9', 'ana@web-9'])
  assert.match(text.stdout, /All jobs are still stopped on web-9, .*: "cron-mission resume" on web-9 lifts that\.\n$/)
})

test('list and a dry run show what is stopped, by whom and what lifts it', async (t) => {
  const project = await stopProject(t, sqlite)
  await project.insert({ task: 'exit', queue: 'mail' }, { task: 'exit', queue: 'report' })
  await project.run('cron-mission', ['stop', 'mail'])
  const reason = `stopped ${SINCE}: cron-mission resume mail starts it again`

  const list = await project.run('cron-mission', ['list'])
  const json = await project.run('cron-mission', ['list', '--json'])
  const dryRun = await project.run('cron-mission', ['--dry-run'])

  assert.match(list.stdout, new RegExp(`^mail\\tstopped\\tevery 1m\\t.*\\t${reason}$`, 'm'))
  assert.match(list.stdout, /^report\t\d{4}-.*\t$/m)
  assert.match(dryRun.stdout, new RegExp(`^mail\\tstopped\\t${reason}$`, 'm'))
  assert.match(dryRun.stdout, /^report\twould start\t1 shard$/m)
  const [mail, report] = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([mail.stopped.job, mail.stopped.host, report.stopped], ['mail', HOST, undefined])
})

test('list shows the schedule without its database, makes none, and says what it does not know', async (t) => {
  const away = await queueProject(t, sqlite, { schedule: SCHEDULE, env: NOWHERE })
  const none = await queueProject(t, sqlite, { schedule: SCHEDULE, env: { QUEUE_URL: 'sqlite:none.db' } })

  const withoutServer = await away.run('cron-mission', ['list'])
  const withoutFile = await none.run('cron-mission', ['list'])

  assert.equal(withoutServer.code, 69)
  assert.match(withoutServer.stdout, /^mail\t\d{4}-/m)
  assert.match(withoutServer.stderr, /^cron-mission: How the jobs stand is not known\. The database at .*\n$/)
  assert.deepEqual([withoutFile.code, withoutFile.stderr], [0, ''])
  assert.equal(existsSync(none.path('none.db')), false)
})

test('a stop of all hosts holds on every host', { skip: noOtherHost() }, async (t) => {
  const project = await stopProject(t, sqlite)
  await project.insert({ task: 'exit', queue: 'mail' })
  const stop = await project.startOn('web-2', 'cron-mission', ['stop', '--all-hosts']).exited

  await project.tick(['--wait'])

  assert.deepEqual([stop.code, stop.stderr], [0, ''])
  const [verdict, reason] = await project.lastVerdict('mail')
  assert.equal(verdict, 'stopped')
  assert.match(reason ?? '', /by \S+@web-2: cron-mission resume --all-hosts starts it again$/)
})

const noTerminal =
  spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0 ? false : 'script(1) gives no terminal'

test('on a terminal a line tells how the draining goes', { skip: noTerminal }, async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const worker = project.start('do-queue', ['--queue', 'mail', '--grace', '1m'])
  await project.started(id)

  const command = `${process.execPath} ${COMMAND} stop`
  const stop = startProgram('script', ['-qec', command, '/dev/null'], { cwd: project.directory, t })
  await waitFor(() => /draining 1 of 1 worker, 1 program runs, [1-9] s/.test(stop.stdout), { what: 'the line' })
  project.release('go')
  const { code, stdout } = await stop.exited

  assert.equal(code, 0)
  assert.match(stdout, /KAll jobs are stopped on .* 1 worker left within \d+ s\./)
  await worker.exited
  await project.nothingIsLeft()
})

test('a tick of a minute that was stopped is not made up for later', async (t) => {
  const project = await stopProject(t, sqlite)
  const minute = nextMinute()
  await project.insert({ task: 'exit', queue: 'mail' })
  await project.run('cron-mission', ['stop'])
  await project.run('cron-mission', ['--at', minute, '--wait'])
  await project.run('cron-mission', ['resume'])

  await project.run('cron-mission', ['--at', minute, '--wait'])

  assert.equal((await project.lastVerdict('mail'))[0], 'stopped')
  assert.deepEqual(await project.states(), ['ready'])
})

/**
 * `cron-mission stop` and `resume` while real workers run real programs.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { allGone } from './queue-project.ts'
import { nextMinute, noOtherHost, type StopProject, stopProject } from './stop-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOST = hostname()
const ME = `${userInfo().username}@${HOST}`
const SINCE = `since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d by ${ME}`

for (const database of DATABASES) {
  test(`stop lets what runs finish, gives back what waits, and nothing is started until resume (${database.name})`, async (t) => {
    const project = await stopProject(t, database)
    const [running, ...others] = await project.insert(
      { task: 'wait-for', param: 'go', queue: 'mail' },
      ...Array.from({ length: 5 }, () => ({ task: 'exit', queue: 'mail' })),
    )
    await project.tick()
    await project.started(running)

    const stop = project.start('cron-mission', ['stop'])
    await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
    assert.equal(await isRunning(stop.exited), true)
    project.release('go')
    const { code, stdout, stderr } = await stop.exited

    assert.deepEqual([code, stderr], [0, ''])
    const left = '1 worker left within \\d+ s'
    assert.match(
      stdout,
      new RegExp(`^All jobs are stopped on ${HOST}\\. ${left}\\. "cron-mission resume" lifts the stop\\.\\n$`),
    )
    const rows = await project.rows()
    assert.deepEqual(
      rows.map(({ status, attempts }) => `${status} ${attempts}`),
      ['done 1', ...others.map(() => 'ready 0')],
    )
    await project.nothingIsLeft()

    await project.tick(['--wait'])
    assert.deepEqual((await project.states()).slice(1), Array(5).fill('ready'))
    const [verdict, reason] = await project.lastVerdict('mail')
    assert.equal(verdict, 'stopped')
    assert.match(reason ?? '', new RegExp(`^stopped ${SINCE}: cron-mission resume starts it again$`))
    assert.match(project.events('job-skipped').join('\n'), /job=mail slot=\S+ verdict=stopped reason="stopped since /)

    const resume = await project.run('cron-mission', ['resume'])
    assert.match(resume.stdout, new RegExp(`^All jobs may be started again on ${HOST} \\(stopped ${SINCE}\\)\\.\\n$`))
    await project.tick(['--wait'])
    assert.deepEqual(await project.states(), Array(6).fill('done'))
  })

  test(`stop of one job leaves the workers and the ticks of the others alone (${database.name})`, async (t) => {
    const project = await stopProject(t, database)
    const [mail, report] = await project.insert(
      { task: 'wait-for', param: 'go-mail', queue: 'mail' },
      { task: 'wait-for', param: 'go-report', queue: 'report' },
    )
    await project.tick()
    await project.started(mail)
    const reportPids = await project.started(report)

    const stop = project.start('cron-mission', ['stop', 'mail'])
    await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })
    project.release('go-mail')
    const { code, stdout } = await stop.exited

    assert.equal(code, 0)
    assert.match(stdout, /^Job mail is stopped on .* 1 worker left .* "cron-mission resume mail" lifts the stop\.\n$/)
    assert.equal(project.events('drain').length, 1)
    assert.ok(reportPids.every(isAlive))
    project.release('go-report')
    await allGone(reportPids)
    await project.nothingIsLeft()
    await project.insert({ task: 'exit', queue: 'mail' }, { task: 'exit', queue: 'report' })
    await project.tick(['--wait'])
    assert.deepEqual((await project.lastVerdict('mail'))[0], 'stopped')
    assert.deepEqual((await project.lastVerdict('report'))[0], 'started')
    assert.deepEqual(await project.states(), ['done', 'done', 'ready', 'done'])
  })

  test(`a tick that decides while stop looks starts nothing that stop does not see (${database.name})`, async (t) => {
    const project = await stopProject(t, database)
    for (let delayMs = 0; delayMs <= 400; delayMs += 80) {
      await project.insert(...Array.from({ length: 100 }, () => ({ task: 'exit', queue: 'mail' })))
      const tick = project.start('cron-mission', ['--at', nextMinute()])
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      const { code } = await project.ask('cron-mission', 'stop')
      const done = await countDone(project)

      assert.equal(code, 0)
      assert.equal((await tick.exited).code, 0)
      await project.nothingIsLeft()
      assert.equal(await countDone(project), done)
      await project.ask('cron-mission', 'resume')
    }
  })
}

test('a worker that takes its seat when a stop is in force claims nothing and leaves', async (t) => {
  const project = await stopProject(t, sqlite)
  await project.insert({ task: 'exit', queue: 'mail' })
  await project.ask('cron-mission', 'stop', 'mail')

  const { code, stderr } = await project.run('do-queue', ['--job', 'mail', '--queue', 'mail'])

  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(await project.states(), ['ready'])
  assert.match(project.events('drain').join(), /reason="stopped since .* cron-mission resume mail starts it again"/)
})

test('a worker that gets its signal as soon as its seat can be seen leaves nothing behind', async (t) => {
  const project = await stopProject(t, sqlite)
  const isSeated = async () => (await project.db.all('SELECT id FROM worker')).length === 1

  for (let i = 0; i < 5; i++) {
    const worker = project.start('do-queue', ['--queue', 'mail', '--watch'])
    while (!(await isSeated())) await new Promise(setImmediate)
    worker.kill('SIGTERM')

    assert.deepEqual((await worker.exited).signal, null)
    await project.nothingIsLeft()
  }
})

test('a worker that a person started belongs to no job: stop of all asks it, stop of a job does not', async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const worker = project.start('do-queue', ['--queue', 'mail', '--grace', '1m'])
  await project.started(id)

  const one = await project.ask('cron-mission', 'stop', 'mail')
  const drained = project.events('drain').length
  const all = await project.ask('cron-mission', 'stop', '--no-wait')

  assert.match(one.stdout, /No worker was at work\./)
  assert.equal(drained, 0)
  assert.match(all.stdout, / 1 worker was asked to leave\. /)
  await waitFor(() => project.events('drain').length === 1, { what: 'the worker to drain' })
  project.release('go')
  assert.equal((await worker.exited).code, 0)
  await project.nothingIsLeft()
})

test('stop that runs out of time names who still runs, and asking again does not end their programs', async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const worker = project.start('do-queue', ['--queue', 'mail', '--total', '4', '--shard', 'all', '--grace', '1m'])
  const pids = await project.started(id)

  const first = await project.ask('cron-mission', 'stop', '--timeout', '600ms')
  const second = await project.ask('cron-mission', 'stop', '--timeout', '600ms', '--json')

  assert.deepEqual([first.code, first.stdout], [75, ''])
  const who = `${HOST}:${worker.pid} \\(mail all/4\\)`
  assert.match(
    first.stderr,
    new RegExp(
      `^cron-mission: After 600ms, 1 worker had not left, with 1 program: ${who}\\. The stop stays in force.*\\n$`,
    ),
  )
  assert.equal(second.code, 75)
  const { since, seconds, ...facts } = JSON.parse(second.stdout)
  assert.ok(Math.abs(Date.parse(since) - Date.now()) < 60_000 && seconds >= 0)
  assert.deepEqual(facts, {
    ...{ job: '*', host: HOST, by: ME, isNew: false, found: 1, programs: 1 },
    notLeft: [{ host: HOST, pid: worker.pid, job: null, queue: 'mail', total: 4, shards: [0, 1, 2, 3] }],
  })
  assert.ok(pids.every(isAlive))
  assert.deepEqual([project.events('drain').length, project.events('stop').length], [1, 0])
  project.release('go')
  const third = await project.ask('cron-mission', 'stop')
  assert.match(third.stdout, new RegExp(`^All jobs are stopped on ${HOST}, ${SINCE}\\. `))
  assert.equal((await worker.exited).code, 0)
  await project.nothingIsLeft()
})

test('whoever leaves the waiting with Ctrl-C is told that the stop stays in force', async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const worker = project.start('do-queue', ['--queue', 'mail', '--grace', '1m'])
  await project.started(id)
  const stop = project.start('cron-mission', ['stop'])
  await waitFor(() => project.events('drain').length > 0, { what: 'the worker to drain' })

  stop.kill('SIGINT')
  const { code, stderr } = await stop.exited

  assert.equal(code, 75)
  assert.match(stderr, /When SIGINT ended the waiting, 1 worker had not left, .* The stop stays in force until /)
  project.release('go')
  await worker.exited
  await project.nothingIsLeft()
  await project.tick()
  assert.equal((await project.lastVerdict('mail'))[0], 'stopped')
})

test('a worker that was killed is not waited for, nor one of another host whose lease is over', async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const worker = project.start('do-queue', ['--queue', 'mail'])
  await project.started(id)
  await register(project, { host: 'web-9', pid: 7, leaseMs: -1 })
  worker.kill('SIGKILL')
  await worker.exited

  const { code, stdout } = await project.ask('cron-mission', 'stop', '--all-hosts', '--timeout', '10s')

  assert.equal(code, 0)
  assert.match(stdout, /^All jobs are stopped on all hosts\. No worker was at work\./)
})

test('a worker of another host is waited for while its lease lasts', async (t) => {
  const project = await stopProject(t, sqlite)
  await register(project, { host: 'web-9', pid: 7, leaseMs: 60_000 })

  const here = await project.ask('cron-mission', 'stop', '--timeout', '100ms')
  const everywhere = await project.ask('cron-mission', 'stop', '--all-hosts', '--timeout', '100ms')

  assert.equal(here.code, 0)
  assert.equal(everywhere.code, 75)
  assert.match(everywhere.stderr, /1 worker had not left, with 0 programs: web-9:7 \(mail 0\/1\)/)
})

test('a process that was given the number of a worker that has ended gets no signal', async (t) => {
  const project = await stopProject(t, sqlite)
  const worker = project.start('do-queue', ['--queue', 'mail', '--watch'])
  const seated = () => project.db.all('SELECT id FROM worker')
  await waitFor(async () => (await seated()).length === 1, { what: 'the worker to take its seat' })
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' })
  afterwards(t, () => void bystander.kill('SIGKILL'))
  await project.db.run('UPDATE worker SET pid = ?', [bystander.pid ?? 0])

  const { code, stdout } = await project.ask('cron-mission', 'stop')

  assert.equal(code, 0)
  assert.match(stdout, /No worker was at work\./)
  assert.deepEqual([bystander.exitCode, bystander.signalCode], [null, null])
  worker.kill('SIGTERM')
  await worker.exited
})

test('stop on all hosts reaches the worker of another, which stop on this host leaves alone', {
  skip: noOtherHost(),
}, async (t) => {
  const project = await stopProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' }, { task: 'exit', queue: 'mail' })
  const worker = project.startOn('web-2', 'do-queue', ['--job', 'mail', '--queue', 'mail', '--grace', '1m'])
  await project.started(id)

  const here = await project.ask('cron-mission', 'stop')
  const everywhere = project.start('cron-mission', ['stop', '--all-hosts'])

  assert.match(here.stdout, /No worker was at work\./)
  await waitFor(() => project.events('drain').length > 0, { timeoutMs: 25_000, what: 'the beat of the worker' })
  project.release('go')
  const { code, stdout } = await everywhere.exited
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^All jobs are stopped on all hosts\. 1 worker left within \d+ s\. "cron-mission resume --all-hosts"/,
  )
  assert.equal((await worker.exited).code, 0)
  assert.deepEqual(await project.states(), ['done', 'ready'])
})

test('a host goes on with its ticks while another is stopped', { skip: noOtherHost() }, async (t) => {
  const project = await stopProject(t, sqlite)
  await project.insert({ task: 'exit', queue: 'mail' })
  await project.ask('cron-mission', 'stop')

  await project.tick(['--wait'])
  const stopped = await project.lastVerdict('mail')
  const other = await project.startOn('web-2', 'cron-mission', ['--at', nextMinute(), '--wait']).exited

  assert.equal(stopped[0], 'stopped')
  assert.deepEqual([other.code, other.stderr], [0, ''])
  assert.deepEqual(await project.lastVerdict('mail'), ['started', '1 shard'])
  assert.deepEqual(await project.states(), ['done'])
})

async function isRunning(exited: Promise<unknown>): Promise<boolean> {
  return (
    (await Promise.race([exited.then(() => 'ended'), new Promise((resolve) => setTimeout(resolve, 600))])) !== 'ended'
  )
}

async function countDone(project: StopProject): Promise<number> {
  return (await project.states()).filter((state) => state === 'done').length
}

/** A worker as another host would have it in the table. */
async function register(project: StopProject, { host = '', pid = 0, leaseMs = 0 }): Promise<void> {
  await project.db.run(
    `INSERT INTO worker (queue, total, shard, seat, host, boot_id, pid, pid_start, lease_until)
     VALUES ('mail', 1, 0, ?, ?, 'boot', ?, 1, ${project.db.dialect.fromNow('?')})`,
    [`${host}:${pid}`, host, pid, leaseMs],
  )
}

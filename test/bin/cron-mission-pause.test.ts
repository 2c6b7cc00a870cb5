/**
 * `cron-mission pause` and what `resume` does about it, while real ticks and workers run.
 */
import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { stops } from '../../src/queue/store/stop.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { handProject, minuteAgo, timeText } from './hand-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const ME = `${userInfo().username}@${hostname()}`
const SINCE = `since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d by ${ME}`

for (const database of DATABASES) {
  test(`a paused job is not started, what works goes on, and resume starts it again (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    const [running] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 0 })
    await project.ask('--at', timeText(minuteAgo(5)))
    await project.started(running)

    const pause = await project.ask('pause', 'mail', '--reason', 'disk swap')
    const [later] = await project.insert({ task: 'exit', queue: 'mail', bucket: 1 })
    const tick = await project.ask('--at', timeText(minuteAgo(4)))

    assert.deepEqual([pause.code, pause.stderr, tick.code, tick.stderr], [0, '', 0, ''])
    assert.match(
      pause.stdout,
      new RegExp(
        `^Job mail is paused on all hosts ${SINCE} \\(disk swap\\)\\. What works goes on: 1 worker, 1 program\\. "cron-mission resume mail" lifts the pause\\.\\n$`,
      ),
    )
    const [slot] = await project.ledger('mail')
    assert.equal(slot?.verdict, 'paused')
    assert.match(
      slot?.reason ?? '',
      new RegExp(`^paused ${SINCE}: disk swap; cron-mission resume mail starts it again$`),
    )
    project.release('go')
    await waitFor(async () => (await project.row(running)).status === 'done', { what: 'the running task to be done' })
    assert.equal((await project.row(later)).status, 'ready')

    const resume = await project.ask('resume', 'mail')
    await project.ask('--at', timeText(minuteAgo(3)), '--wait')

    assert.match(
      resume.stdout,
      new RegExp(`^Job mail may be started again on all hosts \\(paused ${SINCE}: disk swap\\)\\.\\n`),
    )
    assert.match(
      resume.stdout,
      /\nWhat was due meanwhile is not made up for; "resume --catch-up" runs the newest slot of each job\.\n$/,
    )
    assert.equal((await project.row(later)).status, 'done')
  })

  test(`resume --catch-up runs the newest slot that was kept back (${database.name})`, async (t) => {
    const project = await handProject(t, database, {
      reportWhen: "every('5m')",
      report: "catchUp: { policy: 'latest', within: '2h' },",
    })
    const slot = Math.floor(minuteAgo(5) / 300_000) * 300_000
    await project.ask('pause', 'report')
    for (const at of [slot - 300_000, slot]) await project.ask('--at', timeText(at))

    const resume = await project.ask('resume', 'report', '--catch-up')
    await project.ask('--at', timeText(slot + 60_000), '--wait')

    const local = timeText(slot).slice(0, 16).replace('T', ' ')
    assert.match(resume.stdout, new RegExp(`The next tick runs job report for its slot of ${local}\\.\\n$`))
    const ran = `${timeText(slot).slice(0, 19)}Z`
    assert.deepEqual(project.ran(), [`${ran} begin`, `${ran} end`])
    const verdicts = (await project.ledger('report')).map(({ verdict }) => verdict)
    assert.deepEqual(verdicts, ['started', 'paused'])
    const again = await project.ask('resume', 'report', '--catch-up')
    assert.match(again.stdout, /There is nothing to make up for within 2h\.\n$/)
  })
}

test('a pause with an end is over by itself, and its row goes with a tick', async (t) => {
  const project = await handProject(t, sqlite)

  const { stdout } = await project.ask('pause', 'mail', '--until', '1s')
  await waitFor(async () => (await stops(project.db)).length === 0, { what: 'the end of the pause' })
  await project.ask('--at', timeText(Math.floor(minuteAgo(0) / 600_000) * 600_000))

  assert.match(
    stdout,
    new RegExp(`^Job mail is paused on all hosts ${SINCE} until \\d\\d:\\d\\d\\. None of its workers is at work\\.`),
  )
  assert.equal((await project.ledger('mail'))[0]?.verdict, 'empty')
  const rows = await project.db.all("SELECT name FROM setting WHERE name LIKE 'pause:%'")
  assert.deepEqual(rows, [])
})

test('a pause may be of one host only, and one of all jobs holds every job', async (t) => {
  const project = await handProject(t, sqlite)
  await project.ask('pause', 'mail', '--host', 'web-9')
  await project.ask('--at', timeText(minuteAgo(5)))
  const elsewhere = (await project.ledger('mail'))[0]?.verdict

  await project.ask('pause', '--this-host')
  await project.ask('--at', timeText(minuteAgo(4)))

  assert.equal(elsewhere, 'empty')
  assert.equal((await project.ledger('mail'))[0]?.verdict, 'paused')
})

test('resume of all jobs lifts the pause of all jobs, leaves that of one job, and says so', async (t) => {
  const project = await handProject(t, sqlite)
  await project.ask('pause', 'mail', '--reason', 'disk swap', '--until', '2h')
  const all = await project.ask('pause')

  const { stdout } = await project.ask('resume')

  assert.match(
    all.stdout,
    /^All jobs are paused on all hosts .* No worker is at work\. "cron-mission resume" lifts the pause\.\n$/,
  )
  const [lifted, remaining] = stdout.split('\n')
  assert.match(lifted ?? '', /^All jobs may be started again on all hosts \(paused since /)
  assert.match(
    remaining ?? '',
    new RegExp(
      `^Job mail is still paused on all hosts, ${SINCE} until .* \\(disk swap\\): "cron-mission resume mail" lifts that\\.$`,
    ),
  )
  assert.deepEqual(
    (await stops(project.db)).map(({ job }) => job),
    ['mail'],
  )
})

test('a second pause takes the place of the first, and says of which', async (t) => {
  const project = await handProject(t, sqlite)
  await project.ask('pause', 'mail', '--reason', 'disk swap')

  const { stdout } = await project.ask('pause', 'mail', '--until', '2h')
  const json = JSON.parse((await project.ask('pause', 'mail', '--reason', 'again', '--json')).stdout)

  assert.match(stdout, new RegExp(`This takes the place of the pause ${SINCE} \\(disk swap\\)\\.`))
  assert.deepEqual([json.job, json.host, json.by, json.reason, json.until], ['mail', '*', ME, 'again', null])
  assert.deepEqual([json.workers, json.programs, json.replaces.by, json.replaces.reason], [0, 0, ME, null])
  assert.ok(Date.parse(json.replaces.until) > Date.parse(json.since))
})

const WRONG: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
  [['mial'], /^There is no job "mial" in .* Did you mean mail\?$/],
  [
    ['--until', 'soon'],
    /^--until is "soon"\. Use how long from now \(2h\), a time of the day \(19:00\) or a time such as /,
  ],
  [['--until', '2020-01-01'], /^--until is 2020-01-01, which is over\./],
  [['--host', 'web-1', '--this-host'], /^Both --host and --this-host are given\./],
  [['--host', 'web 1'], /^--host is "web 1"\. Use the name of one host/],
  [['--reason', 'two\nlines'], /^--reason is one line of 1 to 150 characters/],
  [['mail', 'report'], /^One job at a time\./],
]

for (const [args, sentence] of WRONG) {
  test(`cron-mission pause ${args.join(' ').replace('\n', '\\n')} is refused`, async (t) => {
    const project = await handProject(t, sqlite)

    const ended = await project.ask('pause', ...args)

    if (args[0] === 'mial') assert.match(ended.stderr.slice('cron-mission: '.length, -1), sentence)
    else assertRefusal('cron-mission', ended, 64, sentence)
    assert.equal(ended.code, 64)
    assert.deepEqual(await stops(project.db), [])
  })
}

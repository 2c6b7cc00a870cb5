/**
 * `cron-mission run`: one job of each kind, started by hand, with real workers.
 */
import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { handProject, minuteAgo, timeText } from './hand-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const BY_ME = `by hand by ${userInfo().username}@${hostname()}`

for (const database of DATABASES) {
  test(`run --wait runs a command for the slot that is named, and shows how it ended (${database.name})`, async (t) => {
    const project = await handProject(t, database)

    const { code, stdout, stderr } = await project.ask('run', 'report', '--slot', '2026-11-20 02:30', '--wait')

    assert.deepEqual([code, stderr], [0, ''])
    const [started, output, end, ...more] = stdout.trimEnd().split('\n')
    assert.match(
      started ?? '',
      /^Job report is started for 2026-11-20 02:30: task 1, worker \d+\. "queuectl show 1" tells how it goes; its output comes into .*\/logs\/do-queue-.*\.log\.$/,
    )
    assert.equal(output, 'report for 2026-11-20T02:30:00Z')
    assert.match(end ?? '', /^Task 1 is done with exit code 0 after \d+m?s\.$/)
    assert.deepEqual(more, [])
    assert.deepEqual(project.ran(), ['2026-11-20T02:30:00Z begin', '2026-11-20T02:30:00Z end'])
    const [slot] = await project.ledger('report')
    assert.match(slot?.place ?? '', /^hand:\d{13}$/)
    assert.deepEqual([slot?.verdict, slot?.reason, slot?.taskId], ['started', BY_ME, 1])
    await project.nothingIsLeft()
  })

  test(`run starts workers for the shards of a queue that have work (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    const empty = await project.ask('run', 'mail')
    await project.insert(...[1, 3, 5].map((bucket) => ({ task: 'exit', queue: 'mail', bucket })))

    const { code, stdout } = await project.ask('run', 'mail', '--wait')

    assert.deepEqual([empty.code, empty.stdout], [0, 'Nothing was started: queue mail has nothing ready.\n'])
    assert.equal(code, 0)
    assert.match(
      stdout,
      new RegExp(
        `^Job mail is started: 1 of 2 shards, ${BY_ME}; worker \\d+\\. They write to .*\\.log\\.\\nThe worker has left\\.\\n$`,
      ),
    )
    assert.deepEqual(await project.states(), ['done', 'done', 'done'])
    const [slot, ...others] = await project.ledger('mail')
    assert.deepEqual([slot?.verdict, slot?.isOpen, others], ['started', false, []])
  })

  test(`run finds the tasks whose time has come since the last tick (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    await project.insert({ task: 'exit', queue: 'mail', bucket: 1, status: 4, run_at: -1_000 })

    await project.ask('run', 'mail', '--wait')

    assert.deepEqual(await project.states(), ['done'])
  })

  test(`run adds the tasks of a slot, and the slot itself stays due (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    const hour = Math.floor(minuteAgo(1) / 3_600_000) * 3_600_000

    const { code, stdout } = await project.ask('run', 'bill', '--slot', timeText(hour))
    await project.ask('--at', timeText(hour))

    assert.equal(code, 0)
    assert.equal(stdout, `Job bill added 1 task for ${timeText(hour).slice(0, 16).replace('T', ' ')}.\n`)
    const params = await project.db.all<{ param: string }>('SELECT param FROM queue ORDER BY id')
    assert.deepEqual(
      params.map(({ param }) => param),
      [timeText(hour), timeText(hour)],
    )
    const places = (await project.ledger('bill')).map(({ verdict, place }) => `${verdict} ${place.replace(/\d+/, '…')}`)
    assert.deepEqual(places.toSorted(), ['enqueued ', 'enqueued hand:…'])
  })

  test(`a command that is at work is not started again, but by force (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'while [ ! -e go ]; do sleep 0.02; done' })
    await project.ask('run', 'report', '--slot', '2026-11-20 02:30')
    await waitFor(() => project.ran().length === 1, { what: 'the first run to begin' })

    const refused = await project.ask('run', 'report', '--slot', '2026-11-20 02:31')
    const forced = await project.ask('run', 'report', '--slot', '2026-11-20 02:32', '--force', '--json')

    assertRefusal(
      'cron-mission',
      refused,
      75,
      /^The job "report" was not started: task 1 is running .*; --force starts it all the same\.$/,
    )
    const { task, started, slot } = JSON.parse(forced.stdout)
    assert.deepEqual([task, started, slot], [2, true, '2026-11-20T02:32:00Z'])
    project.release('go')
    await waitFor(async () => (await project.row(1)).status === 'done', { what: 'the end of the first run' })
  })
}

test('run --wait exits 1 when the command fails, and shows the end of what it printed', async (t) => {
  const project = await handProject(t, sqlite, { does: 'seq 1 50; exit 3' })

  const text = await project.ask('run', 'report', '--wait')
  const json = await project.ask('run', 'report', '--wait', '--json')

  assert.equal(text.code, 1)
  assert.match(text.stdout, /\n49\n50\nTask 1 failed with exit code 3 after \d+m?s\.\n$/)
  assert.equal(text.stdout.split('\n').length, 23, 'what it prints first is left out')
  assert.equal(json.code, 1)
  const { outcome, exitCode, output, pids, place } = JSON.parse(json.stdout)
  assert.deepEqual([outcome, exitCode, pids.length], ['failed', 3, 1])
  assert.match(output, /\n50$/)
  assert.match(place, /^hand:/)
})

test('Ctrl-C ends the waiting, not the run', async (t) => {
  const project = await handProject(t, sqlite, { does: 'while [ ! -e go ]; do sleep 0.02; done' })
  const waiting = project.start('cron-mission', ['run', 'report', '--wait'])
  await waitFor(() => project.ran().length === 1, { what: 'the run to begin' })

  waiting.kill('SIGINT')
  const { code, stderr } = await waiting.exited
  project.release('go')

  assert.equal(code, 75)
  assert.equal(stderr, 'cron-mission: It goes on without this command: "queuectl show 1" tells how.\n')
  await waitFor(async () => (await project.row(1)).status === 'done', { what: 'the end of the run' })
})

test('Ctrl-C ends the waiting for workers, not the workers', async (t) => {
  const project = await handProject(t, sqlite)
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  const waiting = project.start('cron-mission', ['run', 'mail', '--wait'])
  await project.started(id)

  waiting.kill('SIGINT')
  const { code, stderr } = await waiting.exited
  project.release('go')

  assert.equal(code, 75)
  assert.match(stderr, /^cron-mission: They go on without this command: \d+\.\n$/)
  await waitFor(async () => (await project.row(id)).status === 'done', { what: 'the end of the task' })
})

test('a paused job is started by force only, a stopped one not at all', async (t) => {
  const project = await handProject(t, sqlite)
  await project.ask('pause', 'bill', '--reason', 'new prices')

  const paused = await project.ask('run', 'bill')
  const forced = await project.ask('run', 'bill', '--force')
  await project.ask('stop', 'bill')
  const stopped = await project.ask('run', 'bill', '--force')

  assertRefusal(
    'cron-mission',
    paused,
    75,
    /: paused since .*: new prices; cron-mission resume bill starts it again; --force starts/,
  )
  assert.match(forced.stdout, /^Job bill added 1 task/)
  assertRefusal('cron-mission', stopped, 75, /: stopped since .*: cron-mission resume bill starts it again\.$/)
})

test('the onlyIf of a job is asked, and its no is passed over by force', async (t) => {
  const bill = "onlyIf: ({ slot }) => slot.getUTCHours() === 3 || 'not yet three',"
  const project = await handProject(t, sqlite, { bill })

  const refused = await project.ask('run', 'bill', '--slot', '2026-11-20 02:00')
  const forced = await project.ask('run', 'bill', '--slot', '2026-11-20 02:00', '--force')
  const suitable = await project.ask('run', 'bill', '--slot', '2026-11-20 03:00')

  assertRefusal(
    'cron-mission',
    refused,
    75,
    /^The job "bill" was not started: not yet three; --force starts it all the same\.$/,
  )
  assert.deepEqual([forced.code, suitable.code], [0, 0])
})

test('a function that fails is told, and nothing is started', async (t) => {
  const project = await handProject(t, sqlite, { bill: "onlyIf: () => { throw new Error('no such table: price') }," })

  const { code, stderr } = await project.ask('run', 'bill')

  assert.equal(code, 78)
  assert.match(stderr, /^cron-mission: The job "bill" was not started: onlyIf .*no such table: price/)
  assert.deepEqual(await project.states(), [])
})

test('a job that the schedule has not, or gives to other hosts, or that cannot be read, is not started', async (t) => {
  const project = await handProject(t, sqlite, { report: "hosts: ['db-1', 'db-2']," })
  const broken = await handProject(t, sqlite, { report: "timeout: 'long'," })

  const unknown = await project.ask('run', 'reprot')
  const elsewhere = await project.ask('run', 'report')
  const unreadable = await broken.ask('run', 'report')
  const other = await broken.ask('run', 'bill')

  assert.equal(unknown.code, 64)
  assert.match(unknown.stderr, /^cron-mission: There is no job "reprot" in .* Did you mean report\?\n$/)
  assertRefusal('cron-mission', elsewhere, 64, /^The job "report" runs on db-1, db-2, and this is .* --force here\.$/)
  assertRefusal('cron-mission', unreadable, 78, /^Job "report": timeout is "long"/)
  assert.equal(other.code, 0, 'other entries do not matter')
})

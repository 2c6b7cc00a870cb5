/**
 * `cron-mission backfill`: what did not run is run, in order, once, however often the command is interrupted.
 */
import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type HandProject, handProject, minuteAgo, timeText } from './hand-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const REASON = `backfilled by ${userInfo().username}@${hostname()}`
const DAY_MS = 86_400_000
const TODAY = Math.floor(Date.now() / DAY_MS) * DAY_MS
/** The eight days before today: the ledger keeps what ran nothing for longer than that. */
const DAYS = Array.from({ length: 8 }, (_, i) => `${day(i)}T02:30:00Z`)
const LINES = DAYS.map((slot) => slot.slice(0, 16).replace('T', ' '))
const WEEK = ['backfill', 'report', '--from', day(0), '--to', day(7)]

function day(index: number): string {
  return new Date(TODAY - (8 - index) * DAY_MS).toISOString().slice(0, 10)
}

/** The slots of the runs that began, in the order in which they did. */
function begun(project: HandProject): string[] {
  return project.ran().flatMap((line) => (line.endsWith(' begin') ? line.slice(0, -' begin'.length) : []))
}

async function outcomes(project: HandProject): Promise<string[]> {
  const rows = (await project.ledger('report')).toReversed()
  return rows.map(({ slotAt, verdict, outcome, isOpen }) => {
    const slot = new Date(slotAt).toISOString().slice(0, 10)
    return `${slot} ${verdict} ${isOpen ? 'open' : outcome}`
  })
}

for (const database of DATABASES) {
  test(`a backfill shows its plan, runs every slot of the period once and in order, and has nothing to do then (${database.name})`, async (t) => {
    const project = await handProject(t, database)

    const plan = await project.ask(...WEEK, '--dry-run')
    const asking = await project.ask(...WEEK)
    const before = await project.ledger('report')
    const { code, stdout, stderr } = await project.ask(...WEEK, '--yes')
    const again = await project.ask(...WEEK, '--yes')

    const [due, todo, overlap] = plan.stdout.split('\n')
    assert.equal(due, `Job report was due 8 times from ${day(0)} 00:00 to ${day(7)} 23:59 (UTC).`)
    assert.equal(todo, `To be run: 8, the slots from ${LINES[0]} to ${LINES[7]}, one at a time.`)
    assert.equal(overlap, "A slot that falls due meanwhile is skipped (overlap: 'skip').")
    assert.equal(asking.code, 64)
    assert.match(asking.stderr, /^cron-mission: There is no terminal to ask at\. .* --yes\.\n$/)
    assert.deepEqual(before, [])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /\n8 done, 0 failed\.\n$/)
    assert.deepEqual(
      project.ran(),
      DAYS.flatMap((day) => [`${day} begin`, `${day} end`]),
    )
    const ledger = await project.ledger('report')
    assert.deepEqual(
      ledger.map(({ verdict, outcome, reason, place }) => [verdict, outcome, reason, place]),
      Array(8).fill(['started', 'done', REASON, '']),
    )
    assert.match(again.stdout, /\nOf these 8 have run already\.\nThere is nothing to be begun\.\n$/)
    assert.equal(again.code, 0)
  })

  test(`with --max-parallel so many run at once, and never more (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'sleep 0.3' })

    const { code } = await project.ask(...WEEK, '--yes', '--max-parallel', '3')

    assert.equal(code, 0)
    assert.deepEqual(begun(project).toSorted(), DAYS)
    let running = 0
    const most = Math.max(...project.ran().map((line) => (line.endsWith('begin') ? ++running : running--)))
    assert.equal(most, 3)
  })

  test(`a backfill that is killed, its worker as well, goes on where it was and runs nothing twice (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'sleep 0.05' })
    const first = project.start('cron-mission', [...WEEK, '--yes'])
    await waitFor(() => begun(project).length >= 3, { what: 'three runs to begin' })
    await first.killTree()
    const killed = begun(project).length

    const { code, stdout } = await project.ask(...WEEK, '--yes')

    assert.ok(killed < DAYS.length, `${killed} had begun`)
    assert.equal(code, 0)
    assert.match(stdout, /, 0 failed\.\n$/)
    const ended = project.ran().filter((line) => line.endsWith('end'))
    assert.deepEqual(
      ended,
      DAYS.map((day) => `${day} end`),
    )
    assert.deepEqual(
      await outcomes(project),
      DAYS.map((day) => `${day.slice(0, 10)} started done`),
    )
  })

  test(`when the command alone is killed, its worker goes on with what was begun (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'while [ ! -e go ]; do sleep 0.02; done' })
    const first = project.start('cron-mission', [...WEEK, '--yes', '--max-parallel', '3'])
    await waitFor(() => begun(project).length === 3, { what: 'three runs to begin' })
    first.kill('SIGKILL')
    await first.exited
    project.release('go')

    const { code, stdout } = await project.ask(...WEEK, '--yes', '--max-parallel', '3')

    assert.equal(code, 0)
    assert.match(stdout, /, 0 failed\.\n$/)
    assert.deepEqual(begun(project).toSorted(), DAYS)
    assert.deepEqual(
      await outcomes(project),
      DAYS.map((day) => `${day.slice(0, 10)} started done`),
    )
  })

  test(`what failed is run again, what ran is not, and what was paused is started (${database.name})`, async (t) => {
    const project = await handProject(t, database, {
      does: `case "$JOB_SLOT" in ${DAYS[1]}|${DAYS[4]}) [ -e mended ] || exit 3;; esac`,
    })
    await project.ask('pause', 'report')
    await project.ask('--at', DAYS[2] ?? '')
    await project.ask('resume', 'report')
    assert.deepEqual(await outcomes(project), [`${day(2)} paused undefined`])

    const first = await project.ask(...WEEK, '--yes')
    project.release('mended')
    const second = await project.ask(...WEEK, '--yes')

    assert.equal(first.code, 1)
    assert.match(
      first.stdout,
      new RegExp(
        `6 done, 2 failed\\.\n {2}${LINES[1]} {2}failed with exit code 3; "queuectl show 2"\n {2}${LINES[4]} {2}failed .*\nThe same command runs the failed ones again\\.\n$`,
      ),
    )
    assert.equal(second.code, 0)
    assert.match(second.stdout, /Of these 6 have run already, 2 have failed and are run again\.\nTo be run: 2, /)
    const extra = begun(project).slice(DAYS.length)
    assert.deepEqual(extra, [DAYS[1], DAYS[4]])
    assert.deepEqual(
      await outcomes(project),
      DAYS.map((day) => `${day.slice(0, 10)} started done`),
    )
  })

  test(`two backfills of one period share its slots (${database.name})`, async (t) => {
    const project = await handProject(t, database, { does: 'sleep 0.1' })

    const both = await Promise.all([project.ask(...WEEK, '--yes', '--json'), project.ask(...WEEK, '--yes', '--json')])

    assert.deepEqual(
      both.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    assert.deepEqual(begun(project).toSorted(), DAYS)
  })

  test(`a command that every host runs is run, paused and backfilled on this host (${database.name})`, async (t) => {
    const catchUp = "catchUp: { policy: 'latest', within: '2h' },"
    const project = await handProject(t, database, { reportWhen: "every('5m')", report: `hosts: 'each', ${catchUp}` })
    const slot = Math.floor(minuteAgo(5) / 300_000) * 300_000
    await project.ask('pause', 'report')
    await project.ask('--at', timeText(slot))
    const paused = await project.ask('run', 'report')
    const resumed = await project.ask('resume', 'report', '--catch-up')
    await project.ask('--at', timeText(slot + 60_000), '--wait')

    const run = await project.ask('run', 'report', '--wait')
    const times = ['--from', timeText(slot - 1_200_000), '--to', timeText(slot)]
    const backfill = await project.ask('backfill', 'report', ...times, '--yes', '--json')

    assert.deepEqual([paused.code, resumed.code, run.code, backfill.code], [75, 0, 0, 0])
    assert.match(resumed.stdout, /The next tick runs job report for its slot of /)
    const { due, toRun, done } = JSON.parse(backfill.stdout)
    assert.deepEqual([due, toRun, done], [5, 4, 4])
    assert.equal(begun(project).length, 6)
  })

  test(`tasks of past slots are added once for each slot, unless its onlyIf says no (${database.name})`, async (t) => {
    const bill = 'onlyIf: ({ slot }) => slot.getUTCHours() % 6 === 0,'
    const project = await handProject(t, database, { bill })
    const period = ['backfill', 'bill', '--from', '2026-10-01', '--to', '2026-10-01', '--yes', '--json']

    const first = await project.ask(...period)
    const second = await project.ask(...period)

    const { due, done, skipped, failed } = JSON.parse(first.stdout)
    assert.deepEqual([first.code, due, done, skipped, failed], [0, 24, 4, 20, []])
    assert.deepEqual([JSON.parse(second.stdout).done, JSON.parse(second.stdout).skipped], [0, 20])
    const params = await project.db.all<{ param: string }>('SELECT param FROM queue ORDER BY id')
    assert.deepEqual(
      params.map(({ param }) => param.slice(11, 16)),
      ['00:00', '06:00', '12:00', '18:00'],
    )
  })
}

test('Ctrl-C lets what runs end, and the same command goes on', async (t) => {
  const project = await handProject(t, sqlite, { does: 'while [ ! -e go ]; do sleep 0.02; done' })
  const first = project.start('cron-mission', [...WEEK, '--yes'])
  await waitFor(() => begun(project).length === 1, { what: 'the first run to begin' })

  first.kill('SIGINT')
  project.release('go')
  const { code, stdout } = await first.exited
  const after = begun(project)
  const second = await project.ask(...WEEK, '--yes')

  assert.equal(code, 75)
  assert.match(stdout, /\n1 done, 0 failed, 7 not begun\.\nThe same command goes on with what is left\.\n$/)
  assert.deepEqual(after, DAYS.slice(0, 1))
  assert.equal(second.code, 0)
  assert.deepEqual(begun(project), DAYS)
})

test('a second Ctrl-C leaves what runs, and the same command waits for it', async (t) => {
  const project = await handProject(t, sqlite, { does: 'while [ ! -e go ]; do sleep 0.02; done' })
  const first = project.start('cron-mission', [...WEEK, '--yes'])
  await waitFor(() => begun(project).length === 1, { what: 'the first run to begin' })

  first.kill('SIGINT')
  first.kill('SIGTERM')
  const { code, stdout } = await first.exited
  const second = project.start('cron-mission', [...WEEK, '--yes'])
  project.release('go')
  const ended = await second.exited

  assert.equal(code, 75)
  assert.match(stdout, /0 done, 0 failed, 1 still under way, 7 not begun\.\n/)
  assert.equal(ended.code, 0)
  assert.match(ended.stdout, /Of these 1 (is under way|has run already)\./)
  assert.deepEqual(begun(project), DAYS)
})

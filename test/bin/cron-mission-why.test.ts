import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { slotText } from '../../src/queue/exec-queue.ts'
import { DATABASES } from '../helpers/databases.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const SCHEDULE = `import { defineSchedule, cron, daily, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'Europe/Berlin',
  jobs: {
    mail: { when: every('10m'), queue: 'mail', shards: 4 },
    report: { when: daily('02:30'), queue: 'report' },
    office: { when: cron('0 9 * * mon-fri'), queue: 'office' },
    swap: { when: every('10m'), queue: 'swap', paused: 'disk swap, ask Ana' },
    fails: { when: every('10m'), exec: ['sh', '-c', 'exit 3'], catchUp: { policy: 'all', within: '7d' } },
  },
})
`

for (const database of DATABASES) {
  test(`what a tick decided is told the morning after (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: SCHEDULE })
    await project.insert({ task: 'say', queue: 'mail', bucket: 1 })
    const at = lastTen()
    await project.start('cron-mission', ['--at', at, '--wait']).exited

    const mail = await why(project, 'mail', at)
    const swap = await why(project, 'swap', at)
    const fails = await why(project, 'fails', at)
    const again = await project.run('cron-mission', ['why', 'fails', '--json'])

    assert.match(mail, /^mail ran for \S+ \d\d:\d0.*: started at \S+ \S+ by \S+:\d+, 1 of 4 shards/)
    assert.match(mail, /\n {2}due by {10}every 10m\n/)
    assert.match(mail, /\n {2}due next {8}\S+ \d\d:\d0 \((in |now)/)
    assert.match(swap, /^swap was not started for .*, because it was paused: disk swap, ask Ana\.\n/)
    assert.match(swap, /\n {2}paused now {6}by the schedule: disk swap, ask Ana\n/)
    assert.match(fails, /^fails ran for .*, failed( at \S+ \S+)? with exit code 3\.\n/)
    assert.match(fails, /\n {2}task {12}\d+; see "queuectl why \d+"\n/)
    const { case: kind, slot, rows, job } = JSON.parse(again.stdout)
    assert.deepEqual([job, kind, slot], ['fails', 'run-failed', slotText(Date.parse(at))])
    assert.deepEqual([rows.length, rows[0].verdict, rows[0].slot], [1, 'started', slot])
  })
}

for (const database of DATABASES.filter(({ name }) => name !== 'sqlite')) {
  test(`a command that each host runs is looked up in the host's own ledger (${database.name})`, async (t) => {
    const schedule = SCHEDULE.replace("exec: ['sh'", "hosts: 'each', exec: ['sh'")
    const project = await queueProject(t, database, { schedule })
    const at = lastTen()
    await project.start('cron-mission', ['--at', at, '--wait']).exited

    const fails = await why(project, 'fails', at)
    const list = await project.run('cron-mission', ['list', '--json'])

    assert.match(fails, /^fails ran for .*, failed( at \S+ \S+)? with exit code 3\.\n/)
    const job = list.stdout.split('\n').find((line) => line.includes('"job":"fails"'))
    assert.equal(JSON.parse(job ?? '').last.verdict, 'started')
    assert.deepEqual(await project.db.all("SELECT * FROM slot WHERE job = 'fails'"), [])
  })
}

const [sqlite] = DATABASES as [(typeof DATABASES)[0]]

test('a minute that is not due, was skipped by the clocks, or is to come', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })

  const weekend = await why(project, 'office', '2026-11-21 09:00')
  const skipped = await why(project, 'report', '2026-03-29 02:30')
  const twice = await why(project, 'report', '2026-10-25T02:30')
  const second = await why(project, 'report', '2026-10-25T02:30+01:00')
  const toCome = await why(project, 'report', '2030-01-01T02:30')

  assert.match(
    weekend,
    /^office is not due at 2026-11-21 09:00: the nearest times are 2026-11-20 09:00 and 2026-11-23 09:00\.\n/,
  )
  assert.match(weekend, /\n {2}not due {9}cron 0 9 \* \* mon-fri: Saturday is not in the weekdays "mon-fri"\n/)
  assert.match(
    skipped,
    /^02:30 did not exist on 2026-03-29 in Europe\/Berlin: the clocks went from 02:00 to 03:00\.\nreport was due at 2026-03-29 03:00/,
  )
  assert.match(
    twice,
    /^02:30 came twice on 2026-10-25 in Europe\/Berlin; this is about the first time\.\nreport was due at 2026-10-25 02:30/,
  )
  assert.match(
    second,
    /^report is not due at 2026-10-25 02:30: .*\n {2}not due {9}daily 02:30: 02:30 came twice on that day, and this was the second time\n/,
  )
  assert.match(toCome, /^report is due at 2030-01-01 02:30, in \d+d(\d+h)?\.\n/)
})

test('a time is the last one of that clock, the first slot of a day, or so long ago', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })
  const slotOf = async (time: string) => JSON.parse(await why(project, 'report', time, '--json')).local.slice(0, 16)

  assert.match(await slotOf('2:30'), /T02:30$/)
  assert.ok(new Date(await slotOf('2:30')).getTime() > Date.now() - 49 * 3_600_000)
  assert.equal(await slotOf('2026-06-01'), '2026-06-01T02:30')
  assert.equal(await slotOf('2026-06-01T02:30:40Z'), '2026-06-01T04:30')
  const ago = JSON.parse(await why(project, 'report', '90m', '--json')).slot
  assert.ok(Math.abs(Date.parse(ago) - (Date.now() - 90 * 60_000)) < 120_000)
  const wrong = await project.run('cron-mission', ['why', 'report', 'yesterday'])
  assert.deepEqual([wrong.code, wrong.stdout], [64, ''])
  assert.match(wrong.stderr, /The time is "yesterday"\. Use a time such as 02:30, /)
})

test('a job that the schedule does not have is asked back for', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })

  const { code, stderr } = await project.run('cron-mission', ['why', 'reprot'])

  assert.equal(code, 64)
  assert.match(stderr, /There is no job "reprot" in .*schedule\.ts\. Did you mean report\?/)
})

test('without its database it tells what the calendar knows, and what is missing', async (t) => {
  const away = await queueProject(t, sqlite, { schedule: SCHEDULE, env: { QUEUE_URL: 'mysql://me@127.0.0.1:1/shop' } })
  const none = await queueProject(t, sqlite, { schedule: SCHEDULE, env: { QUEUE_URL: 'sqlite:none.db' } })

  const due = await away.run('cron-mission', ['why', 'report', '2:30'])
  const notDue = await away.run('cron-mission', ['why', 'report', '2:31'])
  const noFile = await none.run('cron-mission', ['why', 'report', '2:30'])

  assert.equal(due.code, 69)
  assert.match(
    due.stdout,
    /^report was due at .* 02:30; what became of that only the database knows, and it cannot be asked\.\n/,
  )
  assert.match(due.stderr, /^cron-mission: The database at 127\.0\.0\.1:1 cannot be reached/)
  assert.deepEqual([notDue.code, notDue.stderr], [0, ''])
  assert.match(notDue.stdout, /^report is not due at .* 02:31: /)
  assert.equal(noFile.code, 0)
  assert.match(
    noFile.stdout,
    /^report was due at .* 02:30, and there is no database yet: no tick has ever run here\.\n/,
  )
})

test('when the schedule does not load any more, the last good plan is asked, and that is said', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })
  await project.run('cron-mission')
  rmSync(project.path('schedule.ts'))
  writeFileSync(project.path('schedule.ts'), 'export default {{\n')

  const { code, stdout, stderr } = await project.run('cron-mission', ['why', 'report', '2:31'])

  assert.equal(code, 0)
  assert.match(stdout, /^report is not due at/)
  assert.match(
    stderr,
    /^cron-mission: The schedule does not load: .*schedule\.ts.* Its jobs run as they were read last, on /,
  )
})

async function why(project: QueueProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await project.run('cron-mission', ['why', ...args])
  assert.deepEqual([code, stderr], [0, ''], args.join(' '))
  return stdout
}

/** The last whole ten minutes, in UTC. */
function lastTen(): string {
  return new Date(Math.floor(Date.now() / 600_000) * 600_000).toISOString()
}

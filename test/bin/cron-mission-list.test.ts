import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { runProgram } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'

const SCHEDULE = `import { defineSchedule, daily, every } from 'cron-mission'
export default defineSchedule({
  timezone: 'Europe/Berlin',
  jobs: {
    mail: { when: every('1m'), queue: 'mail', shards: 4 },
    report: { when: daily('02:30'), timezone: 'Asia/Tokyo', queue: 'report', spread: '50m' },
    backup: { when: daily(['01:00', '13:00']), exec: ['bin/backup', '--full', '/srv/shop/a/long/path'] },
    swap: { when: every('5m'), queue: 'swap', paused: 'disk swap, ask Ana' },
  },
})
`
const AT = '2026-11-20T18:30:00Z'
const COMMAND = join(import.meta.dirname, '../../dist/bin/cron-mission.js')

for (const database of DATABASES) {
  test(`list tells the next run, the last verdict, and who is at work (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: SCHEDULE })
    const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 1 })
    await project.start('cron-mission', ['--at', AT]).exited
    await project.started(id)

    const list = await project.start('cron-mission', ['list']).exited
    const json = await project.start('cron-mission', ['list', '--json']).exited

    assert.deepEqual([list.code, list.stderr], [0, ''])
    const rows = list.stdout.split('\n').map((line) => line.split('\t'))
    assert.deepEqual(rows[0], ['JOB', 'NEXT RUN', 'WHEN', 'ZONE', 'WHAT', 'LAST', 'AT WORK', 'NOTE'])
    const [mail = [], report = [], backup = [], swap = []] = rows.slice(1)
    assert.match(mail[1] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d$/)
    assert.deepEqual(mail.slice(2, 5), ['every 1m', 'Europe/Berlin', 'mail × 4'])
    assert.match(mail[5] ?? '', /^started (now|\S+ ago): 1 of 4 shards/)
    assert.match(mail[6] ?? '', new RegExp(`^${hostname()}:\\d+ 1/4$`))
    assert.deepEqual(report.slice(2, 6), ['daily 02:30', 'Asia/Tokyo', 'report × 1', ''])
    assert.deepEqual(backup.slice(2, 5), [
      'daily 01:00, 13:00',
      'Europe/Berlin',
      'bin/backup --full /srv/shop/a/long/path',
    ])
    assert.deepEqual([swap[1], swap[7]], ['paused', 'disk swap, ask Ana'])
    const [first] = json.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual([first.job, first.kind, first.queue, first.shards], ['mail', 'queue', 'mail', 4])
    const { verdict, slot, host, isOpen } = first.last
    assert.deepEqual([verdict, slot, host, isOpen], ['started', '2026-11-20T18:30:00Z', hostname(), false])
    assert.deepEqual([first.workers.length, first.workers[0].shards, first.workers[0].total], [1, [1], 4])
    project.release('go')
    await project.nothingIsLeft()
  })

  test(`a silence of the ticks is told, and hinders nothing (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { schedule: SCHEDULE })
    const none = await project.run('cron-mission', ['list'])
    await project.run('cron-mission')
    const soon = await project.run('cron-mission', ['list'])
    const { now, fromMs } = project.db.dialect
    const [row] = await project.db.all<{ now: number }>(`SELECT ${project.db.dialect.asMs(now)} AS now`)
    const before = Number(row?.now) - 3 * 3_600_000 - 20_000
    await project.db.run(`UPDATE setting SET mtime = ${fromMs('?')} WHERE name LIKE 'tick:%'`, [before])

    const silent = await project.run('cron-mission', ['list'])

    assert.deepEqual([none.stderr, soon.stderr], ['', ''])
    assert.equal(silent.code, 0)
    assert.equal(silent.stderr, `cron-mission: The last tick on ${hostname()} was 3h ago: is the crontab line there?\n`)
  })
}

const [sqlite] = DATABASES as [(typeof DATABASES)[0]]

test('the next runs of all jobs come in the order of time, with their spread', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })

  const text = await project.run('cron-mission', ['list', '--next', '3'])
  const json = await project.run('cron-mission', ['list', '--next', '3', '--json'])

  const lines = text.stdout.replace(/\n$/, '').split('\n').slice(1)
  assert.equal(lines.length, 12)
  const jobs = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const [mail, report] = jobs
  assert.equal(mail.runs.length, 3)
  const spread = Date.parse(report.next) - Date.parse(report.runs[0].slot)
  assert.ok(spread > 0 && spread <= 50 * 60_000 && spread % 60_000 === 0, String(spread))
  assert.equal(report.next, report.runs[0].start)
  const inOrder = jobs
    .flatMap(({ job, runs }) => runs.map(({ start }: { start: string }) => ({ job, start })))
    .toSorted((one, other) => one.start.localeCompare(other.start))
  assert.deepEqual(
    lines.map((line) => line.split('\t')[3]),
    inOrder.map(({ job }) => job),
  )
  assert.match(lines[0] ?? '', /\tmail\tevery 1m\tmail × 4\t$/)
  assert.equal(lines.filter((line) => line.endsWith('\tdisk swap, ask Ana')).length, 3)
})

const noTerminal =
  spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0 ? false : 'script(1) gives no terminal'

test('on a terminal of 80 columns a job has one line, without colours when those are not wanted', {
  skip: noTerminal,
}, async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })
  const command = `stty cols 80; ${process.execPath} ${COMMAND} list`
  const onTerminal = (env: Record<string, string>) =>
    runProgram('script', ['-qec', command, '/dev/null'], { cwd: project.directory, env: { TERM: 'xterm', ...env }, t })
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail', bucket: 1 })
  await project.start('cron-mission', ['--at', AT]).exited
  await project.started(id)
  await project.start('cron-mission', ['pause', 'report', '--reason', 'new mail server']).exited

  const plain = await onTerminal({ NO_COLOR: '1' })
  const coloured = await onTerminal({})

  const lines = plain.stdout.replaceAll('\r', '').trimEnd().split('\n')
  assert.equal(lines.length, 5, plain.stdout)
  assert.ok(Math.max(...lines.map((line) => line.length)) <= 80, plain.stdout)
  assert.match(lines[0] ?? '', /^JOB +NEXT RUN +WHEN +ZONE +WHAT +LAST +AT WORK$/)
  assert.match(lines[1] ?? '', /^mail {4}\d\d:\d\d .* mail × 4 .* started .*/)
  assert.match(lines[2] ?? '', /^report {2}paused .* Tokyo .* new mail s/)
  assert.equal(plain.stdout.includes('\x1b['), false)
  assert.equal(coloured.stdout.includes('\x1b[1m'), true)
  project.release('go')
  await project.nothingIsLeft()
})

test('a wrong --next is refused', async (t) => {
  const project = await queueProject(t, sqlite, { schedule: SCHEDULE })

  const { code, stderr } = await project.run('cron-mission', ['list', '--next', '0'])

  assert.equal(code, 64)
  assert.match(stderr, /--next is 0\. Use a whole number from 1 to 1000\./)
})

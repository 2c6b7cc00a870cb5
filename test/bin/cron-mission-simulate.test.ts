import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { makeProject, runBin } from '../helpers/processes.ts'
import { scheduleOfYearJson } from '../schedule/calendar/schedule-of-year.ts'

const SCHEDULE = JSON.stringify({
  timezone: 'Europe/Berlin',
  jobs: {
    mail: { when: '*/30 * * * *', queue: 'mail', shards: 4 },
    report: { when: { kind: 'daily', times: ['02:30'] }, queue: 'report', maxLoad: 2 },
    import: { when: { kind: 'hourly', minutes: [5] }, exec: ['bin/import'] },
    rollup: { when: { kind: 'after', job: 'import' }, queue: 'rollup' },
    live: { when: { kind: 'always' }, queue: 'live', shards: 2 },
    swap: { when: '0 4 * * *', queue: 'swap', paused: 'disk swap, ask Ana' },
  },
})
const AUTUMN = ['--from', '2026-10-25', '--to', '2026-10-26']

test('a day on which the clocks change, for a person', async (t) => {
  const { code, stdout, stderr } = await simulate(t, AUTUMN)

  assert.deepEqual([code, stderr], [0, ''])
  const blocks = stdout.split('\n\n')
  assert.equal(blocks[0], '2026-10-25 00:00 to 2026-10-26 00:00, Europe/Berlin: 6 jobs, 76 starts.')
  const rows = (blocks[1] ?? '').split('\n').map((line) => line.split('\t'))
  assert.deepEqual(
    rows.slice(1).map(([job, starts, first, last, , note]) => [job, starts, first, last, note]),
    [
      ['mail', '50', '2026-10-25 00:00', '2026-10-25 23:30', ''],
      ['report', '1', '2026-10-25 02:30', '2026-10-25 02:30', ''],
      ['import', '25', '2026-10-25 00:05', '2026-10-25 23:05', ''],
      ['rollup', '25', '-', '-', 'at most, after import'],
      ['live', 'always', '-', '-', ''],
      ['swap', '1', '2026-10-25 04:00', '2026-10-25 04:00', 'paused, and not counted below: disk swap, ask Ana'],
    ],
  )
  assert.match(
    stdout,
    /Most jobs in one minute:\nJOBS\tSHARDS\tMINUTES\tTHE FIRST\tWHICH\n2\t5\t1\t2026-10-25 02:30\tmail, report\n/,
  )
  assert.match(
    stdout,
    /start in one minute: 5 at most, 0\.2 on average; 95 % of the minutes start nothing\. Besides, 2 shards are always at work\./,
  )
  assert.match(stdout, /^ {2}█····█·+█·+$/m)
  assert.match(
    stdout,
    /^ {2}2026-10-25 03:00 → 02:00 Europe\/Berlin: report runs at the first 02:30 only; mail, import run in both passes of the hour\.$/m,
  )
  assert.match(stdout, /^What cannot be foreseen:\n {2}maxLoad .*: report \(1 start\)$/m)
})

test('the same as JSON', async (t) => {
  const { stdout } = await simulate(t, [...AUTUMN, '--json'])

  const { jobs, byMinute, byHour, together, clocks, unforeseen, ...rest } = JSON.parse(stdout)
  assert.deepEqual(rest, {
    from: '2026-10-24T22:00:00.000Z',
    to: '2026-10-25T23:00:00.000Z',
    timezone: 'Europe/Berlin',
    starts: 76,
    minutes: 1500,
    quietMinutes: 1425,
    shards: { most: 5, average: 226 / 1500, always: 2 },
  })
  const { next, ...report } = jobs[1]
  assert.match(next, /^\d{4}-.*Z$/)
  assert.deepEqual(report, {
    ...{ job: 'report', runs: 1, first: '2026-10-25T00:30:00.000Z', last: '2026-10-25T00:30:00.000Z' },
    ...{ after: null, always: false, paused: null },
  })
  assert.deepEqual([byMinute.length, byHour.length, byHour[2]], [60, 24, 7])
  assert.deepEqual(together, [{ jobs: ['mail', 'report'], shards: 5, minutes: 1, first: '2026-10-25T00:30:00.000Z' }])
  assert.deepEqual(
    [clocks[0].at, clocks[0].offsetBeforeMinutes, clocks[0].offsetAfterMinutes],
    ['2026-10-25T01:00:00.000Z', 120, 60],
  )
  assert.deepEqual(unforeseen, [{ what: 'maxLoad', jobs: ['report'], starts: 1 }])
})

test('one job alone, with the runs of the one it comes after', async (t) => {
  const { stdout } = await simulate(t, [...AUTUMN, '--job', 'rollup', '--json'])

  const { jobs, starts } = JSON.parse(stdout)
  assert.deepEqual([jobs.length, jobs[0].job, jobs[0].runs, starts], [1, 'rollup', 25, 25])
})

test('a time that is none, or too long, is refused', async (t) => {
  const none = await simulate(t, ['--from', '2026-10-25', '--to', '2026-10-25'])
  const long = await simulate(t, ['--from', '2026-01-01', '--to', '2126-01-01'])
  const unknown = await simulate(t, ['--job', 'raport'])

  assert.deepEqual([none.code, long.code, unknown.code], [64, 64, 64])
  assert.match(
    none.stderr,
    /The time from 2026-10-25 00:00 to 2026-10-25 00:00 is none\. Give a --to that is later than --from\./,
  )
  assert.match(long.stderr, /too long\. Simulate ten years at most\./)
  assert.match(unknown.stderr, /Did you mean report\?/)
})

test('a year of fifty jobs, start-up included', async (t) => {
  const startedAt = performance.now()

  const { code, stdout } = await simulate(
    t,
    ['--from', '2026-01-01', '--to', '2027-01-01', '--json'],
    scheduleOfYearJson(),
  )

  const ms = Math.round(performance.now() - startedAt)
  assert.equal(code, 0)
  const { starts } = JSON.parse(stdout)
  t.diagnostic(`${starts} starts in ${ms} ms`)
  assert.ok(starts > 4_000_000)
})

function simulate(t: TestContext, args: readonly string[], schedule = SCHEDULE) {
  const { directory, path } = makeProject(t)
  writeFileSync(path('schedule.json'), schedule)
  return runBin('cron-mission', ['simulate', ...args], { cwd: directory, t })
}

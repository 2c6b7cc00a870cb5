import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import { makeProject, runBin } from '../helpers/processes.ts'

const SCHEDULE = JSON.stringify({
  timezone: 'Europe/Berlin',
  jobs: {
    report: { when: { kind: 'daily', times: ['02:30'] }, queue: 'report' },
    slow: { when: { kind: 'daily', times: ['03:00'] }, queue: 'slow', spread: '1h' },
    import: { when: { kind: 'hourly', minutes: [5] }, exec: ['bin/import'] },
    rollup: { when: { kind: 'after', job: 'import' }, queue: 'rollup' },
    live: { when: { kind: 'always' }, queue: 'live' },
    swap: { when: '0 4 * * *', queue: 'swap', paused: 'disk swap, ask Ana' },
    gone: { when: { kind: 'once', time: '2020-01-01T00:00' }, queue: 'gone' },
    wrong: { when: '99 * * * *', queue: 'wrong' },
  },
})

test('a cron expression needs no schedule, and times that do not exist are told', async (t) => {
  const { code, stdout, stderr } = await next(t, [
    '30 2 * * *',
    '--timezone',
    'Europe/Berlin',
    '--from',
    '2026-03-28',
    '--count',
    '3',
  ])

  assert.deepEqual([code, stderr], [0, ''])
  const [head, ...lines] = stdout.replace(/\n$/, '').split('\n')
  assert.equal(head, 'LOCAL TIME\tZONE\tUTC\tFROM NOW\tNOTE')
  assert.deepEqual(
    lines.map((line) => line.split('\t').filter((_, column) => column !== 3)),
    [
      ['Sat 2026-03-28 02:30 +01:00', 'Europe/Berlin', '2026-03-28T01:30Z', ''],
      [
        'Sun 2026-03-29 03:00 +02:00',
        'Europe/Berlin',
        '2026-03-29T01:00Z',
        'runs at 03:00 because 02:30 does not exist',
      ],
      ['Mon 2026-03-30 02:30 +02:00', 'Europe/Berlin', '2026-03-30T00:30Z', ''],
    ],
  )
})

test('as JSON a run has its slot, its start, the local time, the weekday and what the clocks do', async (t) => {
  const { stdout } = await next(t, [
    '0,30 2 * * *',
    '--timezone',
    'Europe/Berlin',
    '--from',
    '2026-10-25',
    '--count',
    '1',
    '--json',
  ])

  const { inSeconds, ...run } = JSON.parse(stdout)
  assert.deepEqual(run, {
    cron: '0,30 2 * * *',
    slot: '2026-10-25T00:00:00Z',
    start: '2026-10-25T00:00:00.000Z',
    local: '2026-10-25T02:00:00.000+02:00',
    weekday: 'Sunday',
    timezone: 'Europe/Berlin',
    clocks: { kind: 'first-pass' },
  })
  assert.equal(typeof inSeconds, 'number')
})

test('a run at the very time that --from names is meant, too', async (t) => {
  const { stdout } = await next(t, [
    '0 2 * * *',
    '--timezone',
    'UTC',
    '--from',
    '2026-11-21 02:00',
    '--count',
    '1',
    '--json',
  ])

  assert.equal(JSON.parse(stdout).slot, '2026-11-21T02:00:00Z')
})

test("without a zone it is the schedule's, and without a schedule the system's", async (t) => {
  const withSchedule = await next(t, ['@daily', '--json', '--count', '1'], SCHEDULE)
  const without = await next(t, ['@daily', '--json', '--count', '1'])

  assert.equal(JSON.parse(withSchedule.stdout).timezone, 'Europe/Berlin')
  assert.equal(JSON.parse(without.stdout).timezone, 'Pacific/Auckland')
})

test('a run of a job begins later by its spread, and its note says so', async (t) => {
  const { stdout } = await next(t, ['slow', '--from', '2026-11-21', '--json', '--count', '1'], SCHEDULE)
  const { stdout: table } = await next(t, ['slow', '--from', '2026-11-21', '--count', '1'], SCHEDULE)

  const { job, slot, start } = JSON.parse(stdout)
  assert.deepEqual([job, slot], ['slow', '2026-11-21T02:00:00Z'])
  const minutes = (Date.parse(start) - Date.parse(slot)) / 60_000
  assert.ok(minutes >= 1 && minutes <= 60, String(minutes))
  assert.match(table, new RegExp(`\\t${minutes}m after its slot, its share of the spread\\n`))
})

test('jobs without times of their own say what they wait for', async (t) => {
  const after = await next(t, ['rollup', '--from', '2026-11-21T00:00', '--count', '1'], SCHEDULE)
  const always = await next(t, ['live'], SCHEDULE)
  const paused = await next(t, ['swap', '--count', '1'], SCHEDULE)
  const gone = await next(t, ['gone'], SCHEDULE)

  assert.match(after.stdout, /^Sat 2026-11-21 00:05 \+01:00\t.*\twhen import has ended$/m)
  assert.deepEqual([always.code, always.stdout], [0, ''])
  assert.match(always.stderr, /live is always to be at work/)
  assert.match(
    paused.stderr,
    /swap is paused in the schedule, so it does not run at these times: disk swap, ask Ana\.\n$/,
  )
  assert.match(gone.stderr, /gone \(once 2020-01-01T00:00\) does not run any more\.\n$/)
})

test('what is wrong is said in a sentence, with the code of a wrong command line', async (t) => {
  const cases: [string[], RegExp][] = [
    [['reprot'], /There is no job "reprot" in .*schedule\.json\. Did you mean report\?/],
    [['99 * * * *'], /The cron expression "99 \* \* \* \*" has the minute field "99"\. It allows 0 to 59/],
    [['report', '--timezone', 'Berlin'], /--timezone is "Berlin"\. Use a zone such as Europe\/Berlin, or "system"\./],
    [['report', '--count', '0'], /--count is 0\. Use a whole number from 1 to 10000\./],
    [['report', '--from', 'tomorrow'], /--from is "tomorrow"\. Use a time such as/],
  ]
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await next(t, args, SCHEDULE)

    assert.deepEqual([code, stdout], [64, ''], args.join(' '))
    assert.match(stderr, sentence)
  }
  const wrong = await next(t, ['wrong'], SCHEDULE)
  assert.deepEqual([wrong.code, wrong.stdout], [78, ''])
  assert.match(wrong.stderr, /Job "wrong": The cron expression/)
})

function next(t: TestContext, args: readonly string[], schedule?: string) {
  const { directory, path } = makeProject(t)
  if (schedule !== undefined) writeFileSync(path('schedule.json'), schedule)
  return runBin('cron-mission', ['next', ...args], { cwd: directory, env: { TZ: 'Pacific/Auckland' }, t })
}

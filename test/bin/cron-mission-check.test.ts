import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { makeProject, runBin } from '../helpers/processes.ts'

const HEAD = "import { daily, defineSchedule, every, monthly } from 'cron-mission'\n"

const NOTED = `${HEAD}
console.log('from the schedule')
export default defineSchedule({
  timezone: 'Europe/Berlin',
  jobs: {
    mail: { when: every('1m'), queue: 'mail' },
    close: { when: monthly(31, '18:00'), queue: 'close' },
    audit: { when: monthly(31, '18:00'), exec: ['bin/audit'] },
    broken: { when: daily('02:30'), queue: 'report', shard: 4 } as never,
  },
})
`
const DAY_31 = "day 31 skips 5 months (7 runs a year): monthly('last', …) is the last day of every month."
const SENTENCE = 'Job "broken": "shard" is not an option. Did you mean shards?'

test('check tells problems and notes, a note for several jobs once, and makes nothing', async (t) => {
  const { directory, path } = makeProject(t, { schedule: NOTED })

  const { code, stdout, stderr } = await runBin('cron-mission', ['check'], { cwd: directory, t })

  assert.deepEqual(stdout.split('\n'), [
    SENTENCE,
    `Note on close, audit: ${DAY_31}`,
    `${path('schedule.ts')}: 3 jobs can run, 1 problem, 1 note`,
    '',
  ])
  assert.deepEqual([code, stderr], [78, 'from the schedule\n'])
  assert.ok(!existsSync(path('.queue')))
})

test('check --json prints one object, and nothing else on standard output', async (t) => {
  const { directory } = makeProject(t, { schedule: NOTED })

  const { code, stdout } = await runBin('cron-mission', ['check', '--json'], { cwd: directory, t })

  assert.equal(code, 78)
  assert.deepEqual(JSON.parse(stdout), {
    jobs: ['mail', 'close', 'audit'],
    problems: [{ job: 'broken', sentence: SENTENCE }],
    notes: [
      { job: 'close', note: DAY_31 },
      { job: 'audit', note: DAY_31 },
    ],
  })
})

test('notes alone are no failure', async (t) => {
  const { directory, path } = makeProject(t, {
    schedule: `${HEAD}export default { timezone: 'UTC', jobs: { close: { when: monthly(31, '18:00'), queue: 'close' } } }\n`,
  })

  const { code, stdout, stderr } = await runBin('cron-mission', ['check'], { cwd: directory, t })

  assert.deepEqual(
    [code, stdout, stderr],
    [0, `Note on close: ${DAY_31}\n${path('schedule.ts')}: 1 job can run, 1 note\n`, ''],
  )
})

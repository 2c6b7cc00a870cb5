/**
 * Schedule files as people get them wrong: each is one sentence or two, which name the job and say what to do.
 */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { loadSchedule } from '../../../src/schedule/language/load.ts'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { temporaryDirectory } from '../../helpers/cleanup.ts'

const ENTRY = new URL('../../../src/index.ts', import.meta.url).href

/** A file with one job named `mail` that says this, beside a good one. */
const job = (text: string) => `
  import { after, always, cron, daily, defineSchedule, every, monthly, once, weekly } from 'cron-mission'
  export default defineSchedule({
    timezone: 'Europe/Berlin',
    jobs: { good: { when: every('1m'), queue: 'a' }, mail: { ${text} } },
  } as never)`

const WRONG_JOBS: readonly (readonly [string, RegExp])[] = [
  [`when: cron('* * * *' as never), queue: 'a'`, /has 4 fields\. Write five: minute hour day month weekday/],
  [`when: cron('0 */5 * * * *' as never), queue: 'a'`, /has 6 fields\. There is no field for seconds: leave out/],
  [`when: cron('61 * * * *'), queue: 'a'`, /minute field "61"\. It allows 0 to 59/],
  [`when: cron('0 25 * * *'), queue: 'a'`, /hour field "25"\. It allows 0 to 23/],
  [`when: cron('0 0 31 2 *'), queue: 'a'`, /never comes.*Change the day-of-month or the month/],
  [`when: cron('@reboot'), queue: 'a'`, /has no minute at which it is due\. Start it from/],
  [`when: cron('@every 5m'), queue: 'a'`, /is not cron\. Write every\('5m'\)/],
  [`when: every('90s' as never), queue: 'a'`, /not a whole number of minutes.*use 1m or more/],
  [`when: every('5min' as never), queue: 'a'`, /no duration\. Write for instance every\('5m'\)/],
  [`when: daily('2:30' as never), queue: 'a'`, /no time of day\. Write two digits each/],
  [`when: weekly('moonday' as never, '07:00'), queue: 'a'`, /weekly\(\) has 'moonday', which is no day\. Use mon, tue/],
  [`when: monthly(32 as never, '07:00'), queue: 'a'`, /32.*1 to 31/],
  [`when: once('2026-02-30T10:00'), queue: 'a'`, /2026-02-30T10:00/],
  [`when: [], queue: 'a'`, /when is an empty list\. Say when the job is due/],
  [`queue: 'a'`, /when is missing\. Say when the job is due/],
  [`when: every('1m')`, /queue, exec or enqueue is missing\. Say what the job does/],
  [`when: every('1m'), queue: 'a', exec: ['date']`, /queue and exec\. A job does one thing: keep one/],
  [`when: every('1m'), queue: 'a', shard: 4`, /"shard" is not an option\. Did you mean shards\?/],
  [`when: every('1m'), queue: 'a', shards: 61`, /shards is 61\. Use a whole number from 1 to 60/],
  [`when: every('1m'), queue: 'two words'`, /queue is "two words"\. Use a name/],
  [`when: every('1m'), exec: 'bin/backup --all'`, /exec is "bin\/backup --all"/],
  [`when: every('1m'), queue: 'a', timeout: 5`, /timeout is 5\. Write a duration such as '90s'/],
  [`when: every('1m'), queue: 'a', retry: 'soon'`, /soon/],
  [`when: every('1m'), queue: 'a', timezone: 'Europe/Berln'`, /no time zone\. Did you mean Europe\/Berlin\?/],
  [`when: every('1m'), queue: 'a', overlap: 'never'`, /overlap is "never"/],
  [`when: every('1m'), queue: 'a', overlap: 'allow'`, /each shard of a queue has one worker\. Use skip, queue or/],
  [`when: every('1m'), queue: 'a', hosts: 'each'`, /shards of a queue have one worker each.*Use 'one'/],
  [`when: every('1m'), queue: 'a', catchUp: 'latest'`, /catchUp is "latest"/],
  [`when: after('import'), queue: 'a'`, /after\(\) names "import", which is no job/],
  [`when: after('mail'), queue: 'a'`, /it comes after itself\. Name another job/],
  [`when: always(), enqueue: () => []`, /always\(\), which keeps workers of a queue or a command at work\. Name one/],
  [
    `when: always(), exec: ['date'], retry: '1m'`,
    /retry does not go with a command that is always\(\) at work: it has no end/,
  ],
  [`when: every('1m'), queue: 'a', notify: {}`, /notify/],
  [`when: every('1m'), exec: ['date'], shards: 4`, /shards is for the workers of a queue, and this job runs a command/],
  [`when: every('1m'), queue: 'a', onlyIf: true`, /onlyIf is true/],
  [`when: every('1m'), queue: 'a', spread: '30s'`, /spread is "30s"/],
  [`when: every('1m'), queue: 'a', paused: true`, /paused is true\. Give the reason as text, or leave it out/],
]

for (const [text, expected] of WRONG_JOBS) {
  test(`a job with ${text} is told what to write, and stops no other`, async (t) => {
    const { jobs, problems } = planSchedule(await loadSchedule(fileOf(t, 'schedule.ts', job(text)), ENTRY))

    assert.deepEqual(
      jobs.map(({ id }) => id),
      ['good'],
    )
    const [problem] = problems
    assert.equal(problem?.job, 'mail')
    assert.match(problem.sentence, /^Job "mail": /)
    assert.match(problem.sentence, expected)
    // What was given, and what to do: two clauses at least.
    assert.match(problem.sentence, /[.:?;] \S.*[.?]$/s)
  })
}

const WRONG_FILES: readonly (readonly [string, string, RegExp])[] = [
  ['schedule.ts', 'export default {\n  jobs: {{\n', /The schedule does not load: .*schedule\.ts:2: /],
  ['schedule.ts', 'export const schedule = {}', /has no default export\. Write export default defineSchedule/],
  ['schedule.ts', 'enum Day { Monday }\nexport default {}', /Node only leaves types out: write it without enum/],
  [
    'schedule.ts',
    "import './holidays'\nexport default {}",
    /needs the extension the file has, such as \.\/holidays\.ts/,
  ],
  ['schedule.ts', "throw new Error('no such table')", /schedule\.ts:1: no such table/],
  ['schedule.json', '{ "timezone": "UTC", }', /The schedule does not load: .*schedule\.json/],
  ['schedule.json', '{ "timezone": "UTC", "jobs": { "mail": {}, "mail": {} } }', /"mail"/],
]

for (const [name, text, expected] of WRONG_FILES) {
  test(`a ${name} that is ${JSON.stringify(text.slice(0, 40))} is one sentence`, async (t) => {
    const failure = await loadSchedule(fileOf(t, name, text), ENTRY).then(
      () => undefined,
      (error: Error) => error.message,
    )

    assert.match(failure ?? 'it was loaded', expected)
    assert.ok(!failure?.includes('\n'), failure)
  })
}

test('a file that this user may not read says so', {
  skip: process.getuid?.() !== 0 && 'root alone can be another user',
}, async (t) => {
  const path = fileOf(t, 'schedule.ts', 'export default {}')
  chmodSync(dirname(path), 0o755)
  chmodSync(path, 0o600)
  process.seteuid?.(65_534)
  t.after(() => process.seteuid?.(0))

  const loading = loadSchedule(path, ENTRY).finally(() => process.seteuid?.(0))

  await assert.rejects(
    loading,
    /The schedule does not load: .*schedule\.ts cannot be read \(EACCES\)\. Make it readable for this user\.$/,
  )
})

function fileOf(t: Parameters<typeof temporaryDirectory>[0], name: string, text: string): string {
  const path = join(temporaryDirectory(t), name)
  writeFileSync(path, text)
  return path
}

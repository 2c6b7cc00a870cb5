import assert from 'node:assert/strict'
import test from 'node:test'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { cron, every } from '../../../src/schedule/language/when.ts'

const MAIL = { when: every('1m'), queue: 'mail' }

const BROKEN_JOBS: [job: unknown, sentence: string | RegExp][] = [
  [{ ...MAIL, shard: 4 }, '"shard" is not an option. Did you mean shards?'],
  [{ ...MAIL, maxtime: '1h' }, '"maxtime" is not an option. Did you mean maxTime?'],
  [{ ...MAIL, tiemout: '1h' }, '"tiemout" is not an option. Did you mean timeout?'],
  [{ ...MAIL, constructor: 1 }, /^"constructor" is not an option. Known are when, queue, paused, timezone, /],
  [{ queue: 'mail' }, /^when is missing\./],
  [{ when: every('1m') }, /^queue is missing\./],
  [{ ...MAIL, when: [] }, /^when is an empty list\./],
  [{ ...MAIL, when: null }, /^when is null\./],
  [{ ...MAIL, when: cron('* * * *' as string) }, /^The cron expression "\* \* \* \*" has 4 fields\./],
  [{ ...MAIL, when: [every('5m'), '61 * * * *'] }, /minute field "61"/],
  [{ ...MAIL, queue: '' }, /^queue is ""\./],
  [{ ...MAIL, queue: 'two words' }, /^queue is "two words"\./],
  [{ ...MAIL, queue: 'q'.repeat(65) }, /^queue is "qqq/],
  [{ ...MAIL, queue: 7 }, /^queue is 7\./],
  [
    { ...MAIL, timezone: 'Europe/Berln' },
    'timezone is "Europe/Berln", which is no time zone. Did you mean Europe/Berlin?',
  ],
  [{ ...MAIL, timezone: '' }, /^timezone is "", which is no time zone. Use /],
  [{ ...MAIL, timezone: 1 }, /^timezone is 1,/],
  [{ ...MAIL, shards: 0 }, 'shards is 0. Use a whole number from 1 to 60.'],
  [{ ...MAIL, shards: 61 }, 'shards is 61. Use a whole number from 1 to 60.'],
  [{ ...MAIL, shards: 1.5 }, 'shards is 1.5. Use a whole number from 1 to 60.'],
  [{ ...MAIL, shards: '4' }, 'shards is "4". Use a whole number from 1 to 60.'],
  [{ ...MAIL, concurrency: 1001 }, 'concurrency is 1001. Use a whole number from 1 to 1000.'],
  [{ ...MAIL, batch: 1001 }, 'batch is 1001. Use a whole number from 1 to 1000.'],
  [{ ...MAIL, timeout: '15min' }, `timeout is "15min". Write a duration such as '90s', '15m' or '1h30m'.`],
  [{ ...MAIL, timeout: 900 }, /^timeout is 900\. Write a duration/],
  [{ ...MAIL, timeout: '0s' }, 'timeout is "0s". Use at least 1s.'],
  [{ ...MAIL, grace: 'long' }, /^grace is "long"\./],
  [{ ...MAIL, maxTime: '999ms' }, 'maxTime is "999ms". Use at least 1s.'],
  [{ ...MAIL, retry: '2m,soon' }, /"soon"/],
  [{ ...MAIL, retry: 3 }, /^retry is 3\. Write delays such as '2m,10m,1h', or '' for none\./],
  [{ ...MAIL, crash: 'ignore' }, 'crash is "ignore". Use retry, hold or fail.'],
  [{ ...MAIL, crash: true }, 'crash is true. Use retry, hold or fail.'],
  [{ ...MAIL, paused: true }, /^paused is true\. Give the reason/],
  [{ ...MAIL, paused: ' ' }, /^paused is " "\./],
  ['*/5 * * * *', /^it is "\*\/5 \* \* \* \*"\. Give an object such as/],
  [null, /^it is null\./],
]

for (const [job, sentence] of BROKEN_JOBS) {
  test(`of the jobs mail and broken, ${JSON.stringify(job).slice(0, 90)} stops only itself`, () => {
    const { jobs, problems } = planSchedule({ timezone: 'UTC', jobs: { broken: job, mail: MAIL } })

    assert.deepEqual(
      jobs.map(({ id }) => id),
      ['mail'],
    )
    assert.equal(problems.length, 1)
    const [problem] = problems
    assert.equal(problem?.job, 'broken')
    const start = 'Job "broken": '
    assert.ok(problem.sentence.startsWith(start))
    if (typeof sentence === 'string') assert.equal(problem.sentence.slice(start.length), sentence)
    else assert.match(problem.sentence.slice(start.length), sentence)
  })
}

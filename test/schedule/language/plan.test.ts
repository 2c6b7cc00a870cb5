import assert from 'node:assert/strict'
import test from 'node:test'
import { defineSchedule } from '../../../src/schedule/language/define.ts'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { cron, daily, every } from '../../../src/schedule/language/when.ts'
import { systemZone } from '../../../src/time/zone.ts'

const MAIL = { when: every('1m'), queue: 'mail' }

test('a job is filled in from the defaults, and what it says itself comes first', () => {
  const schedule = defineSchedule({
    timezone: 'Europe/Berlin',
    defaults: {
      shards: 3,
      concurrency: 5,
      batch: 20,
      timeout: '15m',
      grace: '0s',
      retry: '2m, 10m',
      crash: 'hold',
      maxTime: '1h',
    },
    jobs: {
      plain: MAIL,
      special: {
        when: [daily('02:30'), cron('@weekly')],
        queue: 'night',
        timezone: 'UTC',
        shards: 60,
        concurrency: 1000,
        batch: 1000,
        timeout: '1s',
        grace: '1m30s',
        retry: 'none',
        crash: 'fail',
        maxTime: '90s',
        paused: 'moving hosts',
      },
    },
  })

  const { jobs, problems } = planSchedule(schedule)

  assert.deepEqual(problems, [])
  assert.deepEqual(jobs, [
    {
      id: 'plain',
      when: [every('1m')],
      timezone: 'Europe/Berlin',
      queue: 'mail',
      shards: 3,
      concurrency: 5,
      batch: 20,
      timeoutMs: 900_000,
      graceMs: 0,
      retry: '2m, 10m',
      crash: 'hold',
      maxTimeMs: 3_600_000,
    },
    {
      id: 'special',
      when: [daily('02:30'), cron('@weekly')],
      timezone: 'UTC',
      queue: 'night',
      shards: 60,
      concurrency: 1000,
      batch: 1000,
      timeoutMs: 1_000,
      graceMs: 90_000,
      retry: '',
      crash: 'fail',
      maxTimeMs: 90_000,
      paused: 'moving hosts',
    },
  ])
})

test('what nobody says is absent, but for one shard', () => {
  const { jobs } = planSchedule({ timezone: 'UTC', jobs: { mail: { ...MAIL, batch: undefined, paused: undefined } } })

  assert.deepEqual(jobs, [{ id: 'mail', when: [every('1m')], timezone: 'UTC', queue: 'mail', shards: 1 }])
})

test('the zone of a job is its own, else that of the defaults, else that of the schedule', () => {
  const jobs = { own: { ...MAIL, timezone: 'Asia/Kolkata' }, other: MAIL }

  const withDefault = planSchedule({ timezone: 'UTC', defaults: { timezone: 'Europe/Berlin' }, jobs })
  const without = planSchedule({ timezone: 'system', jobs })

  assert.deepEqual(
    withDefault.jobs.map((job) => job.timezone),
    ['Asia/Kolkata', 'Europe/Berlin'],
  )
  assert.deepEqual(
    without.jobs.map((job) => job.timezone),
    ['Asia/Kolkata', systemZone()],
  )
})

test('a schedule in JSON may write a time as cron text', () => {
  const text = '{"timezone":"UTC","jobs":{"mail":{"when":"*/5 * * * *","queue":"mail"}}}'

  const { jobs, problems } = planSchedule(JSON.parse(text))

  assert.deepEqual(problems, [])
  assert.deepEqual(jobs[0]?.when, [cron('*/5 * * * *')])
})

for (const id of ['', '-x', '_x', 'a b', 'ü', 'a/b', 'x'.repeat(65), '__proto__']) {
  test(`the id "${id.slice(0, 10)}" (${id.length} characters) is refused`, () => {
    const { jobs, problems } = planSchedule({ timezone: 'UTC', jobs: Object.fromEntries([[id, MAIL]]) })

    assert.deepEqual(jobs, [])
    assert.match(problems[0]?.sentence ?? '', /this id is not allowed/)
  })
}

for (const id of ['a', '7', 'nightly-report_v1.2', 'x'.repeat(64), 'constructor']) {
  test(`the id "${id.slice(0, 20)}" (${id.length} characters) is accepted`, () => {
    const { jobs } = planSchedule({ timezone: 'UTC', jobs: { [id]: MAIL } })

    assert.deepEqual(
      jobs.map((job) => job.id),
      [id],
    )
  })
}

test('all problems are found at once, several of one job among them', () => {
  const { jobs, problems } = planSchedule({
    timezone: 'Mars/Olympus',
    colour: 'red',
    defaults: { shards: 99, shard: 1 },
    jobs: { 'a b': { when: 'often', shards: -1, grace: 'x' }, mail: MAIL },
  })

  assert.deepEqual(jobs, [])
  assert.deepEqual(
    problems.map(({ job, sentence }) => [job, sentence.split('.')[0]]),
    [
      [undefined, 'Schedule: "colour" is not an option'],
      [undefined, 'Schedule: timezone is "Mars/Olympus", which is no time zone'],
      [undefined, 'Defaults: shards is 99'],
      [undefined, 'Defaults: "shard" is not an option'],
      ['a b', 'Job "a b": this id is not allowed'],
      ['a b', 'Job "a b": The cron expression "often" has 1 field'],
      ['a b', 'Job "a b": shards is -1'],
      ['a b', 'Job "a b": grace is "x"'],
      ['a b', 'Job "a b": queue is missing'],
    ],
  )
})

test('without a zone only the jobs that name their own are certain', () => {
  const jobs = { own: { ...MAIL, timezone: 'UTC' }, other: MAIL }

  const plan = planSchedule({ jobs })

  assert.deepEqual(
    plan.jobs.map((job) => job.id),
    ['own'],
  )
  assert.deepEqual(
    plan.problems.map((problem) => problem.sentence.split('.')[0]),
    ['Schedule: timezone is missing'],
  )
})

test('a default that was not understood leaves out the jobs that would take it, and no others', () => {
  const jobs = { own: { ...MAIL, shards: 2 }, other: MAIL }

  const plan = planSchedule({ timezone: 'UTC', defaults: { shards: 99 }, jobs })

  assert.deepEqual(
    plan.jobs.map((job) => job.id),
    ['own'],
  )
  assert.equal(plan.problems.length, 1)
})

test('a default that does not exist is a problem and stops nothing', () => {
  const plan = planSchedule({ timezone: 'UTC', defaults: { shard: 2, queue: 'mail' }, jobs: { mail: MAIL } })

  assert.deepEqual(
    plan.jobs.map((job) => job.id),
    ['mail'],
  )
  assert.equal(plan.problems.length, 2)
})

for (const [name, schedule, sentence] of [
  ['nothing', undefined, /^The schedule is undefined\. Export defineSchedule/],
  ['a list', [MAIL], /^The schedule is \[/],
  ['a function', () => MAIL, /^The schedule is a function\./],
  ['no jobs', { timezone: 'UTC' }, /^Schedule: jobs is undefined\./],
  ['a list of jobs', { timezone: 'UTC', jobs: [MAIL] }, /^Schedule: jobs is \[/],
  ['a number as defaults', { timezone: 'UTC', defaults: 4, jobs: {} }, /^Schedule: defaults is 4\./],
] satisfies [string, unknown, RegExp][]) {
  test(`a schedule file that exports ${name} is one problem`, () => {
    const { jobs, problems } = planSchedule(schedule)

    assert.deepEqual(jobs, [])
    assert.equal(problems.length, 1)
    assert.match(problems[0]?.sentence ?? '', sentence)
  })
}

test('a schedule without a single job is a schedule', () => {
  assert.deepEqual(planSchedule({ timezone: 'UTC', jobs: {} }), { jobs: [], problems: [] })
})

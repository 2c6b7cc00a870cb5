import assert from 'node:assert/strict'
import test from 'node:test'
import { defineSchedule } from '../../../src/schedule/language/define.ts'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import { after, always, cron, daily, every, hourly, once, weekly } from '../../../src/schedule/language/when.ts'
import { systemZone } from '../../../src/time/zone.ts'

const MAIL = { when: every('1m'), queue: 'mail' }

/** What a job has that says nothing else. */
const REST = {
  except: [],
  always: false,
  hosts: 'one',
  onlyIf: false,
  overlap: 'skip',
  catchUp: { policy: 'latest', withinMs: 3_600_000, max: 10 },
  spreadMs: 0,
}

test('programs are warm where a job or the defaults say so, and the limits that are said are kept', () => {
  const { jobs, problems } = planSchedule({
    timezone: 'UTC',
    defaults: { warm: { tasks: 500, age: '30m', memory: '512M' } },
    jobs: {
      inherits: MAIL,
      plain: { ...MAIL, warm: true },
      cold: { ...MAIL, warm: false },
      command: { when: daily('02:30'), exec: ['true'] },
    },
  })

  assert.deepEqual(problems, [])
  assert.deepEqual(
    jobs.map(({ work }) => (work.kind === 'queue' ? work.warm : work.kind)),
    [{ tasks: 500, ageMs: 1_800_000, memoryBytes: 536_870_912 }, {}, undefined, 'exec'],
  )
})

test('the command of a job is never warm', () => {
  const { problems } = planSchedule({
    timezone: 'UTC',
    jobs: { report: { when: daily('02:30'), exec: ['true'], warm: true } },
  })

  assert.deepEqual(
    problems.map(({ sentence }) => sentence),
    ['Job "report": warm is for the workers of a queue, and this job runs a command.'],
  )
})

test('a job is filled in from the defaults, and what it says itself comes first', () => {
  const schedule = defineSchedule({
    timezone: 'Europe/Berlin',
    defaults: {
      shards: 3,
      concurrency: 5,
      batch: 20,
      perKey: 2,
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
        perKey: 1000,
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
      ...REST,
      when: [every('1m')],
      timezone: 'Europe/Berlin',
      work: { kind: 'queue', queue: 'mail', shards: 3, concurrency: 5, batch: 20, perKey: 2, maxTimeMs: 3_600_000 },
      timeoutMs: 900_000,
      graceMs: 0,
      retry: '2m, 10m',
      crash: 'hold',
    },
    {
      id: 'special',
      ...REST,
      when: [daily('02:30'), cron('@weekly')],
      timezone: 'UTC',
      work: {
        kind: 'queue',
        queue: 'night',
        shards: 60,
        concurrency: 1000,
        batch: 1000,
        perKey: 1000,
        maxTimeMs: 90_000,
      },
      timeoutMs: 1_000,
      graceMs: 90_000,
      retry: '',
      crash: 'fail',
      paused: 'moving hosts',
    },
  ])
})

test('every option of a command is understood', () => {
  const schedule = defineSchedule({
    timezone: 'UTC',
    jobs: {
      import: {
        when: [hourly(5), once('2026-12-31T23:30')],
        except: weekly('sun', '02:05'),
        exec: ['bin/import', '--all'],
        onlyIf: () => true,
        hosts: ['web-1', 'web-2'],
        maxLoad: 1.5,
        overlap: 'queue',
        catchUp: { policy: 'all', within: '3d', max: 3 },
        spread: '10m',
        nice: 10,
        stopAt: '06:00',
        notify: { command: ['bin/alert'], url: 'https://example.com', silence: '2h' },
      },
      rollup: { when: after('import', { within: '2h' }), queue: 'rollup', shards: ({ pending }) => pending / 100 },
      digest: { when: daily('07:00'), enqueue: () => [{ task: 'digest' }], hosts: 'each' },
      stream: { when: always(), queue: 'stream', shards: 4, processes: 2 },
    },
  })

  const { jobs, problems } = planSchedule(schedule)

  assert.deepEqual(problems, [])
  assert.deepEqual(jobs, [
    {
      id: 'import',
      ...REST,
      when: [hourly(5), once('2026-12-31T23:30')],
      except: [weekly('sun', '02:05')],
      timezone: 'UTC',
      work: { kind: 'exec', command: ['bin/import', '--all'] },
      onlyIf: true,
      hosts: ['web-1', 'web-2'],
      maxLoad: 1.5,
      overlap: 'queue',
      catchUp: { policy: 'all', withinMs: 3 * 86_400_000, max: 3 },
      spreadMs: 600_000,
      nice: 10,
      stopAt: '06:00',
      notify: { command: ['bin/alert'], url: 'https://example.com/', silenceMs: 7_200_000 },
    },
    {
      id: 'rollup',
      ...REST,
      when: [],
      after: { job: 'import', withinMs: 7_200_000 },
      timezone: 'UTC',
      work: { kind: 'queue', queue: 'rollup', shards: 'function' },
    },
    {
      id: 'digest',
      ...REST,
      when: [daily('07:00')],
      timezone: 'UTC',
      work: { kind: 'enqueue' },
      hosts: 'each',
    },
    {
      id: 'stream',
      ...REST,
      when: [],
      always: true,
      timezone: 'UTC',
      work: { kind: 'queue', queue: 'stream', shards: 4, processes: 2 },
    },
  ])
  assert.deepEqual(JSON.parse(JSON.stringify(jobs)), jobs)
})

test('what nobody says is absent, but for what every job has', () => {
  const { jobs } = planSchedule({ timezone: 'UTC', jobs: { mail: { ...MAIL, batch: undefined, paused: undefined } } })

  assert.deepEqual(jobs, [
    {
      id: 'mail',
      ...REST,
      when: [every('1m')],
      timezone: 'UTC',
      work: { kind: 'queue', queue: 'mail', shards: 1 },
    },
  ])
})

test('defaults are taken by the jobs that they make sense for, and by no others', () => {
  const plan = planSchedule({
    timezone: 'UTC',
    defaults: {
      shards: 4,
      maxTime: '1h',
      overlap: 'allow',
      hosts: 'each',
      timeout: '5m',
      spread: '5m',
      catchUp: { policy: 'none' },
    },
    jobs: {
      queue: MAIL,
      exec: { when: every('1m'), exec: ['date'] },
      enqueue: { when: every('1m'), enqueue: () => [] },
      always: { when: always(), queue: 'mail' },
    },
  })

  assert.deepEqual(plan.problems, [])
  assert.deepEqual(
    plan.jobs.map(({ work, overlap, hosts, timeoutMs, spreadMs, catchUp }) => [
      work,
      overlap,
      hosts,
      timeoutMs,
      spreadMs,
      catchUp.policy,
    ]),
    [
      [{ kind: 'queue', queue: 'mail', shards: 4, maxTimeMs: 3_600_000 }, 'skip', 'one', 300_000, 300_000, 'none'],
      [{ kind: 'exec', command: ['date'] }, 'allow', 'each', 300_000, 300_000, 'none'],
      [{ kind: 'enqueue' }, 'skip', 'each', undefined, 300_000, 'none'],
      [{ kind: 'queue', queue: 'mail', shards: 4 }, 'skip', 'one', 300_000, 0, 'latest'],
    ],
  )
})

test('a default that was not understood leaves alone the jobs that would not take it', () => {
  const plan = planSchedule({
    timezone: 'UTC',
    defaults: { shards: 99 },
    jobs: { exec: { when: every('1m'), exec: ['date'] } },
  })

  assert.deepEqual(
    plan.jobs.map((job) => job.id),
    ['exec'],
  )
})

test('the id of a job with a command is short enough for the name of its queue', () => {
  const exec = { when: every('1m'), exec: ['date'] }
  const jobs = { ['x'.repeat(55)]: exec, ['y'.repeat(56)]: exec, ['z'.repeat(64)]: MAIL }

  const plan = planSchedule({ timezone: 'UTC', jobs })

  assert.deepEqual(
    plan.jobs.map((job) => job.id[0]),
    ['x', 'z'],
  )
  assert.match(plan.problems[0]?.sentence ?? '', /this id has 56 characters\. A job with exec may have 55\.$/)
})

test('jobs that wait for each other are told so, all that are in the circle and none that is behind it', () => {
  const exec = (id: string) => ({ when: after(id), exec: ['date'] })

  const plan = planSchedule({
    timezone: 'UTC',
    jobs: { a: exec('c'), b: exec('a'), c: exec('b'), tail: exec('a'), start: MAIL, next: exec('start') },
  })

  assert.deepEqual(
    plan.problems.map((problem) => problem.sentence),
    [
      'Job "a": it waits for itself: a after c after b after a. Take one after() out.',
      'Job "b": it waits for itself: b after a after c after b. Take one after() out.',
      'Job "c": it waits for itself: c after b after a after c. Take one after() out.',
    ],
  )
  assert.deepEqual(
    plan.jobs.map((job) => job.id),
    ['tail', 'start', 'next'],
  )
})

test('to come after a job with a problem of its own is no problem, but after one that never ends it is', () => {
  const plan = planSchedule({
    timezone: 'UTC',
    jobs: {
      broken: { when: 'often', queue: 'mail' },
      always: { when: always(), queue: 'mail' },
      one: { when: after('broken'), queue: 'one' },
      two: { when: [after('always'), daily('07:00')], queue: 'two' },
    },
  })

  assert.deepEqual(
    plan.problems.map(({ job }) => job),
    ['broken', 'two'],
  )
  assert.match(plan.problems[1]?.sentence ?? '', /it comes after always, which is always\(\) at work and never ends/)
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
      ['a b', 'Job "a b": queue, exec or enqueue is missing'],
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
  ['no jobs', { timezone: 'UTC' }, /^Schedule: jobs is missing\./],
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

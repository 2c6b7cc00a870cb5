import assert from 'node:assert/strict'
import test from 'node:test'
import { notesOf } from '../../../src/schedule/language/lint.ts'
import { planSchedule } from '../../../src/schedule/language/plan.ts'
import {
  cron,
  daily,
  every,
  hourly,
  monthly,
  once,
  type When,
  weekdays,
  weekly,
} from '../../../src/schedule/language/when.ts'

const NOW = Date.parse('2026-11-20T12:00Z')
const BEFORE_FOLD = Date.parse('2026-10-20T12:00Z')

interface Case {
  readonly when: When
  readonly except?: When
  readonly zone?: string
  readonly now?: number
  readonly notes: readonly string[]
}

const CASES: Record<string, Case> = {
  'a step that does not come round': {
    when: cron('*/7 * * * *'),
    notes: ["*/7 is not every 7 minutes: 0,7,…,56, then 4 minutes; every('7m') is."],
  },
  'a step of hours that does not come round': {
    when: cron('0 */5 * * *'),
    notes: ["*/5 is not every 5 hours: 0,5,10,15,20, then 4 hours; every('5h') is."],
  },
  'a step of months': {
    when: cron('0 0 1 */5 *'),
    notes: ['*/5 is not every 5 months: 1,6,11, then 2 months.'],
  },
  'a step larger than half the field': {
    when: cron('*/40 * * * *'),
    notes: ['*/40 in the minute field is 0 and 40 only: write 0,40.'],
  },
  'a step as large as the field': {
    when: cron('*/60 * * * *'),
    notes: ['*/60 in the minute field is 0 only: write 0.'],
  },
  'both day fields, meant as one': {
    when: cron('0 6 1-7 * mon'),
    notes: [
      "both day fields are set, so it is due on the days of either, 124 times a year: 2026-11-23, 2026-11-30, 2026-12-01, …. For the days that suit both, 12 times a year, write monthly('1st mon', '06:00') or cron('0 6 1-7 * mon', { days: 'and' }).",
    ],
  },
  'both day fields, which one day in a year suits': {
    when: cron('0 0 13 * 5'),
    notes: [
      "both day fields are set, so it is due on the days of either, 63 times a year: 2026-11-27, 2026-12-04, 2026-12-11, …. For the days that suit both, once a year, write cron('0 0 13 * 5', { days: 'and' }).",
    ],
  },
  'a range over the end': {
    when: cron('0 22-2 * * *'),
    notes: ['22-2 in the hour field goes over its end: 22,23,0,1,2.'],
  },
  'a range of weekdays over the end': {
    when: cron('0 5 * * fri-mon'),
    notes: ['fri-mon in the day-of-week field goes over its end: fri,sat,sun,mon.'],
  },
  'a time that does not exist in spring and comes twice in autumn': {
    when: daily('02:30'),
    zone: 'Europe/Berlin',
    now: BEFORE_FOLD,
    notes: [
      '2026-10-25 02:30 comes twice in Europe/Berlin: it runs in the first pass.',
      '2027-03-28 02:30 does not exist in Europe/Berlin: it runs at 03:00.',
      '2027-10-31 02:30 comes twice in Europe/Berlin: it runs in the first pass.',
    ],
  },
  'a night without what is excepted': {
    when: daily(['02:15', '02:45']),
    except: cron('30-59 2 * * sun'),
    zone: 'Europe/Berlin',
    notes: [
      '2027-03-28 02:15 does not exist in Europe/Berlin: it runs at 03:00.',
      '2027-10-31 02:15 comes twice in Europe/Berlin: it runs in the first pass.',
    ],
  },
  'several times of a night that changes': {
    when: weekly('sun', ['02:15', '02:45']),
    zone: 'Europe/Berlin',
    notes: [
      '2027-03-28 02:15 and 02:45 do not exist in Europe/Berlin: it runs once, at 03:00.',
      '2027-10-31 02:15 and 02:45 come twice in Europe/Berlin: it runs in the first pass.',
    ],
  },
  'a follower of real time': {
    when: cron('*/10 2 * * *'),
    zone: 'Europe/Berlin',
    notes: [
      '2027-03-28 02:00 to 02:50 do not exist in Europe/Berlin: it does not run then.',
      '2027-10-31 02:00 to 02:50 come twice in Europe/Berlin: it runs twice, 60 minutes apart.',
    ],
  },
  'an interval of hours': {
    when: every('2h'),
    zone: 'Europe/Berlin',
    notes: [
      '2027-03-28 02:00 does not exist in Europe/Berlin: it does not run then.',
      '2027-10-31 02:00 comes twice in Europe/Berlin: it runs twice, 60 minutes apart.',
    ],
  },
  'a day that some months lack': {
    when: monthly(31, '04:00'),
    notes: ["day 31 skips 5 months (7 runs a year): monthly('last', …) is the last day of every month."],
  },
  'a day that February lacks': {
    when: cron('0 4,16 30 * *'),
    notes: ["day 30 skips 1 month (22 runs a year): monthly('last', …) is the last day of every month."],
  },
  'a day that February lacks in most years': {
    when: monthly(29, '04:00'),
    notes: ["day 29 skips February in three years of four: monthly('last', …) is the last day of every month."],
  },
  'the leap day': { when: cron('0 4 29 2 *'), notes: ['29 February comes in leap years only.'] },
  'what is over': {
    when: once('2026-11-20T11:59'),
    notes: ["once('2026-11-20T11:59') is over: it does not run any more."],
  },
  'an exception for everything': {
    when: daily('02:30'),
    except: cron('* 0-3 * * *'),
    notes: ['except removes every run of the year to come.'],
  },
}

for (const [name, { when, except, zone = 'UTC', now = NOW, notes }] of Object.entries(CASES)) {
  test(`${name} is noted`, () => {
    assert.deepEqual(notesOn({ when, except }, zone, now), notes)
  })
}

const SILENT: Record<string, When> = {
  'what comes round': cron('*/5 */6 * * *'),
  'half a field': cron('0 */12 * * *'),
  'twice an hour': cron('*/30 * * * *'),
  'all day long in a zone that changes': hourly(30),
  'every minute': every('1m'),
  'a true interval': every('7m'),
  'another time of the day': weekdays('03:00'),
  'a range at the end of a month': cron('0 4 28-31 * *'),
  'the end of the month': monthly('last', '04:00'),
  'the 31st of months that have one': cron('0 4 31 1,3,5 *'),
  'a weekend': cron('0 4 * * sat-sun'),
  'a star in a day field, which joins by AND': cron('0 4 */1 * mon'),
  'AND that was asked for': cron('0 6 1-7 * mon', { days: 'and' }),
  'what is to come': once('2026-12-31T23:30'),
}

for (const [name, when] of Object.entries(SILENT)) {
  test(`nothing is noted on ${name}`, () => {
    assert.deepEqual(notesOn({ when }, 'Europe/Berlin', NOW), [])
  })
}

test('the zone of the machine is noted where it matters', () => {
  const notes = notesOn({ when: daily('12:00') }, 'system', NOW)

  assert.equal(notes.length, 1)
  assert.match(notes[0] ?? '', /^timezone is 'system', here .+: on a machine that is set to another zone/)
  assert.deepEqual(notesOn({ when: every('5m') }, 'system', NOW), [])
})

test('a limit of keys that leaves none for others is noted', () => {
  const notes = (work: object) => {
    const { jobs, problems } = planSchedule({
      timezone: 'UTC',
      jobs: { one: { when: every('1m'), queue: 'pay', ...work } },
    })
    assert.deepEqual(problems, [])
    return jobs.flatMap((job) => notesOf(job, NOW))
  }

  assert.deepEqual(notes({ perKey: 2 }), [
    'perKey is 2, and a worker runs 1 program at once: one slow key can take them all. Give a concurrency above perKey.',
  ])
  assert.match(notes({ perKey: 2, shards: 4, processes: 2 })[0] ?? '', /^perKey is 2, and a worker runs 2 programs/)
  assert.deepEqual(notes({ perKey: 2, concurrency: 3 }), [])
  assert.deepEqual(notes({ perKey: 3, shards: 8, processes: 2 }), [])
})

function notesOn(job: { when: When; except?: When | undefined }, timezone: string, now: number): string[] {
  const { jobs, problems } = planSchedule({ timezone, jobs: { job: { ...job, queue: 'mail' } } })
  assert.deepEqual(problems, [])
  return jobs.flatMap((planned) => notesOf(planned, now))
}

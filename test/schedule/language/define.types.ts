/**
 * What the compiler must refuse in a schedule, and what it must not. Nothing here runs: `tsc` is the test, and an error
 * that no longer comes turns its `@ts-expect-error` into one.
 */
import { defineSchedule, type Job } from '../../../src/schedule/language/define.ts'
import { cron, daily, every } from '../../../src/schedule/language/when.ts'

declare const someText: string

export const accepted = [
  cron('*/5 * * * *'),
  cron('  0\t3 1,15   * mon-fri '),
  cron('@daily'),
  cron(someText),
  every('1m'),
  every('1h30m'),
  every('2d12h'),
  daily('00:00'),
  daily('23:59'),
  daily(['01:00', '13:00']),
]

export const refused = [
  // @ts-expect-error four fields
  cron('* * * *'),
  // @ts-expect-error six fields, the first for seconds
  cron('0 */5 * * * *'),
  // @ts-expect-error no field at all
  cron(''),
  // @ts-expect-error a number is no cron text
  cron(5),
  // @ts-expect-error no unit
  every('5'),
  // @ts-expect-error no such unit
  every('5min'),
  // @ts-expect-error seconds are not whole minutes
  every('90s'),
  // @ts-expect-error the larger unit comes first
  every('30m1h'),
  // @ts-expect-error not a whole number
  every('1.5h'),
  // @ts-expect-error no such hour
  daily('24:10'),
  // @ts-expect-error no such minute
  daily('12:60'),
  // @ts-expect-error two digits each
  daily('2:30'),
  // @ts-expect-error one of several is wrong
  daily(['01:00', '25:00']),
  // @ts-expect-error no time at all
  daily([]),
]

export const everything = defineSchedule({
  timezone: 'Europe/Berlin',
  defaults: {
    timezone: 'UTC',
    shards: 2,
    concurrency: 4,
    batch: 10,
    timeout: '15m',
    grace: '10s',
    retry: '2m,10m',
    crash: 'hold',
    maxTime: '1h30m',
  },
  jobs: {
    mail: { when: every('1m'), queue: 'mail', shards: 4, paused: 'moving hosts' },
    'nightly-report': { when: [daily('02:30'), cron('0 12 * * sun')], queue: 'report', timezone: 'system', retry: '' },
  },
})

// @ts-expect-error the schedule has no time zone
export const noZone = defineSchedule({ jobs: {} })

// @ts-expect-error the schedule has no jobs
export const noJobs = defineSchedule({ timezone: 'UTC' })

export const misspelledKey = defineSchedule({
  timezone: 'UTC',
  jobs: {},
  // @ts-expect-error it is `defaults`
  default: { shards: 2 },
})

export const misspelledDefault = defineSchedule({
  timezone: 'UTC',
  jobs: {},
  // @ts-expect-error it is `shards`
  defaults: { shard: 2 },
})

export const misspelledOption = defineSchedule({
  timezone: 'UTC',
  jobs: {
    // @ts-expect-error it is `shards`
    mail: { when: every('1m'), queue: 'mail', shard: 4 },
  },
})

export const wrongJobs: Job[] = [
  // @ts-expect-error no queue
  { when: every('1m') },
  // @ts-expect-error no time
  { queue: 'mail' },
  // @ts-expect-error a cron text goes through cron(), which counts its fields
  { when: '* * * * *', queue: 'mail' },
  // @ts-expect-error a duration has a unit
  { when: every('1m'), queue: 'mail', timeout: '15' },
  // @ts-expect-error a duration is text
  { when: every('1m'), queue: 'mail', timeout: 900 },
  // @ts-expect-error no such unit
  { when: every('1m'), queue: 'mail', grace: '10sec' },
  // @ts-expect-error a number of shards
  { when: every('1m'), queue: 'mail', shards: '4' },
  // @ts-expect-error no such policy
  { when: every('1m'), queue: 'mail', crash: 'ignore' },
  // @ts-expect-error the reason, not a flag
  { when: every('1m'), queue: 'mail', paused: true },
]

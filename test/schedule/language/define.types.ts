/**
 * What the compiler must refuse in a schedule, and what it must not. Nothing here runs: `tsc` is the test, and an error
 * that no longer comes turns its `@ts-expect-error` into one.
 */
import { defineSchedule, type Job, type JobContext } from '../../../src/schedule/language/define.ts'
import {
  after,
  always,
  cron,
  daily,
  every,
  hourly,
  monthly,
  once,
  weekdays,
  weekly,
} from '../../../src/schedule/language/when.ts'

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
  cron('0 6 1-7 * mon', { days: 'and' }),
  every('90m', { from: '2026-01-01T00:00' }),
  every('90m', { from: '2026-01-31T23:30+01:00' }),
  hourly(0),
  hourly([5, 59]),
  weekdays('02:30'),
  weekly('mon', '07:00'),
  weekly(['mon', 'sun'], ['07:00', '19:00']),
  monthly(31, '18:00'),
  monthly([1, 'last-workday', 'first-workday', 'last', '5th fri', 'last mon'], '18:00'),
  once('2026-12-31T23:30'),
  once('2026-12-31T23:30Z'),
  once('2026-12-31T23:30-05:00'),
  once(someText),
  after('import', { within: '2h30m' }),
  always(),
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
  // @ts-expect-error days are joined by AND only when asked so
  cron('0 6 1-7 * mon', { days: 'or' }),
  // @ts-expect-error no interval at all
  every('0m'),
  // @ts-expect-error a negative interval
  every('-5m'),
  // @ts-expect-error a day is no time
  every('90m', { from: '2026-01-01' }),
  // @ts-expect-error no such month
  every('90m', { from: '2026-13-01T00:00' }),
  // @ts-expect-error no such minute of an hour
  hourly(60),
  // @ts-expect-error no minute at all
  hourly([]),
  // @ts-expect-error two digits each
  weekdays('7:00'),
  // @ts-expect-error three letters
  weekly('monday', '07:00'),
  // @ts-expect-error no such day
  weekly(['mon', 'tus'], '07:00'),
  // @ts-expect-error no time
  weekly('mon'),
  // @ts-expect-error no day 0
  monthly(0, '18:00'),
  // @ts-expect-error no day 32
  monthly(32, '18:00'),
  // @ts-expect-error no sixth week
  monthly('6th fri', '18:00'),
  // @ts-expect-error no time
  monthly('last'),
  // @ts-expect-error no time of the day
  once('2026-12-31'),
  // @ts-expect-error June has 30 days
  once('2026-06-31T10:00'),
  // @ts-expect-error no such hour
  once('2026-12-31T24:30'),
  // @ts-expect-error no such offset
  once('2026-12-31T23:30+1'),
  // @ts-expect-error a time on the clock goes without seconds
  once('2026-12-31T23:30:15'),
  // @ts-expect-error no duration
  after('import', { within: '2 hours' }),
  // @ts-expect-error always takes nothing
  always('1m'),
]

export const everything = defineSchedule({
  timezone: 'Europe/Berlin',
  defaults: {
    timezone: 'UTC',
    shards: 2,
    concurrency: 4,
    batch: 10,
    perKey: 2,
    env: { LANG: 'C.UTF-8' },
    directory: '~',
    warm: { tasks: 500, age: '30m', memory: '512M' },
    timeout: '15m',
    grace: '10s',
    retry: '2m,10m',
    crash: 'hold',
    maxTime: '1h30m',
  },
  jobs: {
    mail: { when: every('1m'), queue: 'mail', shards: 4, warm: false, paused: 'moving hosts' },
    import: {
      when: [hourly(5), weekly('sun', '12:00')],
      except: [daily('02:30')],
      exec: ['bin/import', '--all'],
      env: { ...{ PATH: '/usr/bin:/bin' } },
      directory: '/srv',
      onlyIf: async ({ local, last }) => local.startsWith('2026') || `not now: ${last?.exitCode}`,
      hosts: ['web-1', 'web-2'],
      maxLoad: 1.5,
      overlap: 'replace',
      catchUp: { policy: 'all', within: '3d', max: 3 },
      spread: '10m',
      nice: -5,
      stopAt: '06:00',
      notify: { command: ['bin/alert'], url: 'https://example.com', silence: '2h' },
    },
    rollup: { when: after('import', { within: '2h' }), queue: 'rollup', shards: ({ pending }) => pending / 500 },
    digest: { when: daily('07:00'), enqueue: ({ slot }) => [{ task: 'digest', unique: slot.toISOString() }] },
    stream: { when: always(), queue: 'stream', processes: 2 },
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
  // @ts-expect-error both at once is for commands
  { when: every('1m'), queue: 'mail', overlap: 'allow' },
  // @ts-expect-error each shard has one worker, whatever the hosts
  { when: every('1m'), queue: 'mail', hosts: 'each' },
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

export const danglingAfter = defineSchedule({
  timezone: 'UTC',
  jobs: {
    import: { when: every('1h'), exec: ['bin/import'] },
    // @ts-expect-error it is `import`
    rollup: { when: after('imports'), queue: 'rollup' },
    // @ts-expect-error one of several names no job
    report: { when: [daily('02:30'), after('rollups')], queue: 'report' },
  },
})

export const wrongWork: Job[] = [
  // @ts-expect-error a job does one thing
  { when: every('1m'), queue: 'mail', exec: ['date'] },
  // @ts-expect-error a command is a list of words
  { when: every('1m'), exec: 'date -u' },
  // @ts-expect-error the program is missing
  { when: every('1m'), exec: [] },
  // @ts-expect-error a command has no shards
  { when: every('1m'), exec: ['date'], shards: 4 },
  // @ts-expect-error variables are texts
  { when: every('1m'), exec: ['date'], env: { TZ: 1 } },
  // @ts-expect-error task programs have the worker's environment
  { when: every('1m'), queue: 'mail', env: { TZ: 'UTC' } },
  // @ts-expect-error nothing is run here
  { when: every('1m'), enqueue: () => [], directory: '~' },
  // @ts-expect-error what is added has no time limit here
  { when: every('1m'), enqueue: () => [], timeout: '5m' },
  // @ts-expect-error tasks have a program
  { when: every('1m'), enqueue: () => [{ param: 'x' }] },
  // @ts-expect-error tasks come as a list
  { when: every('1m'), enqueue: () => ({ task: 'x' }) },
  // @ts-expect-error the reason or whether, not a number
  { when: every('1m'), queue: 'mail', onlyIf: () => 1 },
  // @ts-expect-error `pending`
  { when: every('1m'), queue: 'mail', shards: ({ waiting }) => waiting },
  // @ts-expect-error no such policy
  { when: every('1m'), queue: 'mail', catchUp: { policy: 'newest' } },
  // @ts-expect-error a policy is not left out
  { when: every('1m'), queue: 'mail', catchUp: { within: '1h' } },
  // @ts-expect-error a time of the day
  { when: every('1m'), queue: 'mail', stopAt: '6' },
  // @ts-expect-error `one`, `each` or a list
  { when: every('1m'), queue: 'mail', hosts: 'all' },
  // @ts-expect-error an exception names minutes
  { when: every('1m'), queue: 'mail', except: after('import') },
]

export function told(context: JobContext): void {
  // @ts-expect-error what is told cannot be changed
  context.pending = 0
}

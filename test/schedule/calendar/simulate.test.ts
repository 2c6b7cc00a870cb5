import assert from 'node:assert/strict'
import test from 'node:test'
import { occurrences } from '../../../src/schedule/calendar/occurrences.ts'
import { type Simulation, simulate } from '../../../src/schedule/calendar/simulate.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { plannedJob } from '../planned-job.ts'
import { scheduleOfYear } from './schedule-of-year.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const FROM = Date.UTC(2026, 0, 1)
const BERLIN = 'Europe/Berlin'

test('runs are counted from the first minute on, and before the last', () => {
  const mail = job('mail', '*/10 * * * *')

  const { jobs, starts, quietMinutes } = play([mail], FROM, FROM + HOUR_MS)

  assert.deepEqual(jobs, [{ job: mail, runs: 6, first: FROM, last: FROM + 50 * MINUTE_MS }])
  assert.deepEqual([starts, quietMinutes], [6, 54])
})

test('a spread moves starts, also over the ends of the time', () => {
  const mail = { ...job('mail', '*/10 * * * *'), spreadMs: 15 * MINUTE_MS }

  const { jobs, byMinute } = play([mail], FROM, FROM + HOUR_MS, { spreadOf: ({ spreadMs }: PlannedJob) => spreadMs })

  assert.deepEqual([jobs[0]?.runs, jobs[0]?.first], [6, FROM + 5 * MINUTE_MS])
  assert.deepEqual([byMinute[5], byMinute[0]], [1, 0])
})

test('the minutes with the most jobs come first, told once for each set of jobs', () => {
  const all = [job('a', '0 * * * *', 4), job('b', '0 */2 * * *', 3), job('c', '0 2 * * *', 2), job('d', '30 * * * *')]

  const { together, shards } = play(all, FROM, FROM + 24 * HOUR_MS)

  assert.deepEqual(together, [
    { jobs: ['a', 'b', 'c'], shards: 9, minutes: 1, first: FROM + 2 * HOUR_MS },
    { jobs: ['a', 'b'], shards: 7, minutes: 11, first: FROM },
  ])
  assert.equal(shards.most, 9)
})

test('of many jobs one more or less is another set', () => {
  const hourly = Array.from({ length: 40 }, (_, i) => job(`job-${i}`, '0 * * * *'))

  const { together } = play([...hourly, job('daily', '0 0 * * *')], FROM, FROM + 24 * HOUR_MS)

  assert.deepEqual(
    together.map(({ jobs, minutes }) => [jobs.length, minutes]),
    [
      [41, 1],
      [40, 23],
    ],
  )
})

test('a histogram goes by the clock of the zone', () => {
  const { byHour, byMinute } = play([job('a', '15 3 * * *', 1, BERLIN)], FROM, FROM + 365 * 24 * HOUR_MS, {
    zone: BERLIN,
  })

  assert.deepEqual([byHour[3], byHour[2], byHour[4]], [365, 0, 0])
  assert.equal(byMinute[15], 365)
})

test('what changes of the clocks do, job by job', () => {
  const all = [
    job('fixed', '30 2 * * *', 1, BERLIN),
    job('real', '*/30 * * * *', 1, BERLIN),
    job('noon', '0 12 * * *', 1, BERLIN),
    { ...job('paused', '15 2 * * *', 1, BERLIN), paused: 'disk swap' },
  ]

  const { clocks } = play(all, FROM, FROM + 365 * 24 * HOUR_MS)

  assert.deepEqual(clocks, [
    {
      ...{ at: Date.UTC(2026, 2, 29, 1), before: HOUR_MS, after: 2 * HOUR_MS, zone: BERLIN },
      ...{ madeUp: [{ job: 'fixed', skipped: ['02:30'] }], firstOnly: [], twice: [] },
    },
    {
      ...{ at: Date.UTC(2026, 9, 25, 1), before: 2 * HOUR_MS, after: HOUR_MS, zone: BERLIN },
      ...{ madeUp: [], firstOnly: [{ job: 'fixed', times: ['02:30'] }], twice: ['real'] },
    },
  ])
})

test('a job that comes after another has its runs at most; paused and always ones start nothing', () => {
  const paused: PlannedJob = { ...job('paused', '0 * * * *'), paused: 'disk swap' }
  const always: PlannedJob = { ...job('always', '0 0 1 1 *', 3), when: [], always: true }
  const second: PlannedJob = { ...job('second', ''), when: [], after: { job: 'first', withinMs: 1 } }
  const third: PlannedJob = { ...second, id: 'third', after: { job: 'second', withinMs: 1 } }

  const { jobs, starts, shards } = play(
    [third, second, job('first', '0 * * * *'), paused, always],
    FROM,
    FROM + 3 * HOUR_MS,
  )

  assert.deepEqual(
    jobs.map(({ job: { id }, runs }) => [id, runs]),
    [
      ['third', 3],
      ['second', 3],
      ['first', 3],
      ['paused', 3],
      ['always', 0],
    ],
  )
  assert.deepEqual([starts, shards.most, shards.always], [3, 1, 3])
})

test('a year of fifty jobs is what its occurrences are, in a second or two', () => {
  const to = FROM + 365 * 24 * HOUR_MS
  const jobs = scheduleOfYear()
  const startedAt = performance.now()

  const { starts } = play(jobs, FROM, to)

  const ms = performance.now() - startedAt
  const counted = jobs.reduce((sum, one) => sum + Array.from(occurrences(one, FROM - 1, to - MINUTE_MS)).length, 0)
  assert.equal(starts, counted)
  assert.ok(ms < 10_000, `${Math.round(ms)} ms`)
})

function play(jobs: readonly PlannedJob[], from: number, to: number, given = {}): Simulation {
  return simulate(jobs, { from, to, zone: 'UTC', spreadOf: () => 0, ...given })
}

function job(id: string, text: string, shards = 1, timezone = 'UTC'): PlannedJob {
  return plannedJob({ kind: 'queue', queue: id, shards }, { id, when: [{ kind: 'cron', text }], timezone })
}

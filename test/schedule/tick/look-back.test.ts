import assert from 'node:assert/strict'
import test from 'node:test'
import { lookBack, spreadOf } from '../../../src/schedule/tick/look-back.ts'
import { type Jobs, planned } from './tick-place.ts'

const HOURLY = { when: '0 * * * *', exec: ['true'] }
const at = (time: string) => Date.parse(`${time}Z`)

function look(job: Jobs[string], minute: string, decidedUntil?: string, knownSince?: string) {
  const [one] = planned({ one: job })
  assert.ok(one)
  const { due, missed } = lookBack(one, {
    minute: at(minute),
    decidedUntil: decidedUntil === undefined ? undefined : at(decidedUntil),
    knownSince: knownSince === undefined ? undefined : at(knownSince),
    host: 'web-1',
  })
  return { due: due.map(text), missed: missed.map(text) }
}

function text({ slotAt }: { slotAt: number }): string {
  return new Date(slotAt).toISOString().slice(11, 16)
}

test('a tick that continues decides the slot of its minute', () => {
  assert.deepEqual(look(HOURLY, '2026-11-20T05:00', '2026-11-20T04:59'), { due: ['05:00'], missed: [] })
  assert.deepEqual(look(HOURLY, '2026-11-20T05:01', '2026-11-20T05:00'), { due: [], missed: [] })
})

test('the first tick there ever was makes up for nothing', () => {
  assert.deepEqual(look(HOURLY, '2026-11-20T05:30'), { due: [], missed: [] })
})

test('after an outage the latest slot runs, the others are missed', () => {
  const found = look(HOURLY, '2026-11-20T05:30', '2026-11-20T01:30')

  assert.deepEqual(found, { due: ['05:00'], missed: ['02:00', '03:00', '04:00'] })
})

test('a slot that is too late is missed', () => {
  const found = look(
    { ...HOURLY, catchUp: { policy: 'latest', within: '20m' } },
    '2026-11-20T05:30',
    '2026-11-20T04:30',
  )

  assert.deepEqual(found, { due: [], missed: ['05:00'] })
})

test('with all, missed slots run in their order, the newest so many', () => {
  const job = { ...HOURLY, catchUp: { policy: 'all', within: '1d', max: 3 } }

  const found = look(job, '2026-11-20T05:00', '2026-11-20T00:30')

  assert.deepEqual(found, { due: ['03:00', '04:00', '05:00'], missed: ['01:00', '02:00'] })
})

test('a queue is worked once, however many slots were missed', () => {
  const job = { when: '0 * * * *', queue: 'mail', catchUp: { policy: 'all', within: '1d' } }

  const found = look(job, '2026-11-20T05:00', '2026-11-20T02:30')

  assert.deepEqual(found, { due: ['05:00'], missed: ['03:00', '04:00'] })
})

test('with none, only the slot of the minute runs', () => {
  const job = { ...HOURLY, catchUp: { policy: 'none' } }

  assert.deepEqual(look(job, '2026-11-20T05:01', '2026-11-20T04:58'), { due: [], missed: ['05:00'] })
  assert.deepEqual(look(job, '2026-11-20T05:00', '2026-11-20T03:58'), { due: ['05:00'], missed: ['04:00'] })
})

test('nothing from before a job was known, or was due otherwise, is made up for', () => {
  const found = look(HOURLY, '2026-11-20T05:30', '2026-11-20T01:30', '2026-11-20T04:30')

  assert.deepEqual(found, { due: ['05:00'], missed: [] })
})

test('a clock that was set back looks at its own minute only', () => {
  assert.deepEqual(look(HOURLY, '2026-11-20T05:00', '2026-11-20T07:00'), { due: ['05:00'], missed: [] })
  assert.deepEqual(look(HOURLY, '2026-11-20T05:10', '2026-11-20T07:00'), { due: [], missed: [] })
})

test('of a long outage of a busy job a hundred slots are noted, and it costs a moment', () => {
  const found = look({ when: '* * * * *', queue: 'mail' }, '2026-11-20T05:00', '2026-10-25T05:00')

  assert.equal(found.missed.length, 100)
  assert.deepEqual(found.due, ['05:00'])
})

test('a spread starts a job so much later, always the same, and its slot stays what it was', () => {
  const job = { ...HOURLY, spread: '40m' }
  const [one] = planned({ one: job })
  assert.ok(one)
  const minutes = spreadOf(one, 'web-1') / 60_000
  const at = (later: number) => new Date(Date.UTC(2026, 10, 20, 5, later)).toISOString().slice(0, 16)

  assert.ok(minutes > 0 && minutes <= 40, `${minutes}`)
  assert.equal(spreadOf(one, 'web-2'), minutes * 60_000)
  assert.deepEqual(look(job, at(minutes), at(minutes - 1)).due, ['05:00'])
  assert.deepEqual(look(job, at(minutes + 1), at(minutes)).due, [])
  assert.deepEqual(look(job, at(minutes + 3), at(minutes - 1)).due, ['05:00'])
})

test('of a job that each host runs, every host has a share of its own', () => {
  const [one] = planned({ one: { ...HOURLY, hosts: 'each', spread: '23h' } })
  assert.ok(one)
  const shares = new Set(['web-1', 'web-2', 'web-3', 'web-4', 'web-5'].map((host) => spreadOf(one, host)))

  assert.ok(shares.size > 2, [...shares].join())
})

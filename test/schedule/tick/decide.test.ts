import assert from 'node:assert/strict'
import test from 'node:test'
import { EVERY } from '../../../src/queue/store/stop.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { every } from '../../../src/schedule/language/when.ts'
import { decide } from '../../../src/schedule/tick/decide.ts'

const MAIL: PlannedJob = { id: 'mail', when: [every('1m')], timezone: 'Europe/Berlin', queue: 'mail', shards: 2 }
const WORK = { readyBuckets: new Set([0, 1]), held: [] }
const SINCE = { by: 'ana@web-1', since: Date.UTC(2026, 10, 20, 17, 4, 59) }

const REASONS = [
  { stop: { job: EVERY, host: 'web-1' }, command: 'cron-mission resume' },
  { stop: { job: 'mail', host: 'web-1' }, command: 'cron-mission resume mail' },
  { stop: { job: EVERY, host: EVERY }, command: 'cron-mission resume --all-hosts' },
  { stop: { job: 'mail', host: EVERY }, command: 'cron-mission resume mail --all-hosts' },
]

for (const { stop, command } of REASONS) {
  test(`a job under a stop of ${stop.job}@${stop.host} is not started; "${command}" lifts that`, () => {
    const decision = decide(MAIL, { ...WORK, stop: { ...stop, ...SINCE } })

    const reason = `stopped since 2026-11-20 18:04 by ana@web-1: ${command} starts it again`
    assert.deepEqual(decision, { verdict: 'stopped', reason, shards: [] })
  })
}

test('a job that its schedule pauses stays paused whether or not there is a stop', () => {
  const stop = { job: EVERY, host: EVERY, ...SINCE }

  const decision = decide({ ...MAIL, paused: 'disk swap' }, { ...WORK, stop })

  assert.deepEqual(decision, { verdict: 'paused', reason: 'disk swap', shards: [] })
})

test('a job without a stop is started where there is work', () => {
  assert.deepEqual(decide(MAIL, WORK), { verdict: 'started', reason: '2 shards', shards: [0, 1] })
})

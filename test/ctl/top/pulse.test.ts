/** The last hour, remembered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pulse } from '../../../src/ctl/top/pulse.ts'
import type { MinuteRow } from '../../../src/queue/store/tally-minutes.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 20, 18, 4)

test('the first look reads an hour, the next ones only what can have changed', () => {
  const pulse = new Pulse()

  assert.equal(pulse.since(START + 5_000), START - 59 * MINUTE)
  pulse.add([], START + 5_000)
  assert.equal(pulse.since(START + 6_000), START - 2 * MINUTE)
  assert.equal(pulse.since(START + 200 * MINUTE), START + 141 * MINUTE)
})

test('what is read again takes the place of what was known', () => {
  const pulse = new Pulse()
  pulse.add([row(-10, 7), row(0, 1)], START)

  pulse.add([row(0, 3)], START + 1_000)

  const { ended, donePerMinute } = pulse.pace('mail', START + 1_000)
  assert.equal(donePerMinute, 3)
  assert.deepEqual([ended.at(-1), ended.at(-11)], [3, 7])
})

test('the rate is that of the last 60 seconds, also when a minute has just begun', () => {
  const pulse = new Pulse()
  pulse.add([row(-1, 60), row(0, 10), row(-1, 6, 'retried'), row(0, 4, 'cancelled')], START + 15_000)

  const { donePerMinute, failuresPerMinute } = pulse.pace('mail', START + 15_000)

  assert.equal(donePerMinute, 55)
  assert.equal(failuresPerMinute, 5)
})

test('an hour later nothing is left of it', () => {
  const pulse = new Pulse()
  pulse.add([row(0, 7)], START)

  pulse.add([], START + 60 * MINUTE)

  assert.deepEqual(pulse.queues(), [])
})

test('each task program has its own', () => {
  const pulse = new Pulse()
  pulse.add([row(0, 7), { ...row(0, 2), task: 'other' }, { ...row(0, 9), queue: 'orders' }], START)

  const paces = [...pulse.paceOfTasks('mail', START)].map(([task, { donePerMinute }]) => [task, donePerMinute])

  assert.deepEqual(paces, [
    ['send-msg', 7],
    ['other', 2],
  ])
})

function row(minute: number, attempts: number, ending: MinuteRow['ending'] = 'done'): MinuteRow {
  return { at: START + minute * MINUTE, queue: 'mail', task: 'send-msg', ending, attempts }
}

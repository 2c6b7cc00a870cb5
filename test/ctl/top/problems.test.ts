/** What the board counts as a problem, and in which words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BoardFacts } from '../../../src/ctl/top/facts.ts'
import { problemsOf } from '../../../src/ctl/top/problems.ts'
import { boardFacts, exact, NOW, queueFacts, workerFacts } from './facts.ts'

const WAITS = queueFacts('mail', { ready: exact(3), oldestReadyMs: 180_000 })
const PAUSE = { queue: 'mail', task: undefined, by: 'anna@web-1', since: NOW - 60_000 }

test('tasks that wait, and no worker', () => {
  assert.deepEqual(textsOf({ queues: [WAITS] }), ['No worker for queue mail: 3 tasks wait, the oldest for 3m.'])
})

test('no problem: a worker is there, or its tick is only due, or it is paused on purpose', () => {
  assert.deepEqual(textsOf({ queues: [WAITS], workers: [workerFacts('mail')] }), [])
  assert.deepEqual(textsOf({ queues: [{ ...WAITS, oldestReadyMs: 119_000 }] }), [])
  assert.equal(textsOf({ queues: [WAITS], pauses: [PAUSE] }).length, 1)
  assert.equal(textsOf({ queues: [WAITS], pauses: [{ ...PAUSE, queue: undefined }] }).length, 1)
})

test('a dead worker is none that works, and says what it left', () => {
  const workers = [workerFacts('mail', { leaseOver: true, leaseLeftMs: -125_000, running: 2 })]

  assert.deepEqual(textsOf({ queues: [WAITS], workers }), [
    'No worker for queue mail: 3 tasks wait, the oldest for 3m.',
    'Worker web-1:1234 of queue mail is dead: its lease ended 2m5s ago. It had 2 tasks, which the next tick or worker sees to.',
  ])
})

test('a worker of this host whose process has ended is dead before its lease is over', () => {
  const workers = [workerFacts('mail', { isGone: true })]

  assert.deepEqual(textsOf({ workers }), ['Worker web-1:1234 of queue mail is dead: its process has ended.'])
})

test('a queue of which most attempts fail', () => {
  const pace = (donePerMinute: number, failuresPerMinute: number) => ({
    queues: [queueFacts('mail', { pace: { donePerMinute, failuresPerMinute, ended: [], failed: [] } })],
  })

  assert.deepEqual(textsOf(pace(0, 3_000)), ['Queue mail: of the last 3,000 attempts all failed.'])
  assert.deepEqual(textsOf(pace(12, 12)), ['Queue mail: of the last 24 attempts 12 failed.'])
  assert.deepEqual(textsOf(pace(13, 12)), [])
  assert.deepEqual(textsOf(pace(0, 9)), [])
})

test('a pause says by whom and why, and comes after what is wrong', () => {
  const troubles = [{ kind: 'incident' as const, text: 'Job backup has not gone well since 2026-11-20 18:00.' }]

  assert.deepEqual(textsOf({ pauses: [{ ...PAUSE, reason: 'disk swap\u001b[2J' }], troubles }), [
    'Job backup has not gone well since 2026-11-20 18:00.',
    'Queue mail is paused since 2026-11-20 18:03 by anna@web-1: disk swap\\u001b[2J.',
  ])
})

test('what explains the others comes before them', () => {
  const kinds = ['incident', 'stopped', 'no-tick'] as const
  const troubles = kinds.map((kind) => ({ kind, text: kind }))

  const found = problemsOf(boardFacts({ queues: [WAITS], troubles }), 'UTC').map(({ kind }) => kind)

  assert.deepEqual(found, ['no-tick', 'stopped', 'no-worker', 'incident'])
})

function textsOf(facts: Partial<BoardFacts>): string[] {
  return problemsOf(boardFacts(facts), 'UTC').map(({ text }) => text)
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NextState } from '../../src/queue/store/finish.ts'
import { crashesAfter, isQuarantined, maxAttempts, nextState, type Terms } from '../../src/worker/next-state.ts'
import type { Outcome } from '../../src/worker/outcome.ts'
import { claimed } from './claimed-task.ts'

const MINUTE = 60_000
const NONE = { retry: 'none' }
const DEFAULT: Terms = { retry: '1m,5m,30m', crash: 'retry' }

const NOT_OK: readonly Outcome[] = [
  { kind: 'exit', code: 1 },
  { kind: 'exit', code: 255 },
  { kind: 'signal', signal: 'SIGSEGV' },
  { kind: 'timeout', afterMs: 1_000 },
  { kind: 'flood', limitBytes: 1_000 },
  { kind: 'unstartable', reason: 'there is no program x', final: false },
]

test('a program that ended well is done, at any attempt', () => {
  for (const attempt of [1, 4, 9])
    assert.deepEqual(nextState({ kind: 'ok' }, claimed({ attempt }), DEFAULT), { kind: 'done' })
})

for (const outcome of NOT_OK) {
  test(`${words(outcome)}: tried again after the delays of the list, then failed`, () => {
    const states = [1, 2, 3, 4].map((attempt) => nextState(outcome, claimed({ attempt }), DEFAULT))

    assert.deepEqual(states, [again(MINUTE), again(5 * MINUTE), again(30 * MINUTE), { kind: 'failed' }])
  })
}

test('what no later attempt can mend fails at once', () => {
  const final: readonly Outcome[] = [
    { kind: 'exit', code: 65 },
    { kind: 'expired' },
    { kind: 'unstartable', reason: 'leads out of the tasks directory', final: true },
  ]

  for (const outcome of final)
    assert.deepEqual(nextState(outcome, claimed({ attempt: 1 }), DEFAULT), { kind: 'failed' })
})

test('"try later" waits as the list says and uses up no attempt, also after the last', () => {
  const later: Outcome = { kind: 'exit', code: 75 }
  const state = (attempt: number, retry: string) => nextState(later, claimed({ attempt, retry }), DEFAULT)

  assert.deepEqual(state(1, '2m,10m'), { kind: 'again', delayMs: 2 * MINUTE, counted: false })
  assert.deepEqual(state(2, '2m,10m'), { kind: 'again', delayMs: 10 * MINUTE, counted: false })
  assert.deepEqual(state(3, '2m,10m'), { kind: 'again', delayMs: 10 * MINUTE, counted: false })
  assert.deepEqual(state(1, 'none'), { kind: 'again', delayMs: MINUTE, counted: false })
})

test('a program that was stopped because the worker had to leave runs again at once and uses up no attempt', () => {
  const state = nextState({ kind: 'stopped' }, claimed({ attempt: 4 }), DEFAULT)

  assert.deepEqual(state, { kind: 'again', delayMs: 0, counted: false })
})

test("the row's own list goes before the default, and none of either means one attempt", () => {
  const state = (retry: string | null, { retry: byDefault }: Pick<Terms, 'retry'>) =>
    nextState({ kind: 'exit', code: 1 }, claimed({ attempt: 1, retry }), { ...DEFAULT, retry: byDefault })

  assert.deepEqual(state('10s', DEFAULT), again(10_000))
  assert.deepEqual(state('none', DEFAULT), { kind: 'failed' })
  assert.deepEqual(state('', DEFAULT), { kind: 'failed' })
  assert.deepEqual(state(null, NONE), { kind: 'failed' })
  assert.deepEqual(state('10s', NONE), again(10_000))
})

test("the row's max_attempts ends a list early, and repeats its last delay when there are more", () => {
  const state = (attempt: number, max: number) =>
    nextState({ kind: 'exit', code: 1 }, claimed({ attempt, maxAttempts: max, retry: '1m,5m' }), DEFAULT)

  assert.deepEqual(
    [1, 2].map((attempt) => state(attempt, 2)),
    [again(MINUTE), { kind: 'failed' }],
  )
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((attempt) => state(attempt, 5)),
    [again(MINUTE), again(5 * MINUTE), again(5 * MINUTE), again(5 * MINUTE), { kind: 'failed' }],
  )
  assert.deepEqual(state(1, 1), { kind: 'failed' })
})

test('a list that a person left unreadable in the row is replaced by the default', () => {
  const task = claimed({ attempt: 2, retry: '1m,soon' })

  assert.deepEqual(nextState({ kind: 'exit', code: 1 }, task, DEFAULT), again(5 * MINUTE))
  assert.equal(maxAttempts(task, DEFAULT.retry), 4)
})

test('a task has one attempt more than its list has delays, or as many as the row says', () => {
  assert.equal(maxAttempts(claimed({}), DEFAULT.retry), 4)
  assert.equal(maxAttempts(claimed({ retry: '2m,10m,10m,1h,2h,6h,15h' }), DEFAULT.retry), 8)
  assert.equal(maxAttempts(claimed({ retry: 'none' }), DEFAULT.retry), 1)
  assert.equal(maxAttempts(claimed({ retry: '1m', maxAttempts: 7 }), DEFAULT.retry), 7)
})

test('an attempt of which nothing is known goes by the policy, and uses up no attempt', () => {
  const state = (crash: Terms['crash'], crashes: number) =>
    nextState({ kind: 'crashed' }, claimed({ attempt: 4, crashes }), { ...DEFAULT, crash })
  const uncounted = (delayMs: number) => ({ kind: 'again', delayMs, counted: false })

  assert.deepEqual(
    [0, 1, 2, 3].map((crashes) => state('retry', crashes)),
    [uncounted(0), uncounted(MINUTE), uncounted(5 * MINUTE), uncounted(30 * MINUTE)],
  )
  assert.deepEqual(state('hold', 0), { kind: 'held' })
  assert.deepEqual(state('fail', 0), { kind: 'failed' })
})

test('a program that dies five times in a row is quarantined, whatever its list allows', () => {
  const task = claimed({ attempt: 5, maxAttempts: 100, crashes: 4 })
  const segfault: Outcome = { kind: 'signal', signal: 'SIGSEGV' }

  assert.deepEqual(nextState(segfault, task, DEFAULT), { kind: 'failed' })
  assert.deepEqual(nextState({ kind: 'crashed' }, task, DEFAULT), { kind: 'failed' })
  assert.equal(isQuarantined(segfault, task), true)
  assert.equal(nextState({ kind: 'exit', code: 1 }, task, DEFAULT).kind, 'again')
  assert.equal(nextState({ kind: 'stopped' }, { ...task, crashes: 5 }, DEFAULT).kind, 'again')
})

test('crashes are counted in a row: any other end begins anew, being stopped says nothing', () => {
  const after = (outcome: Outcome) => crashesAfter(outcome, claimed({ crashes: 2 }))

  assert.equal(after({ kind: 'crashed' }), 3)
  assert.equal(after({ kind: 'signal', signal: 'SIGKILL' }), 3)
  assert.equal(after({ kind: 'stopped' }), 2)
  assert.equal(after({ kind: 'exit', code: 1 }), 0)
  assert.equal(after({ kind: 'timeout', afterMs: 5 }), 0)
})

function again(delayMs: number): NextState {
  return { kind: 'again', delayMs, counted: true }
}

function words(outcome: Outcome): string {
  return Object.values(outcome).join(' ')
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeOutcome, type Outcome, outcomeOf, type StopReason } from '../../src/worker/outcome.ts'

const TIMEOUT: StopReason = { kind: 'timeout', afterMs: 1_500 }

test('a status up to 128 is an exit code', () => {
  for (const code of [1, 2, 65, 75, 126, 127, 128]) assert.deepEqual(outcomeOf(code, undefined), { kind: 'exit', code })
})

test('a status above 128 is the signal of that number', () => {
  assert.deepEqual(outcomeOf(129, undefined), { kind: 'signal', signal: 'SIGHUP' })
  assert.deepEqual(outcomeOf(137, undefined), { kind: 'signal', signal: 'SIGKILL' })
  assert.deepEqual(outcomeOf(139, undefined), { kind: 'signal', signal: 'SIGSEGV' })
  assert.deepEqual(outcomeOf(143, undefined), { kind: 'signal', signal: 'SIGTERM' })
})

test('a status above 128 that is no signal is an exit code: PHP ends with 255 after a fatal error', () => {
  assert.deepEqual(outcomeOf(255, undefined), { kind: 'exit', code: 255 })
  assert.deepEqual(outcomeOf(200, undefined), { kind: 'exit', code: 200 })
})

test('every status is an outcome', () => {
  for (let status = 0; status < 256; status++) {
    const { kind } = outcomeOf(status, undefined)
    assert.equal(kind, status === 0 ? 'ok' : status > 128 && kind === 'signal' ? 'signal' : 'exit')
  }
})

test('why we stopped a program goes before how it then ended', () => {
  assert.equal(outcomeOf(143, TIMEOUT), TIMEOUT)
  assert.equal(outcomeOf(1, TIMEOUT), TIMEOUT)
})

test('a program that finished its work although it was asked to stop is done', () => {
  assert.deepEqual(outcomeOf(0, TIMEOUT), { kind: 'ok' })
})

const CLAUSES: readonly (readonly [Outcome, string])[] = [
  [{ kind: 'ok' }, 'done'],
  [{ kind: 'exit', code: 3 }, 'exit code 3'],
  [{ kind: 'exit', code: 65 }, 'exit code 65 (never retry)'],
  [{ kind: 'exit', code: 75 }, 'exit code 75 (try later)'],
  [{ kind: 'exit', code: 126 }, 'exit code 126 (not executable)'],
  [{ kind: 'exit', code: 127 }, 'exit code 127 (command not found)'],
  [{ kind: 'signal', signal: 'SIGSEGV' }, 'ended by SIGSEGV'],
  [TIMEOUT, 'stopped after 1.5 s, its time limit'],
  [{ kind: 'flood', limitBytes: 67_108_864 }, 'stopped after writing 67108864 bytes, its limit'],
  [{ kind: 'stopped' }, 'stopped because the worker had to leave'],
  [{ kind: 'crashed' }, 'its runner ended in the middle of it, and how far it came is not known'],
  [{ kind: 'cancelled' }, 'stopped because it was cancelled'],
  [{ kind: 'expired' }, 'expired before it could start'],
  [{ kind: 'unstartable', reason: 'x is not a file', final: true }, 'x is not a file'],
]

for (const [outcome, clause] of CLAUSES) {
  test(`an outcome in words: ${clause}`, () => {
    assert.equal(describeOutcome(outcome), clause)
  })
}

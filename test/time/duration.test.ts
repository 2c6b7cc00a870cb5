import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { formatDuration, LONGEST_DURATION_MS, parseDuration } from '../../src/time/duration.ts'

const UNDERSTOOD: readonly [string, number][] = [
  ['90', 90_000],
  ['0', 0],
  ['250ms', 250],
  ['10s', 10_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1m500ms', 60_500],
  [' 7s ', 7_000],
]
for (const [text, ms] of UNDERSTOOD) {
  test(`"${text}" is ${ms} ms`, () => {
    assert.equal(parseDuration(text), ms)
  })
}

for (const text of ['', ' ', 'm', '5x', '-5m', '1.5h', '30m1h', '5m5m', '1h 30m', '10000d', 'ms', '5M']) {
  test(`"${text}" is no duration`, () => {
    assert.equal(parseDuration(text), undefined)
  })
}

test('what is written is read as the same duration', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LONGEST_DURATION_MS }), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms)
    }),
  )
})

/** Numbers, durations and series in few columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shortCount, shortDuration, shortNumber, sparkline, wholeDuration } from '../../src/ctl/number-text.ts'

const DAY = 86_400_000

test('a number takes five columns at most, and is never more than there is', () => {
  const texts = [0, 9_999, 10_000, 14_299, 99_999, 100_999, 999_999, 1_199_999, 999_999_999, 1e9].map(shortNumber)

  assert.deepEqual(texts, ['0', '9,999', '10k', '14.2k', '99.9k', '100k', '999k', '1.1M', '999M', '1G'])
})

test('a count says whether it is one', () => {
  assert.equal(shortCount({ count: 20_000, isExact: true, isLeast: false }), '20k')
  assert.equal(shortCount({ count: 20_000, isExact: false, isLeast: true }), '20k+')
  assert.equal(shortCount({ count: 20_000, isExact: false, isLeast: false }), '~20k')
})

test('a duration takes six columns at most', () => {
  const texts = [-5, 450, 59_999, 245_000, 11_159_000, 99 * DAY + 23 * 3_600_000, 400 * DAY].map(shortDuration)

  assert.deepEqual(texts, ['0ms', '450ms', '59s', '4m5s', '3h5m', '99d23h', '400d'])
  assert.equal(wholeDuration(450), '0s')
})

test('a bar stands for some minutes, the highest is full, and nothing is a dot', () => {
  assert.equal(sparkline([0, 1, 4, 8], 4), '·▁▄█')
  assert.equal(sparkline([0, 0, 0, 8, 4, 4], 3), '·██')
  assert.equal(sparkline([8, 0, 1], 2), '█▁')
  assert.equal(sparkline([0, 1_000_000, 1], 3), '·█▁')
  assert.equal(sparkline([1], 0), '')
  assert.equal(sparkline(new Array(60).fill(3), 11).length, 10)
})

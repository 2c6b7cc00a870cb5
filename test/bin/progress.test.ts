import assert from 'node:assert/strict'
import test from 'node:test'
import { progressLine } from '../../src/bin/progress.ts'

test('a progress line has the rate and the time that is left', () => {
  assert.equal(
    progressLine('sending', 1_200, 2_400, 4),
    'sending  [████████████░░░░░░░░░░░░] 1,200 of 2,400   50 %   300/s   4 s left',
  )
  assert.equal(progressLine('sending', 2_400, 2_400, 4).slice(-9), '%   600/s')
  assert.equal(progressLine('counting', 12_250, undefined, 2), 'counting  12,250   6,125/s')
})

test('a long wait is told in minutes and hours', () => {
  assert.match(progressLine('moving', 1_000, 76_000, 10), / {3}100\/s {3}12m30s left$/)
  assert.match(progressLine('moving', 1_000, 1_235_000, 10), / {3}100\/s {3}3h26m left$/)
})

test('where the line has no room the bar gives way, and no number is cut off', () => {
  const line = progressLine('cancelling', 1_250_000, 2_500_000, 400, 79)

  assert.equal(line.length, 79)
  assert.match(line, /^cancelling {2}\[█+░+\] 1,250,000 of 2,500,000 {3}50 % {3}3,125\/s {3}6m40s left$/)
})

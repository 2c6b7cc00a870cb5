import assert from 'node:assert/strict'
import test from 'node:test'
import { BackOff } from '../../../src/schedule/daemon/back-off.ts'

test('a job whose workers do not stay is started at ever longer intervals, up to a minute', () => {
  const backOff = new BackOff()
  const waits: number[] = []
  for (let at = 0, i = 0; i < 9; i++) {
    backOff.started('mail', at)
    waits.push(backOff.mayStartAt('mail') - at)
    at = backOff.mayStartAt('mail')
  }

  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('the first death is not waited for, and neither is one after a steady time', () => {
  const backOff = new BackOff()

  assert.equal(backOff.mayStartAt('mail'), Number.NEGATIVE_INFINITY)
  assert.deepEqual(
    [0, 1_000, 3_000, 200_000].map((at) => backOff.started('mail', at)),
    [1, 2, 3, 1],
  )
  assert.equal(backOff.mayStartAt('other'), Number.NEGATIVE_INFINITY)
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { startTimer } from '../../src/time/timer.ts'

const FORTY_DAYS_MS = 40 * 86_400_000

test('a timer fires once, after its time', async () => {
  const startedAt = performance.now()

  await new Promise<void>((resolve) => startTimer(30, resolve))

  assert.ok(performance.now() - startedAt >= 20)
})

test('a timer of weeks does not fire at once, and can be cancelled', async () => {
  let fired = false
  const timer = startTimer(FORTY_DAYS_MS, () => {
    fired = true
  })

  await new Promise<void>((resolve) => startTimer(30, resolve))
  timer.cancel()

  assert.equal(fired, false)
})

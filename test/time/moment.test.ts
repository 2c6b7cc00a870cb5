import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ageOf, moment } from '../../src/time/moment.ts'

test('a moment is as old as the time that has passed since', async () => {
  const then = moment()

  await sleep(60)

  const age = ageOf(then)
  assert.ok(age >= 59 && age < 1_000, `${age} ms`)
})

test('the time that a machine slept counts, whichever clock stood still', () => {
  const now = moment()

  for (const then of [
    { ...now, booted: now.booted - 90_000 },
    { ...now, running: now.running - 90_000 },
  ]) {
    assert.ok(Math.abs(ageOf(then) - 90_000) < 1_000)
  }
})

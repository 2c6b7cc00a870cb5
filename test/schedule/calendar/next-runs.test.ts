import assert from 'node:assert/strict'
import test from 'node:test'
import { lastSlotBefore, nextRuns } from '../../../src/schedule/calendar/next-runs.ts'
import type { When } from '../../../src/schedule/language/when.ts'

const MINUTE_MS = 60_000
const NOON = Date.UTC(2026, 10, 21, 12)

test('the start is later than the slot by the spread, and later than now', () => {
  const job = calendar({ kind: 'every', interval: '10m' })

  assert.deepEqual(nextRuns(job, NOON, 2, 0), [
    { slotAt: NOON + 10 * MINUTE_MS, startAt: NOON + 10 * MINUTE_MS },
    { slotAt: NOON + 20 * MINUTE_MS, startAt: NOON + 20 * MINUTE_MS },
  ])
  // Due at noon, and started seven minutes past: that is still to come.
  assert.deepEqual(nextRuns(job, NOON, 1, 7 * MINUTE_MS), [{ slotAt: NOON, startAt: NOON + 7 * MINUTE_MS }])
  assert.deepEqual(nextRuns(job, NOON + 7 * MINUTE_MS, 1, 7 * MINUTE_MS)[0]?.slotAt, NOON + 10 * MINUTE_MS)
})

test('what does not come again has fewer runs', () => {
  assert.deepEqual(nextRuns(calendar({ kind: 'once', time: '2026-11-21T13:00' }), NOON, 5, 0).length, 1)
  assert.deepEqual(nextRuns(calendar({ kind: 'once', time: '2026-11-21T11:00' }), NOON, 5, 0), [])
})

test('the last slot is found minutes and years ago, and except is left out', () => {
  assert.equal(lastSlotBefore(calendar({ kind: 'every', interval: '1m' }), NOON), NOON)
  assert.equal(lastSlotBefore(calendar({ kind: 'cron', text: '0 0 29 2 *' }), NOON), Date.UTC(2024, 1, 29))
  assert.equal(lastSlotBefore(calendar({ kind: 'once', time: '2030-01-01T00:00' }), NOON), undefined)
  const job = {
    ...calendar({ kind: 'daily', times: ['12:00'] }),
    except: [{ kind: 'cron', text: '* * 21 * *' }],
  } as const
  assert.equal(lastSlotBefore(job, NOON), NOON - 24 * 60 * MINUTE_MS)
})

function calendar(word: When) {
  return { when: [word], except: [], timezone: 'UTC' }
}

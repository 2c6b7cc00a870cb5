import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVERY, type Stop } from '../../../src/queue/store/stop.ts'
import { stopReason } from '../../../src/schedule/stop/stop-words.ts'

const SINCE = Date.UTC(2026, 10, 20, 17, 4)
const PAUSE: Stop = { kind: 'pause', job: 'mail', host: EVERY, by: 'ana@web-1', since: SINCE }

const REASONS: readonly (readonly [stop: Stop, reason: string])[] = [
  [PAUSE, 'paused since 2026-11-20 18:04 by ana@web-1: cron-mission resume mail starts it again'],
  [
    { ...PAUSE, reason: 'disk swap', until: SINCE + 56 * 60_000 },
    'paused since 2026-11-20 18:04 by ana@web-1 until 19:00: disk swap; cron-mission resume mail starts it again',
  ],
  [
    { ...PAUSE, job: EVERY, until: SINCE + 6 * 3_600_000 },
    'paused since 2026-11-20 18:04 by ana@web-1 until 2026-11-21 00:04: cron-mission resume starts it again',
  ],
  [
    { ...PAUSE, kind: 'stop' },
    'stopped since 2026-11-20 18:04 by ana@web-1: cron-mission resume mail --all-hosts starts it again',
  ],
  [
    { ...PAUSE, kind: 'stop', job: EVERY, host: 'web-1' },
    'stopped since 2026-11-20 18:04 by ana@web-1: cron-mission resume starts it again',
  ],
]

for (const [stop, reason] of REASONS) {
  test(`a ${stop.kind} is told as: ${reason}`, () => {
    assert.equal(stopReason(stop, 'Europe/Berlin'), reason)
  })
}

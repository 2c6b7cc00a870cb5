import assert from 'node:assert/strict'
import test from 'node:test'
import { SILENT_AFTER_MS, silenceOf, silenceSentence, silentHosts } from '../../../src/schedule/report/silence.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const MINUTE_MS = 60_000

test('a tick of any host within three minutes breaks the silence', () => {
  assert.equal(
    silenceOf({ ticks: [tick('web-1', 180 * MINUTE_MS), tick('web-2', SILENT_AFTER_MS)], now: NOW }),
    undefined,
  )
})

test('the host that ticked last is the one that is asked about', () => {
  const silence = silenceOf({ ticks: [tick('web-1', 50 * 3_600_000), tick('web-2', 185 * MINUTE_MS)], now: NOW })

  assert.equal(silence?.host, 'web-2')
  assert.equal(
    silence === undefined ? '' : silenceSentence(silence),
    'The last tick on web-2 was 3h5m ago: is the crontab line there?',
  )
})

test('each host is silent for itself', () => {
  const ticks = [tick('web-1', 50 * 3_600_000), tick('web-2', 0), tick('web-3', SILENT_AFTER_MS + 1)]

  const silent = silentHosts({ ticks, now: NOW })

  assert.deepEqual(
    silent.map(({ host, silentMs }) => [host, silentMs]),
    [
      ['web-3', SILENT_AFTER_MS + 1],
      ['web-1', 50 * 3_600_000],
    ],
  )
})

test('where no tick ever was, there is no silence to tell of', () => {
  assert.equal(silenceOf({ ticks: [], now: NOW }), undefined)
})

function tick(host: string, ageMs: number) {
  return { host, minute: NOW - ageMs, plan: 'x', at: NOW - ageMs }
}

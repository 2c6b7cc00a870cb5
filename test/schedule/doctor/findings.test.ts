import assert from 'node:assert/strict'
import test from 'node:test'
import { clockFindings } from '../../../src/doctor/clock.ts'
import { diskFindings } from '../../../src/doctor/directories.ts'
import { environmentFindings } from '../../../src/schedule/doctor/cron-environment.ts'
import { tickFindings, WRONG_MS } from '../../../src/schedule/doctor/last-ticks.ts'
import type { Probe } from '../../../src/schedule/doctor/replay.ts'
import { zoneFindings } from '../../../src/schedule/doctor/zones.ts'

const NOW = Date.UTC(2026, 10, 20, 12, 0, 30)
const MINUTE_MS = 60_000
const GIBIBYTE = 1_073_741_824

const CLOCKS: readonly (readonly [aheadMs: number, expected: string | undefined])[] = [
  [0, undefined],
  [900, undefined],
  [-900, undefined],
  [5_000, 'note 5s ahead of'],
  [-5_000, 'note 5s behind'],
  [31_000, 'problem 31s ahead of'],
  [-3_600_000, 'problem 1h behind'],
]
for (const [aheadMs, expected] of CLOCKS) {
  test(`a clock that is ${aheadMs} ms ahead of the database's`, () => {
    const [finding] = clockFindings(NOW, { before: NOW + aheadMs, after: NOW + aheadMs }, WRONG_MS)

    assert.equal(finding && `${finding.level} ${/machine is (.*) the database/.exec(finding.sentence)?.[1]}`, expected)
  })
}

test('a database that is slow to answer is no clock that is wrong', () => {
  assert.deepEqual(clockFindings(NOW, { before: NOW - 4_000, after: NOW + 4_000 }, WRONG_MS), [])
})

const tick = (host: string, agoMs: number, minute = Math.floor((NOW - agoMs) / MINUTE_MS) * MINUTE_MS, plan = 'p') => ({
  ...{ host, minute, plan, at: NOW - agoMs },
})

test('ticks that come each minute tell nothing', () => {
  assert.deepEqual(tickFindings({ ticks: [tick('web-1', 29_000), tick('web-2', 45_000)], now: NOW }, 'web-1'), [])
})

test('a host that has not ticked yet is a note, and one that was taken down is forgotten', () => {
  const findings = tickFindings({ ticks: [tick('old', 30 * 86_400_000)], now: NOW }, 'web-1')

  assert.deepEqual(
    findings.map(({ level, sentence }) => [level, sentence.split('.')[0]]),
    [['note', 'No tick has come to its end on web-1 yet']],
  )
})

test('the clock of another host is seen by its ticks', () => {
  const ahead = tick('web-2', 10_000, NOW + 90_000)
  const behind = tick('web-3', 10_000, NOW - 10_000 - 170_000)

  const findings = tickFindings({ ticks: [tick('web-1', 29_000), ahead, behind], now: NOW }, 'web-1')

  assert.deepEqual(
    findings.map(({ sentence }) => /of (\S+) is at least (\S+ \w+)/.exec(sentence)?.slice(1)),
    [
      ['web-2', '1m40s ahead'],
      ['web-3', '1m behind'],
    ],
  )
})

const DISKS = [
  { name: 'plenty', disk: {}, expected: undefined },
  { name: 'NFS', disk: { type: 0x6969 }, expected: /problem .* is on NFS/ },
  { name: 'CIFS, whose number is negative', disk: { type: 0xff534d42 | 0 }, expected: /problem .* is on CIFS/ },
  { name: 'nearly full', disk: { freeBytes: 40 * 1_048_576 }, expected: /problem .* has 40 MiB left/ },
  { name: 'getting full', disk: { freeBytes: 300 * 1_048_576 }, expected: /note .* has 300 MiB left/ },
  { name: 'no inodes', disk: { freeFiles: 12 }, expected: /problem .* room for 12 more files/ },
  { name: 'files are not counted', disk: { files: 0, freeFiles: 0 }, expected: undefined },
]
for (const { name, disk, expected } of DISKS) {
  test(`a disk: ${name}`, () => {
    const healthy = { type: 0xef53, freeBytes: 20 * GIBIBYTE, freeFiles: 1_000_000, files: 2_000_000 }

    const told = diskFindings('log directory', '/srv/shop/logs', { ...healthy, ...disk })

    if (expected === undefined) assert.deepEqual(told, [])
    else assert.match(told.map(({ level, sentence }) => `${level} ${sentence}`).join('\n'), expected)
  })
}

const HERE: Probe = {
  ...{ node: '24.0.0', script: '/srv/shop/cron-mission.js', directory: '/tmp', path: '/usr/bin', zone: 'UTC' },
  ...{ settings: { QUEUE_URL: 'mysql://shop:***@db/shop', QUEUE_GRACE: '10s' }, databaseTag: 'a', findings: [] },
}
const REPLAYS = [
  { name: 'all the same', replay: { probe: HERE }, expected: undefined },
  {
    name: 'V8 may not compile',
    replay: { code: 133, said: 'Check failed: 12 == errno' },
    expected: /MemoryDenyWriteExecute/,
  },
  {
    name: 'V8 was trapped',
    replay: { code: null, signal: 'SIGTRAP' as const },
    expected: /ended by SIGTRAP.*MemoryDenyWriteExecute/,
  },
  {
    name: 'node is too old',
    replay: { code: 78, said: 'this is Node 18.0.0' },
    expected: /exit code 78 .*"this is Node 18\.0\.0"/,
  },
  { name: 'an older cron-mission', replay: { code: 0 }, expected: /note .*older cron-mission/ },
  { name: 'another password', replay: { probe: { ...HERE, databaseTag: 'b' } }, expected: /QUEUE_URL is .*\.env/ },
  {
    name: 'another installation',
    replay: { probe: { ...HERE, script: '/opt/cron-mission.js' } },
    expected: /note .*\/opt\/cron-mission\.js/,
  },
]
for (const { name, replay, expected } of REPLAYS) {
  test(`what cron sees: ${name}`, () => {
    const whole = { probe: undefined, code: 0, signal: null, said: '', ...replay }

    const told = environmentFindings(whole, HERE, 'the crontab of shop')

    if (expected === undefined) assert.deepEqual(told, [])
    else assert.match(told.map(({ level, sentence }) => `${level} ${sentence}`).join('\n'), expected)
  })
}

const ZONES = [
  { name: 'all agree', zones: { variable: undefined, node: 'UTC', machine: 'Etc/UTC' }, expected: undefined },
  {
    name: 'TZ names another',
    zones: { variable: 'Asia/Tokyo', node: 'Asia/Tokyo', machine: 'Etc/UTC' },
    expected: undefined,
  },
  {
    name: 'TZ is not known',
    zones: { variable: 'Berlin', node: 'UTC', machine: 'Etc/UTC' },
    expected: /problem TZ is "Berlin"/,
  },
  {
    name: 'Node goes by another',
    zones: { variable: undefined, node: 'UTC', machine: 'Asia/Tokyo' },
    expected: /note .*set to Asia\/Tokyo/,
  },
]
for (const { name, zones, expected } of ZONES) {
  test(`zones: ${name}`, () => {
    const told = zoneFindings(zones, NOW)

    if (expected === undefined) assert.deepEqual(told, [])
    else assert.match(told.map(({ level, sentence }) => `${level} ${sentence}`).join('\n'), expected)
  })
}

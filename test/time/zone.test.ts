import assert from 'node:assert/strict'
import test from 'node:test'
import { isZone, localDay, localTime, parseTime, SYSTEM_ZONE, systemZone, zoneOffset } from '../../src/time/zone.ts'

const HOUR_MS = 3_600_000

test('a wall clock is told with its offset, to the half hour and across daylight saving', () => {
  const at = Date.UTC(2026, 6, 1, 12, 0)

  assert.equal(localTime('UTC', at), '2026-07-01T12:00:00.000Z')
  assert.equal(localTime('Europe/Berlin', at), '2026-07-01T14:00:00.000+02:00')
  assert.equal(localTime('Europe/Berlin', at + 180 * 24 * HOUR_MS), '2026-12-28T13:00:00.000+01:00')
  assert.equal(localTime('Asia/Kolkata', at), '2026-07-01T17:30:00.000+05:30')
  assert.equal(localTime('America/St_Johns', at), '2026-07-01T09:30:00.000-02:30')
})

test('the offset changes in the very minute in which the clocks do', () => {
  const change = Date.UTC(2026, 9, 25, 1, 0)

  assert.equal(zoneOffset('Europe/Berlin', change - 1), 2 * HOUR_MS)
  assert.equal(zoneOffset('Europe/Berlin', change), HOUR_MS)
})

test('the offset changes in the very second, also where that is no quarter of an hour', () => {
  const casey = Date.UTC(2020, 9, 3, 16, 1)
  const monrovia = Date.UTC(1972, 0, 7, 0, 44, 30)

  assert.deepEqual(
    [casey - 1, casey].map((at) => zoneOffset('Antarctica/Casey', at)),
    [8 * HOUR_MS, 11 * HOUR_MS],
  )
  assert.deepEqual(
    [monrovia - 1, monrovia].map((at) => zoneOffset('Africa/Monrovia', at)),
    [-2_670_000, 0],
  )
})

test('offsets are right in whatever order days are asked about, and however many', () => {
  const noons = [27, 28, 29, 30].map((day) => Date.UTC(2027, 2, day, 12))
  const hours = (zone: string, times: readonly number[]) => times.map((at) => zoneOffset(zone, at) / HOUR_MS)

  assert.deepEqual(hours('Europe/Paris', noons), [1, 2, 2, 2])
  assert.deepEqual(hours('Europe/Madrid', noons.toReversed()), [2, 2, 2, 1])
  for (let day = 0; day < 5_000; day++) zoneOffset('Europe/Paris', day * 24 * HOUR_MS)
  assert.deepEqual(hours('Europe/Paris', noons), [1, 2, 2, 2])
})

test('the day is that of the zone', () => {
  const at = Date.UTC(2026, 10, 20, 23, 30)

  assert.equal(localDay('UTC', at), '2026-11-20')
  assert.equal(localDay('Europe/Berlin', at), '2026-11-21')
  assert.equal(localDay('America/New_York', at), '2026-11-20')
})

test("the machine's own zone is the same with and without its name", () => {
  for (let month = 0; month < 12; month++) {
    const at = Date.UTC(2026, month, 15, 3, 0)
    assert.equal(zoneOffset(SYSTEM_ZONE, at), zoneOffset(systemZone(), at))
  }
})

test('a zone that does not exist is known as none', () => {
  assert.deepEqual(['Europe/Berlin', 'UTC', 'Mars/Olympus', ''].map(isZone), [true, true, false, false])
})

const READ: readonly [string, string | undefined][] = [
  ['2026-11-20', '2026-11-19T23:00:00.000Z'],
  ['2026-11-20 18:04', '2026-11-20T17:04:00.000Z'],
  ['2026-07-20T18:04:05', '2026-07-20T16:04:05.000Z'],
  ['2026-11-20T18:04:05.5Z', '2026-11-20T18:04:05.500Z'],
  ['2026-11-20T18:04-05:00', '2026-11-20T23:04:00.000Z'],
  ['2026-02-30', undefined],
  ['2026-13-01', undefined],
  ['2026-11-20 24:00', undefined],
  ['tomorrow', undefined],
  ['', undefined],
]
for (const [text, expected] of READ) {
  test(`"${text}" in Berlin is ${expected ?? 'no time'}`, () => {
    const at = parseTime(text, 'Europe/Berlin')

    assert.equal(at === undefined ? undefined : new Date(at).toISOString(), expected)
  })
}

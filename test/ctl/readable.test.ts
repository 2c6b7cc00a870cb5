import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readableLine, readableLines } from '../../src/ctl/readable.ts'
import { clockTime, distance } from '../../src/time/time-text.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('plain text is shown as it is, line by line', () => {
  assert.deepEqual(readableLines('Grüße 🐘\nbye', 100, 10), ['Grüße 🐘', 'bye'])
  assert.equal(readableLine('uid=4&uids[]=6', 100), 'uid=4&uids[]=6')
})

test('nothing in it reaches the terminal as a command', () => {
  assert.equal(readableLine('\u001b[2J\r\n\t\u0000\u007f\u009b', 100), '\\u001b[2J\\r\\n\\t\\u0000\\u007f\\u009b')
  assert.deepEqual(readableLines('a\u202eb\u2028c', 100, 10), ['a\\u202eb\\u2028c'])
})

test('what is too long is cut at a character, and says so', () => {
  assert.equal(readableLine('🐘🐘🐘', 2), '🐘🐘…')
  assert.equal(readableLine('🐘🐘', 2), '🐘🐘')
  assert.deepEqual(readableLines('ab\ncd\nef', 4, 10), ['ab', 'c…'])
  assert.deepEqual(readableLines('a\nb\nc', 100, 2), ['a', 'b…'])
})

test('a distance is as exact as matters', () => {
  const from = (ms: number) => distance(10 * DAY + ms, 10 * DAY)

  assert.deepEqual([0, 400, -499].map(from), ['now', 'now', 'now'])
  assert.deepEqual([MINUTE, -62_400, 59 * MINUTE + 59_400].map(from), ['in 1m', '1m2s ago', 'in 59m59s'])
  assert.deepEqual([2 * HOUR + 29_000, -(3 * HOUR + 7 * MINUTE)].map(from), ['in 2h', '3h7m ago'])
  assert.deepEqual([-(5 * DAY + 4 * HOUR + 10 * MINUTE), DAY].map(from), ['5d4h ago', 'in 1d'])
})

test('a time is that of the wall clock, without what nobody reads', () => {
  assert.equal(clockTime('Europe/Berlin', Date.UTC(2026, 10, 20, 17, 4, 5, 123)), '2026-11-20 18:04:05')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amount, bytesText, counted, grouped, ifAny, parseSize } from '../src/amount.ts'

test('numbers have their digits in groups', () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(grouped), ['0', '999', '1,000', '1,234,567'])
})

test('one is told as one, and everything else as many', () => {
  assert.deepEqual(
    [0, 1, 12_345].map((number) => amount(number, 'task')),
    ['0 tasks', '1 task', '12,345 tasks'],
  )
  assert.equal(amount(2, 'task waits', 'tasks wait'), '2 tasks wait')
})

test('in a list with others, none is left out', () => {
  assert.deepEqual([...ifAny(0, 'problem'), ...ifAny(2, 'note')], ['2 notes'])
})

test('what was not counted to its end is the least there is', () => {
  assert.equal(counted({ count: 1, isExact: true }, 'task'), '1 task')
  assert.equal(counted({ count: 50_000, isExact: false }, 'task'), 'at least 50,000 tasks')
})

test('a size is a whole number and its unit, counted by 1024', () => {
  assert.deepEqual(
    ['1K', '256M', '256 MiB', '512mb', '2G', '0M'].map(parseSize),
    [1_024, 268_435_456, 268_435_456, 536_870_912, 2_147_483_648, 0],
  )
  assert.deepEqual(['', '256', '1.5G', 'M', '-1M', '1Mi', '1 P'].map(parseSize), Array(7).fill(undefined))
})

test('bytes are told in the unit that leaves few digits', () => {
  assert.deepEqual([0, 1_023, 1_536, 104_857_600, 1_288_490_189].map(bytesText), [
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '100 MiB',
    '1.2 GiB',
  ])
})

import assert from 'node:assert/strict'
import test from 'node:test'
import { cron, daily, every } from '../../../src/schedule/language/when.ts'

test('the words of a schedule make plain data that JSON keeps', () => {
  const words = [cron('*/5 * * * *'), every('90m'), daily('02:30'), daily(['01:00', '13:00'])]

  assert.deepEqual(JSON.parse(JSON.stringify(words)), [
    { kind: 'cron', text: '*/5 * * * *' },
    { kind: 'every', interval: '90m' },
    { kind: 'daily', times: ['02:30'] },
    { kind: 'daily', times: ['01:00', '13:00'] },
  ])
})

test('what a word made cannot be changed, nor does it change with the list it was given', () => {
  const times: ['01:00', ...'13:00'[]] = ['01:00']

  const twice = daily(times)
  times.push('13:00')

  assert.deepEqual(twice.times, ['01:00'])
  assert.ok([cron('@daily'), every('1m'), twice, twice.times].every((word) => Object.isFrozen(word)))
})

import assert from 'node:assert/strict'
import test from 'node:test'
import {
  after,
  always,
  cron,
  daily,
  every,
  hourly,
  monthly,
  once,
  weekdays,
  weekly,
} from '../../../src/schedule/language/when.ts'

const WORDS = [
  [cron('*/5 * * * *'), { kind: 'cron', text: '*/5 * * * *' }],
  [cron('0 0 1-7 * mon', { days: 'and' }), { kind: 'cron', text: '0 0 1-7 * mon', days: 'and' }],
  [every('90m'), { kind: 'every', interval: '90m' }],
  [every('90m', { from: '2026-01-01T00:00' }), { kind: 'every', interval: '90m', from: '2026-01-01T00:00' }],
  [hourly(5), { kind: 'hourly', minutes: [5] }],
  [hourly([5, 35]), { kind: 'hourly', minutes: [5, 35] }],
  [daily('02:30'), { kind: 'daily', times: ['02:30'] }],
  [daily(['01:00', '13:00']), { kind: 'daily', times: ['01:00', '13:00'] }],
  [weekdays('02:30'), { kind: 'weekdays', times: ['02:30'] }],
  [weekly('mon', '07:00'), { kind: 'weekly', days: ['mon'], times: ['07:00'] }],
  [monthly(['last', 15], '18:00'), { kind: 'monthly', days: ['last', 15], times: ['18:00'] }],
  [once('2026-12-31T23:30'), { kind: 'once', time: '2026-12-31T23:30' }],
  [after('import'), { kind: 'after', job: 'import' }],
  [after('import', { within: '2h' }), { kind: 'after', job: 'import', within: '2h' }],
  [always(), { kind: 'always' }],
] as const

test('the words of a schedule make plain frozen data that JSON keeps', () => {
  for (const [word, data] of WORDS) {
    assert.deepEqual(JSON.parse(JSON.stringify(word)), data)
    assert.ok(Object.isFrozen(word) && Object.values(word).every((value) => Object.isFrozen(value)))
  }
})

test('what a word made cannot be changed, nor does it change with the list it was given', () => {
  const times: ['01:00', ...'13:00'[]] = ['01:00']

  const twice = daily(times)
  times.push('13:00')

  assert.deepEqual(twice.times, ['01:00'])
  assert.ok([cron('@daily'), every('1m'), twice, twice.times].every((word) => Object.isFrozen(word)))
})

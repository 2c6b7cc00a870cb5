import assert from 'node:assert/strict'
import test from 'node:test'
import { describeDue } from '../../../src/schedule/language/describe.ts'
import { readExcept, readWhens } from '../../../src/schedule/language/read-when.ts'
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

const SAID: [when: unknown, except: unknown, text: string][] = [
  [cron('*/5 * * * *'), [], 'cron */5 * * * *'],
  [cron('0 6 1-7 * mon', { days: 'and' }), [], 'cron 0 6 1-7 * mon (both day fields)'],
  [every('90m', { from: '2026-01-01T00:00' }), [], 'every 90m from 2026-01-01T00:00'],
  [hourly([5, 35]), [], 'hourly at minute 5, 35'],
  [weekdays(['02:30', '18:00']), [], 'weekdays 02:30, 18:00'],
  [weekly(['mon', 'fri'], '07:00'), [], 'weekly mon, fri 07:00'],
  [monthly(['last', 15], '18:00'), [], 'monthly last, 15 18:00'],
  [once('2026-12-31T23:30'), [], 'once 2026-12-31T23:30'],
  [[daily('01:00'), after('import', { within: '2h' })], [], 'daily 01:00 and after import, within 2h'],
  [every('5m'), [cron('* 0-6 * * *'), daily('12:00')], 'every 5m, except cron * 0-6 * * * and daily 12:00'],
  [always(), [], 'always'],
]

for (const [when, except, text] of SAID) {
  test(`a job is due ${text}`, () => {
    assert.equal(describeDue({ ...readWhens(when), except: readExcept(except) }), text)
  })
}

import assert from 'node:assert/strict'
import test from 'node:test'
import { whyNotDue } from '../../../src/schedule/calendar/why-not-due.ts'
import type { When } from '../../../src/schedule/language/when.ts'

const BERLIN = 'Europe/Berlin'
/** A Saturday. */
const SATURDAY = Date.UTC(2026, 10, 21)
const MINUTE_MS = 60_000

const CRON = {
  '30 2 * * *': 'minute 31 is not in "30"; hour 3 is not in "2"',
  '31 3 * 1-10 *': 'November is not in the months "1-10"',
  '31 3 * * mon-fri': 'Saturday is not in the weekdays "mon-fri"',
  '31 3 1,15 * *': 'day 21 is not in the days of the month "1,15"',
  '31 3 1,15 * mon': 'day 21 is not in the days of the month "1,15", and Saturday is not in the weekdays "mon"',
} as const

test('each field of a cron line that has another value is named', () => {
  for (const [text, reason] of Object.entries(CRON)) {
    assert.deepEqual(ask([{ kind: 'cron', text }], SATURDAY + 211 * MINUTE_MS, 'UTC'), [`cron ${text}: ${reason}`])
  }
})

test('other words name their times of that day, or have none', () => {
  const at = SATURDAY + 211 * MINUTE_MS

  assert.deepEqual(ask([{ kind: 'daily', times: ['02:30', '13:00'] }], at), [
    'daily 02:30, 13:00: on Sat 2026-11-21 its times are 02:30, 13:00',
  ])
  assert.deepEqual(ask([{ kind: 'weekdays', times: ['02:30'] }], at), [
    'weekdays 02:30: it has no time on Sat 2026-11-21',
  ])
  assert.deepEqual(ask([{ kind: 'every', interval: '2h' }], at), ['every 2h: 04:31 is between two of its times'])
})

test('each word of a list has its reason', () => {
  const words: When[] = [
    { kind: 'weekdays', times: ['02:30'] },
    { kind: 'cron', text: '0 5 * * sat' },
  ]

  assert.equal(ask(words, SATURDAY).length, 2)
})

test('the second pass of a time that comes twice', () => {
  const second = Date.UTC(2026, 9, 25, 1, 30)

  assert.deepEqual(ask([{ kind: 'daily', times: ['02:30'] }], second), [
    'daily 02:30: 02:30 came twice on that day, and this was the second time',
  ])
})

test('what except takes away is told, with the exception that does', () => {
  const job = {
    when: [{ kind: 'daily', times: ['13:00'] }],
    except: [
      { kind: 'cron', text: '0 13 1 1 *' },
      { kind: 'cron', text: '0 13 * * sat' },
    ],
    timezone: 'UTC',
  } as const

  assert.deepEqual(whyNotDue(job, SATURDAY + 13 * 60 * MINUTE_MS), [
    'daily 13:00 names it, and except takes it away: cron 0 13 * * sat',
  ])
})

function ask(when: readonly When[], minute: number, timezone = BERLIN): string[] {
  return whyNotDue({ when, except: [], timezone }, minute)
}

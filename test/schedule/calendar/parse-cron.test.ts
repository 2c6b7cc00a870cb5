import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, parseCron } from '../../../src/index.ts'

const BERLIN = 'Europe/Berlin'

test('the next times are strictly later than where the look begins', () => {
  const noon = parseCron('0 12 * * *')
  const from = new Date('2026-11-20T11:00Z')

  assert.deepEqual(noon.next({ from, timezone: BERLIN, count: 2 }), [
    new Date('2026-11-21T11:00Z'),
    new Date('2026-11-22T11:00Z'),
  ])
  assert.deepEqual(noon.next({ from: new Date(from.getTime() - 1), timezone: BERLIN }), [from])
})

test('clocks that change are as in the ticks: made up for in spring, once in autumn', () => {
  const night = parseCron('30 2 * * *')

  assert.deepEqual(night.next({ from: new Date('2027-03-27T12:00Z'), timezone: BERLIN }), [
    new Date('2027-03-28T01:00Z'),
  ])
  assert.equal(night.isDue({ at: new Date('2026-10-25T00:30Z'), timezone: BERLIN }), true)
  assert.equal(night.isDue({ at: new Date('2026-10-25T01:30Z'), timezone: BERLIN }), false)
})

test('it is due in the whole of its minute, and in no other', () => {
  const noon = parseCron('0 12 * * *')
  const isDue = (at: string) => noon.isDue({ at: new Date(at), timezone: 'UTC' })

  assert.deepEqual(
    ['2026-11-20T11:59:59.999Z', '2026-11-20T12:00:00Z', '2026-11-20T12:00:59.999Z', '2026-11-20T12:01:00Z'].map(isDue),
    [false, true, true, false],
  )
})

test('the text is the five fields, and both day fields mean the days of either', () => {
  assert.equal(parseCron(' @daily ').text, '0 0 * * *')
  assert.equal(parseCron('0\t0  1,15 * 1').text, '0 0 1,15 * 1')
  const from = new Date('2026-01-01T00:00Z')
  const times = parseCron('0 0 1,15 * 1').next({ from, timezone: 'UTC', count: 300 })
  assert.equal(times.filter((time) => time < new Date('2029-01-01T00:00Z')).length, 217)
})

test('times that are decades apart are found', () => {
  const times = parseCron('0 0 29 2 */7').next({ from: new Date('2033-01-01T00:00Z'), timezone: 'UTC', count: 2 })

  assert.deepEqual(times, [new Date('2060-02-29T00:00Z'), new Date('2088-02-29T00:00Z')])
})

const AT = new Date('2026-11-20T12:00Z')
const REFUSED: [what: string, call: () => unknown, sentence: RegExp][] = [
  ['four fields', () => parseCron('* * * *'), /has 4 fields\. Write five: minute hour day month weekday\.$/],
  ['a minute', () => parseCron('61 * * * *'), /has the minute field "61"\. It allows 0 to 59/],
  ['an hour', () => parseCron('0 24 * * *'), /has the hour field "24"\. It allows 0 to 23/],
  ['a day', () => parseCron('0 0 32 * *'), /has the day-of-month field "32"\. It allows 1 to 31/],
  ['a month', () => parseCron('0 0 1 13 *'), /has the month field "13"\. It allows 1 to 12/],
  ['a weekday', () => parseCron('0 0 * * 8'), /has the day-of-week field "8"\. It allows 0 to 7/],
  ['a day that never comes', () => parseCron('0 0 31 2 *'), /never comes/],
  ['no text', () => parseCron(5 as never), /^The cron expression is 5\. Give it as text\.$/],
  ['a zone', () => parseCron('@daily').next({ from: AT, timezone: 'Europe/Berln' }), /Did you mean Europe\/Berlin\?$/],
  ['no zone', () => parseCron('@daily').isDue({ at: AT } as never), /^timezone is undefined, which is no time zone/],
  [
    'no date',
    () => parseCron('@daily').next({ from: '2026-11-20', timezone: 'UTC' } as never),
    /^from is "2026-11-20"\. /,
  ],
  [
    'an invalid date',
    () => parseCron('@daily').isDue({ at: new Date('x'), timezone: 'UTC' }),
    /^at is an invalid date/,
  ],
  ['a count', () => parseCron('@daily').next({ from: AT, timezone: 'UTC', count: 0 }), /^count is 0\. /],
]

for (const [what, call, sentence] of REFUSED) {
  test(`${what} that is wrong is one sentence`, () => {
    assert.throws(call, (error) => error instanceof Complaint && sentence.test(error.message))
  })
}

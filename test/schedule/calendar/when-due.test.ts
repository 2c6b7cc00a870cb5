import assert from 'node:assert/strict'
import test from 'node:test'
import { occurrences } from '../../../src/schedule/calendar/occurrences.ts'
import { nextWhen, whenDue } from '../../../src/schedule/calendar/when-due.ts'
import {
  cron,
  daily,
  every,
  hourly,
  monthly,
  once,
  type When,
  weekdays,
  weekly,
} from '../../../src/schedule/language/when.ts'
import { localTime } from '../../../src/time/zone.ts'

const MINUTE_MS = 60_000
const BERLIN = 'Europe/Berlin'

interface Case {
  readonly when: When | readonly When[]
  readonly except?: readonly When[]
  readonly zone: string
  readonly from: string
  readonly next: readonly string[]
}

const NEXT: Record<string, Case> = {
  'a cron text is due as its fields say': {
    when: cron('30 8 * * mon'),
    zone: BERLIN,
    from: '2026-11-20T12:00Z',
    next: ['2026-11-23T08:30+01:00', '2026-11-30T08:30+01:00'],
  },
  'several times a day are due one after the other': {
    when: daily(['13:15', '01:00']),
    zone: BERLIN,
    from: '2026-11-20T06:00Z',
    next: ['2026-11-20T13:15+01:00', '2026-11-21T01:00+01:00', '2026-11-21T13:15+01:00'],
  },
  'a daily time in a spring gap is due at its end': {
    when: daily(['02:15', '02:45']),
    zone: BERLIN,
    from: '2027-03-27T12:00Z',
    next: ['2027-03-28T03:00+02:00', '2027-03-29T02:15+02:00'],
  },
  'an interval that divides the day counts from midnight of the zone': {
    when: every('90m'),
    zone: 'Asia/Kolkata',
    from: '2026-11-20T16:00Z',
    next: ['2026-11-20T22:30+05:30', '2026-11-21T00:00+05:30', '2026-11-21T01:30+05:30'],
  },
  'an interval in a spring gap goes on by the clock': {
    when: every('30m'),
    zone: BERLIN,
    from: '2027-03-28T00:10Z',
    next: ['2027-03-28T01:30+01:00', '2027-03-28T03:00+02:00', '2027-03-28T03:30+02:00'],
  },
  'an interval is due in both passes of an autumn fold': {
    when: every('30m'),
    zone: BERLIN,
    from: '2026-10-25T00:10Z',
    next: ['2026-10-25T02:30+02:00', '2026-10-25T02:00+01:00', '2026-10-25T02:30+01:00', '2026-10-25T03:00+01:00'],
  },
  'an interval of hours is found beyond a change of clocks': {
    when: every('6h'),
    zone: BERLIN,
    from: '2026-10-24T22:00Z',
    next: ['2026-10-25T06:00+01:00', '2026-10-25T12:00+01:00'],
  },
  'a day as interval is a time of the day, so a midnight that does not exist is made up': {
    when: every('1d'),
    zone: 'America/Havana',
    from: '2026-03-07T12:00Z',
    next: ['2026-03-08T01:00-04:00', '2026-03-09T00:00-04:00'],
  },
  'an interval that does not divide the day counts from 1970 and never bends': {
    when: every('7h'),
    zone: BERLIN,
    from: '2026-10-24T16:00Z',
    next: ['2026-10-25T00:00+02:00', '2026-10-25T06:00+01:00', '2026-10-25T13:00+01:00'],
  },
  'an interval longer than a day counts from 1970 as well': {
    when: every('2d'),
    zone: 'UTC',
    from: '1970-01-01T00:00Z',
    next: ['1970-01-03T00:00Z', '1970-01-05T00:00Z'],
  },
  'an interval with a beginning counts from there, and is not due before': {
    when: every('90m', { from: '2026-10-24T22:00' }),
    zone: BERLIN,
    from: '2026-10-24T12:00Z',
    next: [
      '2026-10-24T22:00+02:00',
      '2026-10-24T23:30+02:00',
      '2026-10-25T01:00+02:00',
      '2026-10-25T02:30+02:00',
      '2026-10-25T03:00+01:00',
    ],
  },
  'a beginning may name its offset': {
    when: every('1d', { from: '2026-10-24T06:00Z' }),
    zone: BERLIN,
    from: '2026-10-24T00:00Z',
    next: ['2026-10-24T08:00+02:00', '2026-10-25T07:00+01:00'],
  },
  'minutes of every hour follow real time in an autumn fold': {
    when: hourly([5, 35]),
    zone: BERLIN,
    from: '2026-10-25T00:10Z',
    next: ['2026-10-25T02:35+02:00', '2026-10-25T02:05+01:00', '2026-10-25T02:35+01:00', '2026-10-25T03:05+01:00'],
  },
  'an hourly minute in a spring gap just goes on': {
    when: hourly(30),
    zone: BERLIN,
    from: '2027-03-28T00:10Z',
    next: ['2027-03-28T01:30+01:00', '2027-03-28T03:30+02:00'],
  },
  'workdays leave out the weekend': {
    when: weekdays(['02:30', '18:00']),
    zone: BERLIN,
    from: '2026-11-20T06:00Z',
    next: ['2026-11-20T18:00+01:00', '2026-11-23T02:30+01:00', '2026-11-23T18:00+01:00'],
  },
  'several days of the week at several times': {
    when: weekly(['sun', 'tue'], ['07:00', '19:30']),
    zone: 'UTC',
    from: '2026-11-20T06:00Z',
    next: ['2026-11-22T07:00Z', '2026-11-22T19:30Z', '2026-11-24T07:00Z', '2026-11-24T19:30Z', '2026-11-29T07:00Z'],
  },
  'a weekly time in a spring gap is made up for, in a fold it comes once': {
    when: weekly('sun', '02:30'),
    zone: BERLIN,
    from: '2026-10-20T00:00Z',
    next: ['2026-10-25T02:30+02:00', '2026-11-01T02:30+01:00'],
  },
  'a day of the month is left out where a month has none': {
    when: monthly(31, '04:00'),
    zone: 'UTC',
    from: '2027-01-01T00:00Z',
    next: ['2027-01-31T04:00Z', '2027-03-31T04:00Z', '2027-05-31T04:00Z', '2027-07-31T04:00Z'],
  },
  'the last day of the month': {
    when: monthly('last', '23:59'),
    zone: 'UTC',
    from: '2028-01-31T23:59Z',
    next: ['2028-02-29T23:59Z', '2028-03-31T23:59Z', '2028-04-30T23:59Z'],
  },
  'the first and the last workday': {
    when: monthly(['first-workday', 'last-workday'], '18:00'),
    zone: 'UTC',
    from: '2027-01-01T18:00Z',
    next: [
      '2027-01-29T18:00Z',
      '2027-02-01T18:00Z',
      '2027-02-26T18:00Z',
      '2027-03-01T18:00Z',
      '2027-03-31T18:00Z',
      '2027-04-01T18:00Z',
      '2027-04-30T18:00Z',
      '2027-05-03T18:00Z',
    ],
  },
  'a weekday by its place in the month': {
    when: monthly(['1st sun', '5th fri', 'last mon'], '05:00'),
    zone: 'UTC',
    from: '2027-01-01T00:00Z',
    next: [
      '2027-01-03T05:00Z',
      '2027-01-25T05:00Z',
      '2027-01-29T05:00Z',
      '2027-02-07T05:00Z',
      '2027-02-22T05:00Z',
      '2027-03-07T05:00Z',
    ],
  },
  'a single time on the clock of the zone, and others': {
    when: [once('2026-12-31T23:30'), once('2027-01-01T00:00Z'), once('2027-01-01T12:00+05:30')],
    zone: BERLIN,
    from: '2026-11-20T00:00Z',
    next: ['2026-12-31T23:30+01:00', '2027-01-01T01:00+01:00', '2027-01-01T07:30+01:00'],
  },
  'a single time in a spring gap is made up for at its end': {
    when: once('2027-03-28T02:30'),
    zone: BERLIN,
    from: '2027-03-01T00:00Z',
    next: ['2027-03-28T03:00+02:00'],
  },
  'a single time in an autumn fold comes in the first pass': {
    when: once('2026-10-25T02:30'),
    zone: BERLIN,
    from: '2026-10-01T00:00Z',
    next: ['2026-10-25T02:30+02:00'],
  },
  'both day fields may be joined by AND': {
    when: cron('0 6 1-7 * mon', { days: 'and' }),
    zone: 'UTC',
    from: '2026-11-20T00:00Z',
    next: ['2026-12-07T06:00Z', '2027-01-04T06:00Z'],
  },
  'an exception removes minutes of the union': {
    when: [daily(['01:00', '13:00']), monthly('1st sun', '05:00')],
    except: [cron('0 13 * * sun'), daily('05:00')],
    zone: 'UTC',
    from: '2026-12-05T06:00Z',
    next: ['2026-12-05T13:00Z', '2026-12-06T01:00Z', '2026-12-07T01:00Z', '2026-12-07T13:00Z'],
  },
  'an exception removes both passes of a time that comes twice': {
    when: every('30m'),
    except: [daily('02:30')],
    zone: BERLIN,
    from: '2026-10-25T00:10Z',
    next: ['2026-10-25T02:00+01:00', '2026-10-25T03:00+01:00'],
  },
  'an exception in a spring gap removes what is made up for, and nothing else': {
    when: [daily('02:30'), monthly(29, '03:00')],
    except: [weekly('sun', '02:15')],
    zone: BERLIN,
    from: '2027-03-28T00:10Z',
    next: ['2027-03-29T02:30+02:00', '2027-03-29T03:00+02:00'],
  },
  'an exception in a spring gap leaves what is due at its end by itself': {
    when: every('1h'),
    except: [daily('02:00')],
    zone: BERLIN,
    from: '2027-03-28T00:10Z',
    next: ['2027-03-28T03:00+02:00', '2027-03-28T04:00+02:00'],
  },
  'a list is the union of its parts': {
    when: [daily('12:00'), cron('0 6 * * sat'), every('12h')],
    zone: BERLIN,
    from: '2026-11-20T06:00Z',
    next: ['2026-11-20T12:00+01:00', '2026-11-21T00:00+01:00', '2026-11-21T06:00+01:00', '2026-11-21T12:00+01:00'],
  },
}

for (const [name, { when, except = [], zone, from, next }] of Object.entries(NEXT)) {
  test(name, () => {
    let at = Date.parse(from)
    const found = next.map(() => {
      at = nextWhen(when, zone, at, except) ?? Number.NaN
      return localTime(zone, at).replace(':00.000', '')
    })

    assert.deepEqual(found, next)
  })

  test(`${name}, asked minute by minute too`, () => {
    const found: string[] = []
    for (let at = Date.parse(from) + MINUTE_MS; found.length < next.length; at += MINUTE_MS) {
      if (whenDue(when, zone, at, except) !== undefined) found.push(localTime(zone, at).replace(':00.000', ''))
    }

    assert.deepEqual(found, next)
  })

  test(`${name}, one after the other too`, () => {
    const until = Date.parse(next.at(-1) ?? '')
    const whens = Array.isArray(when) ? when : [when]

    const found = [...occurrences({ when: whens, except, timezone: zone }, Date.parse(from), until)]

    assert.deepEqual(
      found.map((at) => localTime(zone, at).replace(':00.000', '')),
      next,
    )
  })
}

test('a match outweighs making up for a gap, whichever part comes first', () => {
  const gapEnd = Date.parse('2027-03-28T01:00Z')

  assert.equal(whenDue(daily('02:30'), BERLIN, gapEnd), 'dst-gap')
  assert.equal(whenDue([daily('02:30'), every('1h')], BERLIN, gapEnd), 'match')
  assert.equal(whenDue([every('1h'), daily('02:30')], BERLIN, gapEnd), 'match')
  assert.equal(whenDue([every('2h'), daily('02:30')], BERLIN, gapEnd), 'dst-gap')
  assert.equal(whenDue([daily('02:30'), every('2h')], BERLIN, gapEnd), 'dst-gap')
})

test('a union whose one part is never due again goes by the other', () => {
  const never = once('2032-12-31T23:30')
  const from = Date.parse('2033-01-01T00:00Z')

  assert.equal(nextWhen(never, 'UTC', from), undefined)
  assert.equal(nextWhen([never, every('1h')], 'UTC', from), from + 60 * MINUTE_MS)
  assert.equal(nextWhen([every('1h'), never], 'UTC', from), from + 60 * MINUTE_MS)
})

test('what is excepted for good is never due', () => {
  assert.equal(nextWhen(daily('02:30'), BERLIN, Date.parse('2026-11-20T00:00Z'), [cron('* 2,3 * * *')]), undefined)
})

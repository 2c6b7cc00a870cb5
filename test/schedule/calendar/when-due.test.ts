import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, EXIT } from '../../../src/exit.ts'
import { nextWhen, readWhen, whenDue } from '../../../src/schedule/calendar/when-due.ts'
import { cron, daily, every, type When } from '../../../src/schedule/language/when.ts'
import { localTime } from '../../../src/time/zone.ts'

const MINUTE_MS = 60_000
const BERLIN = 'Europe/Berlin'

interface Case {
  readonly when: When | readonly When[]
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
  'a list is the union of its parts': {
    when: [daily('12:00'), cron('0 6 * * sat'), every('12h')],
    zone: BERLIN,
    from: '2026-11-20T06:00Z',
    next: ['2026-11-20T12:00+01:00', '2026-11-21T00:00+01:00', '2026-11-21T06:00+01:00', '2026-11-21T12:00+01:00'],
  },
}

for (const [name, { when, zone, from, next }] of Object.entries(NEXT)) {
  test(name, () => {
    let at = Date.parse(from)
    const found = next.map(() => {
      at = nextWhen(when, zone, at) ?? Number.NaN
      return localTime(zone, at).replace(':00.000', '')
    })

    assert.deepEqual(found, next)
  })

  test(`${name}, asked minute by minute too`, () => {
    const found: string[] = []
    for (let at = Date.parse(from) + MINUTE_MS; found.length < next.length; at += MINUTE_MS) {
      if (whenDue(when, zone, at) !== undefined) found.push(localTime(zone, at).replace(':00.000', ''))
    }

    assert.deepEqual(found, next)
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
  const never = cron('0 0 29 2 */7')
  const from = Date.parse('2033-01-01T00:00Z')

  assert.equal(nextWhen(never, 'UTC', from), undefined)
  assert.equal(nextWhen([never, every('1h')], 'UTC', from), from + 60 * MINUTE_MS)
  assert.equal(nextWhen([every('1h'), never], 'UTC', from), from + 60 * MINUTE_MS)
})

test('a schedule in JSON may give a cron text, or the data that the words make', () => {
  assert.deepEqual(readWhen('0 3 * * *'), cron('0 3 * * *'))
  assert.deepEqual(readWhen({ kind: 'every', interval: '5m' }), every('5m'))
  assert.deepEqual(readWhen({ kind: 'daily', times: ['02:30'] }), daily('02:30'))
})

const REFUSED: [value: unknown, sentence: RegExp][] = [
  ['* * * *', /"\* \* \* \*" has 4 fields/],
  [{ kind: 'cron', text: '61 * * * *' }, /minute field "61"/],
  [{ kind: 'every', interval: '5 minutes' }, /every\('5 minutes'\) is no duration/],
  [{ kind: 'every', interval: '90s' }, /every\('90s'\) is not a whole number of minutes/],
  [{ kind: 'every', interval: '0m' }, /every\('0m'\) is not a whole number of minutes/],
  [{ kind: 'every', interval: '30' }, /every\('30'\) is not a whole number of minutes/],
  [{ kind: 'daily', times: ['24:10'] }, /daily\('24:10'\) is no time of day/],
  [{ kind: 'daily', times: ['2:30'] }, /daily\('2:30'\) is no time of day/],
  [{ kind: 'daily', times: ['12:60'] }, /daily\('12:60'\) is no time of day/],
  [{ kind: 'daily', times: [] }, /daily\(\[\]\) names no time/],
  [{ kind: 'daily', times: [230] }, /when is \{"kind":"daily","times":\[230\]\}/],
  [{ kind: 'sometimes' }, /when is \{"kind":"sometimes"\}/],
  [5, /when is 5\./],
  [null, /when is null\./],
  [() => true, /when is a function\./],
]

for (const [value, sentence] of REFUSED) {
  test(`${JSON.stringify(value) ?? 'a function'} is refused as a time with a sentence`, () => {
    assert.throws(
      () => readWhen(value),
      (error) => error instanceof Complaint && error.exitCode === EXIT.badConfig && sentence.test(error.message),
    )
  })
}

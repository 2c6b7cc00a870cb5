import assert from 'node:assert/strict'
import test from 'node:test'
import { occurrences } from '../../../src/schedule/calendar/occurrences.ts'
import { whenDue } from '../../../src/schedule/calendar/when-due.ts'
import { whenShown, zoneSpans } from '../../../src/schedule/calendar/zone-spans.ts'
import { cron, daily, every, hourly, monthly, once, type When, weekdays } from '../../../src/schedule/language/when.ts'
import { zoneOffset } from '../../../src/time/zone.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

interface Words {
  readonly when: readonly When[]
  readonly except: readonly When[]
}

const WORDS: Record<string, Words> = {
  'every minute': { when: [every('1m')], except: [] },
  'fixed times and exceptions': {
    when: [daily(['00:00', '02:15', '02:30']), weekdays('01:45')],
    except: [cron('30 2 * * *'), monthly(1, '00:00')],
  },
  'repeated times and exceptions': {
    when: [cron('*/15 * * * *'), hourly([0, 7])],
    except: [daily(['01:30', '02:30']), cron('0-30 0 * * *')],
  },
  'intervals of every kind': {
    when: [every('90m'), every('7m'), every('11h', { from: '2026-10-25T02:15' }), once('2027-03-28T02:20')],
    except: [every('3h'), once('2026-10-25T01:30')],
  },
}

/** Jumps of an hour, of half an hour, at midnight, backwards in spring, over a whole day; and a zone without any. */
const ZONES: [zone: string, from: string, days: number][] = [
  ['Europe/Berlin', '2026-10-22T22:10Z', 5],
  ['Europe/Berlin', '2027-03-26T05:00Z', 4],
  ['America/New_York', '2026-03-07T00:00Z', 3],
  ['Australia/Lord_Howe', '2026-04-03T00:00Z', 4],
  ['Australia/Lord_Howe', '2026-10-02T00:00Z', 4],
  ['America/Havana', '2026-03-07T00:00Z', 3],
  ['Africa/Casablanca', '2026-02-13T00:00Z', 40],
  ['Pacific/Apia', '2011-12-28T00:00Z', 5],
  ['Asia/Kathmandu', '2026-11-20T11:11Z', 3],
]

for (const [name, { when, except }] of Object.entries(WORDS)) {
  for (const [zone, from, days] of ZONES) {
    test(`${name}, one after the other, are the minutes that are due (${zone}, ${from})`, () => {
      const start = Date.parse(from)
      const end = start + days * DAY_MS

      const found = [...occurrences({ when, except, timezone: zone }, start, end)]

      const asked: number[] = []
      for (let at = start + MINUTE_MS; at <= end; at += MINUTE_MS) {
        if (whenDue(when, zone, at, except) !== undefined) asked.push(at)
      }
      assert.deepEqual(found, asked)
      assert.ok(found.length > 0)
    })
  }
}

test('the beginning is left out and the end is not, also within a minute', () => {
  const job = { when: [every('1m')], except: [], timezone: 'UTC' }
  const at = Date.parse('2026-11-20T00:00Z')

  assert.deepEqual([...occurrences(job, at, at + 2 * MINUTE_MS)], [at + MINUTE_MS, at + 2 * MINUTE_MS])
  assert.deepEqual([...occurrences(job, at + 1, at + 2 * MINUTE_MS - 1)], [at + MINUTE_MS])
  assert.deepEqual([...occurrences(job, at, at)], [])
  assert.deepEqual([...occurrences({ ...job, when: [] }, at, at + DAY_MS)], [])
})

test('wherever a look begins in the hours after a change of clocks, the minutes are the same', () => {
  const job = { when: [daily(['01:30', '02:30'])], except: [], timezone: 'Europe/Berlin' }
  const change = Date.parse('2026-10-25T01:00Z')
  const all = [...occurrences(job, change - DAY_MS, change + DAY_MS)]

  for (let from = change - 4 * 3_600_000; from < change + 5 * 3_600_000; from += 15 * MINUTE_MS) {
    const later = [...occurrences(job, from, change + DAY_MS)]
    assert.deepEqual(
      later,
      all.filter((at) => at > from),
    )
  }
})

for (const zone of ['Europe/Berlin', 'America/Noronha', 'Africa/Casablanca', 'Asia/Gaza', 'Pacific/Apia', 'UTC']) {
  test(`the spans of ${zone} follow on each other, and every hour has the offset of its span`, () => {
    const start = Date.parse('2000-01-01T00:00Z')
    const end = start + 1_000 * DAY_MS

    let until = start
    for (const span of zoneSpans(zone, start, end)) {
      assert.equal(span.start, until)
      assert.equal(span.afterChange, until !== start)
      for (let at = span.start; at < span.end; at += 3_600_000) assert.equal(zoneOffset(zone, at), span.offset)
      until = span.end
    }
    assert.equal(until, end)
  })
}

test('a time that a clock never showed is made up for at the end of the gap, a whole day long or half an hour', () => {
  const wall = (text: string) => Date.parse(`${text}Z`)

  assert.deepEqual(whenShown('Pacific/Apia', wall('2011-12-30T12:00')), {
    at: Date.parse('2011-12-30T10:00Z'),
    as: 'dst-gap',
  })
  assert.deepEqual(whenShown('Australia/Lord_Howe', wall('2026-10-04T02:15')), {
    at: Date.parse('2026-10-03T15:30Z'),
    as: 'dst-gap',
  })
  assert.deepEqual(whenShown('Australia/Lord_Howe', wall('2026-04-05T01:45')), {
    at: Date.parse('2026-04-04T14:45Z'),
    as: 'match',
  })
})

test('a year of fifty jobs, five of them every minute, takes less than two seconds', (t) => {
  const words: When[] = [daily('02:30'), hourly([5, 35]), cron('*/10 8-18 * * mon-fri'), every('7m'), every('5m')]
  const zones = ['Europe/Berlin', 'America/New_York', 'UTC', 'Asia/Kolkata', 'America/Havana']
  const jobs = Array.from({ length: 50 }, (_, i) => ({
    when: i % 10 === 0 ? [every('1m')] : [words[i % words.length] ?? daily('00:00')],
    except: i % 10 === 1 ? [cron('* 0-5 * * *')] : [],
    timezone: zones[Math.floor(i / 10)] ?? 'UTC',
  }))
  const from = Date.parse('2026-11-20T00:00Z')
  const cpu = process.cpuUsage()

  let minutes = 0
  for (const job of jobs) for (const _ of occurrences(job, from, from + 365 * DAY_MS)) minutes++

  const { user, system } = process.cpuUsage(cpu)
  const seconds = (user + system) / 1e6
  t.diagnostic(`${minutes} minutes in ${seconds.toFixed(2)} s of CPU`)
  assert.ok(minutes > 5 * 365 * 1_440)
  assert.ok(seconds < 2, `${seconds} s`)
})

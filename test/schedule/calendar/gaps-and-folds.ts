/**
 * Where clocks change: what becomes of a time that the clock skips, and of one that it shows twice.
 */

/** All times at which an expression is due after `from` and before `to`, as the clock of the zone shows them. */
interface GapOrFold {
  readonly text: string
  readonly zone: string
  readonly from: string
  readonly to: string
  readonly due: readonly string[]
}

export const GAPS_AND_FOLDS: Record<string, GapOrFold> = {
  'a time that the spring gap skipped runs at its end': {
    text: '30 2 * * *',
    zone: 'America/New_York',
    from: '2026-03-07T12:00Z',
    to: '2026-03-10T00:00Z',
    due: ['2026-03-08T03:00-04:00', '2026-03-09T02:30-04:00'],
  },
  'a yearly time in the spring gap does not wait for the next year': {
    text: '30 2 8 3 *',
    zone: 'America/New_York',
    from: '2026-01-01T00:00Z',
    to: '2027-12-31T00:00Z',
    due: ['2026-03-08T03:00-04:00', '2027-03-08T02:30-05:00'],
  },
  'several times in one gap run once': {
    text: '15,45 2 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T05:00Z',
    to: '2026-03-08T12:00Z',
    due: ['2026-03-08T03:00-04:00'],
  },
  'a time at the end of the gap and times inside it run once together': {
    text: '0,30 2,3 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T05:00Z',
    to: '2026-03-08T12:00Z',
    due: ['2026-03-08T03:00-04:00', '2026-03-08T03:30-04:00'],
  },
  'every second hour goes on after the gap without a run of its own': {
    text: '0 */2 * * *',
    zone: 'America/New_York',
    from: '2026-03-08T04:30Z',
    to: '2026-03-08T09:00Z',
    due: ['2026-03-08T00:00-05:00', '2026-03-08T04:00-04:00'],
  },
  'an hourly job runs in both passes of a repeated hour': {
    text: '0 * * * *',
    zone: 'America/New_York',
    from: '2026-11-01T03:30Z',
    to: '2026-11-01T08:00Z',
    due: ['2026-11-01T00:00-04:00', '2026-11-01T01:00-04:00', '2026-11-01T01:00-05:00', '2026-11-01T02:00-05:00'],
  },
  'every half hour stays even in a repeated hour': {
    text: '*/30 * * * *',
    zone: 'Europe/Berlin',
    from: '2026-10-24T23:30Z',
    to: '2026-10-25T02:01Z',
    due: [
      '2026-10-25T02:00+02:00',
      '2026-10-25T02:30+02:00',
      '2026-10-25T02:00+01:00',
      '2026-10-25T02:30+01:00',
      '2026-10-25T03:00+01:00',
    ],
  },
  'a fixed time in a repeated hour runs in the first pass only': {
    text: '30 2 * * *',
    zone: 'Europe/Berlin',
    from: '2026-10-24T12:00Z',
    to: '2026-10-26T00:00Z',
    due: ['2026-10-25T02:30+02:00'],
  },
  'a day that begins in a gap has its midnight job when the clocks are there': {
    text: '@daily',
    zone: 'America/Havana',
    from: '2026-03-07T12:00Z',
    to: '2026-03-09T12:00Z',
    due: ['2026-03-08T01:00-04:00', '2026-03-09T00:00-04:00'],
  },
  'a midnight that comes twice has its job once': {
    text: '@daily',
    zone: 'America/Havana',
    from: '2026-10-31T12:00Z',
    to: '2026-11-02T12:00Z',
    due: ['2026-11-01T00:00-04:00', '2026-11-02T00:00-05:00'],
  },
  'a fold of half an hour repeats the minutes of half an hour': {
    text: '22,24 * * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-04T13:50Z',
    to: '2026-04-04T16:00Z',
    due: ['2026-04-05T01:22+11:00', '2026-04-05T01:24+11:00', '2026-04-05T02:22+10:30', '2026-04-05T02:24+10:30'],
  },
  'a fixed time in a fold of half an hour runs once': {
    text: '45 1 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-04-04T12:00Z',
    to: '2026-04-05T12:00Z',
    due: ['2026-04-05T01:45+11:00'],
  },
  'a time in a gap of half an hour runs at its end': {
    text: '15 2 * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-10-03T12:00Z',
    to: '2026-10-04T12:00Z',
    due: ['2026-10-04T02:30+11:00'],
  },
  'a gap of two hours is made up too': {
    text: '10 1,2 * * *',
    zone: 'Antarctica/Troll',
    from: '2026-03-28T12:00Z',
    to: '2026-03-29T12:00Z',
    due: ['2026-03-29T03:00+02:00'],
  },
  'the first and the last minute of a gap are made up': {
    text: '0,59 2 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    to: '2027-03-29T12:00Z',
    due: ['2027-03-28T03:00+02:00', '2027-03-29T02:00+02:00', '2027-03-29T02:59+02:00'],
  },
  'the last minute of a gap is made up by itself too': {
    text: '59 2 * * *',
    zone: 'Europe/Berlin',
    from: '2027-03-27T12:00Z',
    to: '2027-03-28T12:00Z',
    due: ['2027-03-28T03:00+02:00'],
  },
  'midnight of a far day is found though the clocks go forward before it': {
    text: '0 0 1 5 *',
    zone: 'Europe/Berlin',
    from: '2027-01-01T00:00Z',
    to: '2027-12-31T00:00Z',
    due: ['2027-05-01T00:00+02:00'],
  },
  'an hourly job goes on after a gap of half an hour': {
    text: '0 * * * *',
    zone: 'Australia/Lord_Howe',
    from: '2026-10-03T14:20Z',
    to: '2026-10-03T17:30Z',
    due: ['2026-10-04T01:00+10:30', '2026-10-04T03:00+11:00', '2026-10-04T04:00+11:00'],
  },
  'a time in a gap of three hours runs at its end, a minute past the hour': {
    text: '30 1 * * *',
    zone: 'Antarctica/Casey',
    from: '2020-10-03T12:00Z',
    to: '2020-10-04T16:00Z',
    due: ['2020-10-04T03:01+11:00', '2020-10-05T01:30+11:00'],
  },
  'the minute before a gap that begins at a minute past midnight is a minute as any other': {
    text: '0 0,3 * * *',
    zone: 'Antarctica/Casey',
    from: '2020-10-03T12:00Z',
    to: '2020-10-04T12:00Z',
    due: ['2020-10-04T00:00+08:00', '2020-10-04T03:01+11:00'],
  },
  'a time in a fold of three hours runs once, on the day that the fold came back to': {
    text: '30 22 * * *',
    zone: 'Antarctica/Casey',
    from: '2021-03-13T10:00Z',
    to: '2021-03-14T16:00Z',
    due: ['2021-03-13T22:30+11:00', '2021-03-14T22:30+08:00'],
  },
  'a gap at midnight is made up on the new day': {
    text: '30 0 * * *',
    zone: 'Africa/Cairo',
    from: '2024-04-25T12:00Z',
    to: '2024-04-26T12:00Z',
    due: ['2024-04-26T01:00+03:00'],
  },
  'a month that begins with a fold has its first job once': {
    text: '@monthly',
    zone: 'Africa/Cairo',
    from: '2024-10-15T00:00Z',
    to: '2024-11-15T00:00Z',
    due: ['2024-11-01T00:00+02:00'],
  },
  'the last hour of a day that comes twice has its job once': {
    text: '30 23 31 10 *',
    zone: 'Africa/Cairo',
    from: '2024-10-15T00:00Z',
    to: '2024-11-15T00:00Z',
    due: ['2024-10-31T23:30+03:00'],
  },
  'clocks that are put back for Ramadan repeat an hour, and skip one after it': {
    text: '30 2 10,14 3,4 *',
    zone: 'Africa/Casablanca',
    from: '2024-03-01T00:00Z',
    to: '2024-05-01T00:00Z',
    due: ['2024-03-10T02:30+01:00', '2024-03-14T02:30Z', '2024-04-10T02:30Z', '2024-04-14T03:00+01:00'],
  },
  'a winter time that counts as daylight saving is a fold as any other': {
    text: '30 1 * mar,oct sun',
    zone: 'Europe/Dublin',
    from: '2025-03-24T00:00Z',
    to: '2025-10-27T00:00Z',
    due: [
      '2025-03-30T02:00+01:00',
      '2025-10-05T01:30+01:00',
      '2025-10-12T01:30+01:00',
      '2025-10-19T01:30+01:00',
      '2025-10-26T01:30+01:00',
    ],
  },
  'a zone that moves west by an hour for good repeats that hour': {
    text: '30 23 * * *',
    zone: 'Asia/Almaty',
    from: '2024-02-29T12:00Z',
    to: '2024-03-01T20:00Z',
    due: ['2024-02-29T23:30+06:00', '2024-03-01T23:30+05:00'],
  },
  'an island that jumped over the date line has no day to make up': {
    text: '0 12 * * *',
    zone: 'Pacific/Kiritimati',
    from: '1994-12-30T00:00Z',
    to: '1995-01-01T12:00Z',
    due: ['1994-12-30T12:00-10:00', '1995-01-01T12:00+14:00'],
  },
  'the clock of a country that went back by seven hours is taken as it is': {
    text: '30 17 * * *',
    zone: 'Antarctica/Vostok',
    from: '1994-01-31T00:00Z',
    to: '1994-02-01T12:00Z',
    due: ['1994-01-31T17:30+07:00', '1994-01-31T17:30Z'],
  },
  'a whole day that a country left out is not made up': {
    text: '0 12 * * *',
    zone: 'Pacific/Apia',
    from: '2011-12-29T00:00Z',
    to: '2011-12-31T12:00Z',
    due: ['2011-12-29T12:00-10:00', '2011-12-31T12:00+14:00'],
  },
}

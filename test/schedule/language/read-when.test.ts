import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, EXIT } from '../../../src/exit.ts'
import { readExcept, readWhen, readWhens } from '../../../src/schedule/language/read-when.ts'
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
  cron('0 3 * * *'),
  cron('0 3 1-7 * mon', { days: 'and' }),
  every('5m'),
  every('90m', { from: '2026-01-01T00:00+01:00' }),
  hourly([5, 35]),
  daily('02:30'),
  weekdays('02:30'),
  weekly(['mon', 'fri'], '02:30'),
  monthly(['1st sun', 'last', 31], '02:30'),
  once('2026-12-31T23:30'),
]

test('what the words make is read back from JSON as it was', () => {
  assert.deepEqual(
    JSON.parse(JSON.stringify(WORDS)).map((word: unknown) => readWhen(word, 'when')),
    WORDS,
  )
})

test('a schedule in JSON may give a cron text, and one thing where a list could stand', () => {
  assert.deepEqual(readWhen('0 3 * * *', 'when'), cron('0 3 * * *'))
  assert.deepEqual(readWhen({ kind: 'weekly', days: 'mon', times: '07:00' }, 'when'), weekly('mon', '07:00'))
  assert.deepEqual(readWhen({ kind: 'monthly', days: 3, times: '07:00' }, 'when'), monthly(3, '07:00'))
  assert.deepEqual(readWhen({ kind: 'hourly', minutes: 5 }, 'when'), hourly(5))
})

test('words that name no minutes are told apart', () => {
  const daily2 = daily('02:30')

  assert.deepEqual(readWhens([daily2, after('import', { within: '2h' })]), {
    when: [daily2],
    after: { job: 'import', withinMs: 7_200_000 },
    always: false,
  })
  assert.deepEqual(readWhens(after('import')).after, { job: 'import', withinMs: 86_400_000 })
  assert.deepEqual(readWhens(always()), { when: [], always: true })
})

const REFUSED: [value: unknown, sentence: RegExp][] = [
  ['* * * *', /"\* \* \* \*" has 4 fields/],
  [{ kind: 'cron', text: '61 * * * *' }, /minute field "61"/],
  [{ kind: 'cron', text: '0 0 * * *', days: 'or' }, /^when is \{"kind":"cron"/],
  [{ kind: 'cron', txt: '0 0 * * *' }, /^cron\(\) has no option "txt"\. Did you mean text\?/],
  [{ kind: 'cron', text: '0 0 30 2 mon', days: 'and' }, /never comes/],
  [{ kind: 'every', interval: '5 minutes' }, /every\('5 minutes'\) is no duration/],
  [{ kind: 'every', interval: '90s' }, /every\('90s'\) is not a whole number of minutes/],
  [{ kind: 'every', interval: '0m' }, /every\('0m'\) is not a whole number of minutes/],
  [{ kind: 'every', interval: '30' }, /every\('30'\) is not a whole number of minutes/],
  [{ kind: 'every', interval: '5m', from: 'noon' }, /every\(\) has "noon", which is no time/],
  [{ kind: 'hourly', minutes: [60] }, /hourly\(60\) is no minute of an hour/],
  [{ kind: 'hourly', minutes: [] }, /hourly\(\[\]\) names no minute/],
  [{ kind: 'hourly', minutes: ['5'] }, /^when is \{"kind":"hourly"/],
  [{ kind: 'daily', times: ['24:10'] }, /daily\(\) has '24:10', which is no time of day/],
  [{ kind: 'daily', times: ['2:30'] }, /daily\(\) has '2:30'/],
  [{ kind: 'daily', times: ['12:60'] }, /daily\(\) has '12:60'/],
  [{ kind: 'daily', times: [] }, /daily\(\) names no time/],
  [{ kind: 'daily', times: [230] }, /^when is \{"kind":"daily","times":\[230\]\}/],
  [{ kind: 'daily', time: '02:30' }, /^daily\(\) has no option "time"\. Did you mean times\?/],
  [{ kind: 'weekdays', times: ['7:00'] }, /weekdays\(\) has '7:00'/],
  [{ kind: 'weekly', days: ['mo'], times: ['07:00'] }, /weekly\(\) has 'mo', which is no day\. Did you mean mon\?$/],
  [{ kind: 'weekly', days: [], times: ['07:00'] }, /weekly\(\[\]\) names no day/],
  [{ kind: 'monthly', days: [0], times: ['07:00'] }, /monthly\(\) has 0, which is no day of a month/],
  [{ kind: 'monthly', days: [32], times: ['07:00'] }, /monthly\(\) has 32/],
  [{ kind: 'monthly', days: ['6th fri'], times: ['07:00'] }, /monthly\(\) has "6th fri"/],
  [{ kind: 'once', time: '2026-02-30T10:00' }, /once\(\) has "2026-02-30T10:00", which is no time/],
  [{ kind: 'once', time: '2026-02-20' }, /once\(\) has "2026-02-20"/],
  [{ kind: 'after', job: 7 }, /after\(\) names 7\./],
  [{ kind: 'after', job: 'import', within: '8d' }, /after\(\)\.within is "8d"\. Use at most 7d\./],
  [
    [
      { kind: 'after', job: 'a' },
      { kind: 'after', job: 'b' },
    ],
    /after\(\) twice/,
  ],
  [[{ kind: 'always' }, '0 0 * * *'], /always\(\) and other words/],
  [{ kind: 'sometimes' }, /^when is \{"kind":"sometimes"\}/],
  [[], /^when is an empty list/],
  [5, /^when is 5\./],
  [null, /^when is null\./],
  [() => true, /^when is a function\./],
]

for (const [value, sentence] of REFUSED) {
  test(`${JSON.stringify(value) ?? 'a function'} is refused as a time with a sentence`, () => {
    assert.throws(
      () => readWhens(value),
      (error) => error instanceof Complaint && error.exitCode === EXIT.badConfig && sentence.test(error.message),
    )
  })
}

test('an exception names minutes, or is refused by its own name', () => {
  assert.deepEqual(readExcept('0 3 * * *'), [cron('0 3 * * *')])
  assert.deepEqual(readExcept([]), [])
  assert.throws(() => readExcept(always()), /^Complaint: except has always\(\), which names no minutes/)
  assert.throws(() => readExcept(7), /except is 7\./)
})

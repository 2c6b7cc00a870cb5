import assert from 'node:assert/strict'
import test from 'node:test'
import { Complaint, EXIT } from '../../../src/exit.ts'
import { type CronExpression, compileCron } from '../../../src/schedule/calendar/cron-expression.ts'

const REFUSED: [text: string, sentence: RegExp][] = [
  ['60 * * * *', /minute field "60".*0 to 59/],
  ['* 24 * * *', /hour field "24".*0 to 23/],
  ['* * 0 * *', /day-of-month field "0".*1 to 31/],
  ['* * 32 * *', /day-of-month field "32"/],
  ['* * * 13 *', /month field "13".*1 to 12 or jan to dec/],
  ['* * * * 8', /day-of-week field "8".*0 to 7 or sun to sat/],
  ['five * * * *', /minute field "five"/],
  ['1.5 * * * *', /minute field "1\.5"/],
  ['1,,2 * * * *', /minute field "1,,2"/],
  ['5/15 * * * *', /minute field "5\/15", a step without a range\. Write 5-59\/15 /],
  ['0 8,20/2 * * *', /hour field "8,20\/2", a step without a range\. Write 20-23\/2 /],
  ['*/0 * * * *', /minute field "\*\/0"/],
  ['? * * * *', /minute field "\?"/],
  ['H * * * *', /minute field "H"/],
  ['0 0 L-31 * *', /day-of-month field "L-31"/],
  ['0 0 32W * *', /day-of-month field "32W"/],
  ['0 0 1-5W * *', /day-of-month field "1-5W"/],
  ['0 0 mon * *', /day-of-month field "mon"/],
  ['0 0 * * 5#6', /day-of-week field "5#6"/],
  ['0 0 * * L', /day-of-week field "L"/],
  ['0 0 * janfeb *', /month field "janfeb"/],
  ['0 0 * 1jan *', /month field "1jan"/],
  ['0 0 * * monfri', /day-of-week field "monfri"/],
  ['*/61 * * * *', /minute field "\*\/61", a step past its end.*every\(\)/],
  ['0 */25 * * *', /hour field "\*\/25", a step past its end/],
  ['0 0 1-9/32 * *', /day-of-month field "1-9\/32", a step past its end/],
  ['0 0 31 2 *', /never comes/],
  ['0 0 30 feb *', /never comes/],
  ['0 0 31 4,6,9,11 *', /never comes/],
  ['0 0 L-30 2 *', /never comes/],
  ['0 0 31W feb *', /never comes/],
  ['', /has 0 fields/],
  ['0', /has 1 field\./],
  ['* * * *', /has 4 fields/],
  ['0 0 12 * * * 2027', /has 7 fields/],
  ['0 */5 * * * *', /has 6 fields.*no field for seconds/],
  ['@reboot', /"@reboot" has no minute/],
  ['@every 5m', /every\('5m'\)/],
  ['@fortnightly', /is not known.*@weekly/],
]

for (const [text, sentence] of REFUSED) {
  test(`the cron text "${text}" is refused with a sentence`, () => {
    assert.throws(
      () => compileCron(text),
      (error) => error instanceof Complaint && error.exitCode === EXIT.badConfig && sentence.test(error.message),
    )
  })
}

test('a refusal is one line that quotes what was given', () => {
  assert.throws(() => compileCron(' 61 *\t* * * '), {
    message: 'The cron expression "61 * * * *" has the minute field "61". It allows 0 to 59, with * , - and /.',
  })
  assert.throws(() => compileCron('* *\n* *'), {
    message: 'The cron expression "* *\\n* *" has 4 fields. Write five: minute hour day month weekday.',
  })
})

const MINUTES: [field: string, minutes: number[]][] = [
  ['*/15', [0, 15, 30, 45]],
  ['7', [7]],
  ['07', [7]],
  ['5,5,1', [1, 5]],
  ['10-12', [10, 11, 12]],
  ['58-1', [0, 1, 58, 59]],
  ['50-10/10', [0, 10, 50]],
  ['*/40', [0, 40]],
  ['*/60', [0]],
  ['1-9/60', [1]],
  ['*/30,5', [0, 5, 30]],
  ['1-5,3', [1, 2, 3, 4, 5]],
  ['*/20,*/15', [0, 15, 20, 30, 40, 45]],
  ['10-20/5,15-25/5', [10, 15, 20, 25]],
  ['*/7', [0, 7, 14, 21, 28, 35, 42, 49, 56]],
]

for (const [field, minutes] of MINUTES) {
  test(`the minute field "${field}" means the minutes ${minutes.join(', ')}`, () => {
    assert.deepEqual(marked(compileCron(`${field} * * * *`).minutes), minutes)
  })
}

const HOURS: [field: string, hours: number[]][] = [
  ['22-2', [0, 1, 2, 22, 23]],
  ['22-2/2', [0, 2, 22]],
  ['8-18/4,18-20', [8, 12, 16, 18, 19, 20]],
  ['*/5', [0, 5, 10, 15, 20]],
]

for (const [field, hours] of HOURS) {
  test(`the hour field "${field}" means the hours ${hours.join(', ')}`, () => {
    assert.deepEqual(marked(compileCron(`0 ${field} * * *`).hours), hours)
  })
}

const WEEKDAYS: [field: string, days: number[]][] = [
  ['sat-sun', [0, 6]],
  ['6-7', [0, 6]],
  ['6-0', [0, 6]],
  ['FRI-Mon', [0, 1, 5, 6]],
  ['Wednesday,SUNDAY,fri', [0, 3, 5]],
  ['0-7', [0, 1, 2, 3, 4, 5, 6]],
  ['1-5,mon-wed,7', [0, 1, 2, 3, 4, 5]],
  ['*/2', [0, 2, 4, 6]],
]

for (const [field, days] of WEEKDAYS) {
  test(`the day-of-week field "${field}" means the days ${days.join(', ')}`, () => {
    assert.deepEqual(marked(compileCron(`0 0 * * ${field}`).days.daysOfWeek), days)
  })
}

test('names and wrapped ranges of months and weekdays mean their numbers', () => {
  const { days } = compileCron('0 0 * November-feb,JUL Fri-monday')

  assert.deepEqual(marked(days.months), [1, 2, 7, 11, 12])
  assert.deepEqual(marked(days.daysOfWeek), [0, 1, 5, 6])
})

for (const field of ['0', '7', 'sun', 'SUNDAY', '7-7']) {
  test(`the day-of-week field "${field}" is Sunday`, () => {
    assert.deepEqual(marked(compileCron(`0 0 * * ${field}`).days.daysOfWeek), [0])
  })
}

const NICKNAMES: [nickname: string, text: string][] = [
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  [' @Annually ', '0 0 1 1 *'],
]

for (const [nickname, text] of NICKNAMES) {
  test(`"${nickname}" is written out as ${text}`, () => {
    assert.deepEqual(compileCron(nickname), compileCron(text))
  })
}

test('tabs, line ends and several spaces part fields as one space does', () => {
  assert.equal(compileCron('\t*/5  8-18\t*\t*   mon-fri\n').text, '*/5 8-18 * * mon-fri')
})

test('a day that no month has is accepted when weekdays are named too, because either is enough', () => {
  assert.equal(compileCron('0 0 31 2 1').days.both, false)
})

test('a day that comes only in leap years is accepted', () => {
  assert.deepEqual(marked(compileCron('0 0 29 feb *').days.daysOfMonth), [29])
})

const KINDS: [text: string, kind: Pick<CronExpression, 'followsRealTime'> & { both: boolean }][] = [
  ['0 3 * * *', { followsRealTime: false, both: true }],
  ['0,30 1-4 * * *', { followsRealTime: false, both: true }],
  ['0-59 0-23 1 * 1', { followsRealTime: false, both: false }],
  ['5,*/10 3 1 * 1', { followsRealTime: false, both: false }],
  ['*/10,5 3 1 * 1', { followsRealTime: true, both: false }],
  ['0 */2 */2 * 1', { followsRealTime: true, both: true }],
  ['0 0 1 * */2', { followsRealTime: false, both: true }],
  ['0 0 1,* * 1', { followsRealTime: false, both: false }],
  ['0 0 ? * 1', { followsRealTime: false, both: true }],
  ['0 0 L * ?', { followsRealTime: false, both: true }],
]

for (const [text, { followsRealTime, both }] of KINDS) {
  const daysJoined = both ? 'joins its day fields by AND' : 'joins its day fields by OR'
  test(`"${text}" ${followsRealTime ? 'follows real time' : 'is fixed to a time'} and ${daysJoined}`, () => {
    const cron = compileCron(text)

    assert.deepEqual([cron.followsRealTime, cron.days.both], [followsRealTime, both])
  })
}

test('days that are to suit both fields do so whatever the fields begin with', () => {
  assert.equal(compileCron('0 0 1-7 * 1').days.both, false)
  assert.equal(compileCron('0 0 1-7 * 1', 'and').days.both, true)
})

function marked(marks: readonly boolean[]): number[] {
  return marks.flatMap((mark, value) => (mark ? [value] : []))
}

/**
 * A cron text of five fields, compiled into tables that `due.ts` can ask a minute at a time.
 *
 * node-cron judges how a field is spelled and which numbers it holds. What the fields mean together is decided in this
 * project, as crontab(5) has it: node-cron's own matching joins the two day fields by AND and knows no daylight saving.
 */
import { type ParsedFields, validateDetailed } from 'node-cron'
import { Complaint, EXIT } from '../../exit.ts'
import { showValue } from '../language/show-value.ts'
import { type DayRule, everMatches, specialDayOfMonth, specialDayOfWeek } from './day-rule.ts'

export interface CronExpression {
  /** The five fields, one space between them, nicknames written out. */
  readonly text: string
  /** By minute of the hour, 0..59. */
  readonly minutes: readonly boolean[]
  /** By hour of the day, 0..23. */
  readonly hours: readonly boolean[]
  readonly days: DayRule
  /**
   * True when the minute or the hour field begins with `*`: such a job repeats through the day, so it follows real time
   * where clocks change. All others are fixed to a time of the day and run once, whatever the clocks do.
   */
  readonly followsRealTime: boolean
}

const NICKNAMES = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
])

const MONTH =
  /^(?:\*|\d+|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)$/i
const WEEKDAY =
  /^(?:\*|\?|\d+|(?:\d|sun(?:day)?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?)(?:l|#\d)?)$/i

/** Some crons take it for a step to the end of the field; Debian's refuses it. */
const STEP_FROM_A_NUMBER = /(?:^|,)(\d+)\/(\d+)(?:$|,)/

interface Field {
  readonly key: Exclude<keyof ParsedFields, 'second'>
  readonly name: string
  readonly allows: string
  /** How many different values there are; a longer step never comes round. */
  readonly size: number
  readonly last: number
  /** What each word between commas, dashes and slashes must look like, where node-cron is too generous. */
  readonly word?: RegExp
}

const FIELDS: readonly Field[] = [
  { key: 'minute', name: 'minute', allows: '0 to 59', size: 60, last: 59 },
  { key: 'hour', name: 'hour', allows: '0 to 23', size: 24, last: 23 },
  { key: 'dayOfMonth', name: 'day-of-month', allows: '1 to 31, L, L-3, LW or 15W', size: 31, last: 31 },
  { key: 'month', name: 'month', allows: '1 to 12 or jan to dec', size: 12, last: 12, word: MONTH },
  {
    key: 'dayOfWeek',
    name: 'day-of-week',
    allows: '0 to 7 or sun to sat, 5L or fri#2',
    size: 7,
    last: 6,
    word: WEEKDAY,
  },
]

/**
 * @param text       five fields, or a nickname such as `@daily`; spaces and tabs as one likes
 * @param dayFields  `and`: a day must suit both day fields, whatever they begin with
 * @throws           Complaint (bad configuration): one sentence naming the field and what it allows
 */
export function compileCron(text: string, dayFields?: 'and'): CronExpression {
  const fields = splitFields(text)
  const [minute = '', hour = '', dayOfMonth = '', , dayOfWeek = ''] = fields
  const values = readFields(fields)
  const days: DayRule = {
    months: table(13, values.month),
    daysOfMonth: table(32, values.dayOfMonth),
    daysOfWeek: table(7, values.dayOfWeek),
    specialDaysOfMonth: values.dayOfMonth.filter(isToken).map(specialDayOfMonth),
    specialDaysOfWeek: values.dayOfWeek.filter(isToken).map(specialDayOfWeek),
    both: dayFields === 'and' || /^[*?]/.test(dayOfMonth) || /^[*?]/.test(dayOfWeek),
  }
  if (!everMatches(days)) {
    throw refused(text, 'never comes: no month it names has such a day. Change the day-of-month or the month field')
  }
  return {
    text: fields.join(' '),
    minutes: table(60, values.minute),
    hours: table(24, values.hour),
    days,
    followsRealTime: minute.startsWith('*') || hour.startsWith('*'),
  }
}

function splitFields(text: string): string[] {
  const trimmed = text.trim()
  const fields = (NICKNAMES.get(trimmed.toLowerCase()) ?? trimmed).split(/\s+/).filter((field) => field !== '')
  const [first = ''] = fields
  if (first.startsWith('@')) throw refused(text, nicknameAdvice(first.toLowerCase()))
  if (fields.length === 6) {
    throw refused(
      text,
      'has 6 fields. There is no field for seconds: leave out the first and keep minute hour day month weekday',
    )
  }
  if (fields.length !== FIELDS.length) {
    throw refused(
      text,
      `has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}. Write five: minute hour day month weekday`,
    )
  }
  return fields
}

function nicknameAdvice(nickname: string): string {
  switch (nickname) {
    case '@every':
      return "is not cron. Write every('5m') for an interval"
    case '@reboot':
      return 'has no minute at which it is due. Start it from a system service, or by @reboot in the crontab itself'
    default:
      return `is not known. Use one of ${[...NICKNAMES.keys()].join(', ')}`
  }
}

/** The values of all fields. Whether a day exists in a month is left out of account: that is for `everMatches`. */
function readFields(fields: readonly string[]): ParsedFields {
  const text = fields.join(' ')
  FIELDS.forEach((field, i) => {
    const value = fields[i] ?? ''
    if (!isSpelledWell(field, value)) throw badField(text, field, value)
    const [, from, step] = STEP_FROM_A_NUMBER.exec(value) ?? []
    if (from !== undefined) {
      throw refused(
        text,
        `has the ${field.name} field "${value}", a step without a range. Write ${from}-${field.last}/${step} to go on to the end, or ${from} alone`,
      )
    }
    if (hasStepBeyond(field.size, value)) {
      throw refused(
        text,
        `has the ${field.name} field "${value}", a step past its end. The longest is ${field.size}; for other intervals there is every()`,
      )
    }
  })
  return validateDetailed(text).fields ?? readOneByOne(fields)
}

/** Finds the field at fault. When each is right by itself, node-cron only disliked the day for the month. */
function readOneByOne(fields: readonly string[]): ParsedFields {
  const values: ParsedFields = { second: [], minute: [], hour: [], dayOfMonth: [], month: [], dayOfWeek: [] }
  FIELDS.forEach((field, i) => {
    const alone = fields.map((value, k) => (k === i ? value : '*'))
    const parsed = validateDetailed(alone.join(' ')).fields
    if (parsed === undefined) throw badField(fields.join(' '), field, fields[i] ?? '')
    Object.assign(values, { [field.key]: parsed[field.key] })
  })
  return values
}

function isSpelledWell(field: Field, value: string): boolean {
  const { word } = field
  return word === undefined || value.split(/[,/-]/).every((part) => word.test(part))
}

function hasStepBeyond(size: number, value: string): boolean {
  return value.split(',').some((item) => Number(item.split('/')[1] ?? 0) > size)
}

function badField(text: string, field: Field, value: string): Complaint {
  return refused(text, `has the ${field.name} field "${value}". It allows ${field.allows}, with * , - and /`)
}

function refused(text: string, sentence: string): Complaint {
  return new Complaint(EXIT.badConfig, `The cron expression ${showValue(text.trim())} ${sentence}.`)
}

function table(size: number, values: readonly (number | string)[]): boolean[] {
  const marks = new Array<boolean>(size).fill(false)
  for (const value of values) if (typeof value === 'number') marks[value] = true
  return marks
}

function isToken(value: number | string): value is string {
  return typeof value === 'string'
}

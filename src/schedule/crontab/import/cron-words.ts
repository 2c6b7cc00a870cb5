/**
 * The five fields of a crontab line as a word of `schedule.ts`: the nicer one where it means the very same minutes, else `cron`.
 *
 * Only what crons read alike is taken. What one of them refuses, or reads otherwise than it looks, is left to a person.
 */
import { crc32 } from 'node:zlib'
import { Complaint } from '../../../exit.ts'
import { compileCron } from '../../calendar/cron-expression.ts'
import { type CronRange, rangeOf } from './cron-range.ts'
import { typescriptText } from './typescript-text.ts'

/** When a line is due, or why that cannot be said. */
export type CronWord =
  | {
      readonly kind: 'word'
      /** The function that `schedule.ts` imports: `daily`. */
      readonly name: string
      /** As it is called: `daily('02:30')`. */
      readonly call: string
      /** The five fields, or a nickname. */
      readonly cron: string
      /** What a person should know of it. */
      readonly remark?: string
    }
  | { readonly kind: 'none'; readonly why: string }

const FIELDS = ['minute', 'hour', 'day-of-month', 'month', 'day-of-week'] as const
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const NUMBER = /^\d{1,2}$/
/** As many times of the day as are read more easily than the fields. */
const MOST_TIMES = 4

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/**
 * @param when  five fields, or a nickname
 * @param seed  what a random time is chosen by: the same of the same
 */
export function cronWord(when: string, seed: string): CronWord {
  const fields = (NICKNAMES[when] ?? when).split(/[ \t]+/)
  if (when === '@reboot') {
    return none('@reboot has no minute at which it is due. Leave the line in the crontab, or make a service of it.')
  }
  if (fields.length !== FIELDS.length) {
    return none(`${when} is no nickname of cron. Use one of ${Object.keys(NICKNAMES).join(', ')}.`)
  }
  const chosen: string[] = []
  const remarks: string[] = []
  for (const [i, field] of fields.entries()) {
    const ranges = field.split(',').map((item) => rangeOf(item, FIELDS[i] ?? 'minute'))
    const wrong = ranges.find((range) => range.kind === 'none' || range.kind === 'inverted')
    if (wrong !== undefined) return none(whyNot(wrong, FIELDS[i] ?? '', field))
    const values = field.split(',').map((item, k) => choose(ranges[k], item, `${seed} ${i} ${k}`))
    chosen.push(values.join(','))
    if (field.includes('~'))
      remarks.push(`${field} (cronie chose anew each time it read the crontab): ${values.join(',')}`)
  }
  const cron = chosen.join(' ')
  try {
    compileCron(cron)
  } catch (error) {
    if (error instanceof Complaint) return none(error.message)
    throw error
  }
  const [name, call] = nicer(chosen) ?? ['cron', `cron(${typescriptText(when.startsWith('@') ? when : cron)})`]
  const remark = remarks.length === 0 ? {} : { remark: `Chosen here, once and for all, for ${remarks.join('; ')}.` }
  return { kind: 'word', name, call, cron, ...remark }
}

/** Each of these is held against the fields, minute by minute, by a test. */
function nicer([minute = '', hour = '', day = '', month = '', weekday = '']: readonly string[]) {
  const [, step] = /^\*(?:\/(\d+))?$/.exec(minute) ?? []
  if ([hour, day, month, weekday].every((field) => field === '*')) {
    if (minute === '*' || minute === '*/1') return called('every', "'1m'")
    if (step !== undefined && 60 % Number(step) === 0 && Number(step) < 60) return called('every', `'${Number(step)}m'`)
    const minutes = numbersOf(minute)
    return minutes === undefined ? undefined : called('hourly', listed(minutes.map(String)))
  }
  const times = timesOf(minute, hour)
  if (times === undefined || month !== '*') return undefined
  if (day === '*' && weekday === '*') return called('daily', times)
  if (day === '*' && /^(?:1-5|mon-fri)$/i.test(weekday)) return called('weekdays', times)
  if (day === '*') {
    const days = weekday.split(',').map(weekdayName)
    return days.includes(undefined) ? undefined : called('weekly', listed(days.map((name) => `'${name}'`)), times)
  }
  const dates = numbersOf(day)
  return dates !== undefined && weekday === '*' ? called('monthly', listed(dates.map(String)), times) : undefined
}

function called(name: string, ...values: string[]): [string, string] {
  return [name, `${name}(${values.join(', ')})`]
}

function timesOf(minute: string, hour: string): string | undefined {
  const hours = numbersOf(hour)
  if (!NUMBER.test(minute) || hours === undefined || hours.length > MOST_TIMES) return undefined
  return listed(hours.map((one) => `'${String(one).padStart(2, '0')}:${minute.padStart(2, '0')}'`))
}

function numbersOf(field: string): number[] | undefined {
  const items = field.split(',')
  return items.every((item) => NUMBER.test(item)) ? items.map(Number) : undefined
}

function weekdayName(item: string): string | undefined {
  return NUMBER.test(item) ? WEEKDAYS[Number(item)] : WEEKDAYS.find((name) => name === item.toLowerCase())
}

function listed(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : `[${values.join(', ')}]`
}

function choose(range: CronRange | undefined, item: string, seed: string): string {
  if (range?.kind !== 'random') return item
  return String(range.from + (crc32(seed) % (range.to - range.from + 1)))
}

function whyNot(range: CronRange, name: string, field: string): string {
  return range.kind === 'inverted'
    ? `Its ${name} field is "${field}", a range that ends before it begins: cron never runs it, cron-mission would go on over the end. Write what is meant.`
    : `Its ${name} field is "${field}". Crons agree on *, 5, 1-5, */2, 1-9/2 and lists of these: write it so.`
}

function none(why: string): CronWord {
  return { kind: 'none', why }
}

/**
 * Notes on how the fields of a cron text are written: steps that do not come round, ranges over the end, two day fields.
 */

import { Complaint } from '../../exit.ts'
import { localTime } from '../../time/zone.ts'
import { type CronExpression, compileCron } from '../calendar/cron-expression.ts'
import { occurrences } from '../calendar/occurrences.ts'
import type { Cron } from './when.ts'

interface Field {
  readonly name: string
  readonly first: number
  /** How many values there are before it begins again. */
  readonly size: number
  readonly unit: string
  /** What `every` would take for a step of so many. */
  readonly interval?: 'm' | 'h' | 'd'
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly Field[] = [
  { name: 'minute', first: 0, size: 60, unit: 'minute', interval: 'm' },
  { name: 'hour', first: 0, size: 24, unit: 'hour', interval: 'h' },
  { name: 'day-of-month', first: 1, size: 31, unit: 'day', interval: 'd' },
  { name: 'month', first: 1, size: 12, unit: 'month', names: MONTHS },
  { name: 'day-of-week', first: 0, size: 7, unit: 'day', names: WEEKDAYS },
]
const YEAR_MS = 365 * 86_400_000
const NTH = ['1st', '2nd', '3rd', '4th']

/** @param now  UTC milliseconds; examples are later */
export function fieldNotes(word: Cron, zone: string, now: number): string[] {
  const cron = compileCron(word.text, word.days)
  const texts = cron.text.split(' ')
  const items = FIELDS.flatMap((field, i) => (texts[i] ?? '').split(',').map((item) => ({ field, item })))
  return [
    ...items.flatMap(({ field, item }) => stepNote(field, item)),
    ...items.flatMap(({ field, item }) => wrapNote(field, item)),
    ...dayFieldsNote(cron, texts, zone, now),
  ]
}

/** A step that does not come round at the end of its field: the count begins again there. */
function stepNote({ name, first, size, unit, interval }: Field, item: string): string[] {
  const step = Number(/^\*\/(\d+)$/.exec(item)?.[1] ?? 1)
  if (size % step === 0 && step * 2 <= size) return []
  const values = Array.from({ length: Math.ceil(size / step) }, (_, i) => first + i * step)
  if (step * 2 > size) {
    if (step * 2 === size) return []
    return [`${item} in the ${name} field is ${values.join(' and ')} only: write ${values.join(',')}.`]
  }
  const rest = size - (values.length - 1) * step
  const shown = values.length > 5 ? [...values.slice(0, 2), '…', values.at(-1)] : values
  const instead = interval === undefined ? '' : `; every('${step}${interval}') is`
  return [
    `${item} is not every ${step} ${unit}s: ${shown.join(',')}, then ${rest} ${unit}${rest === 1 ? '' : 's'}${instead}.`,
  ]
}

function wrapNote(field: Field, item: string): string[] {
  const [, from = '', to = '', step = '1'] = /^([a-z0-9]+)-([a-z0-9]+)(?:\/(\d+))?$/i.exec(item) ?? []
  const first = numberOf(field, from)
  const last = numberOf(field, to)
  // From Saturday to Sunday is what anybody would think it is.
  if (first === undefined || last === undefined || first <= last || (field.names === WEEKDAYS && last === 0)) return []
  const values: (number | string)[] = []
  for (let value = first; value <= last + field.size; value += Number(step)) {
    const wrapped = ((value - field.first) % field.size) + field.first
    values.push(field.names?.[wrapped - field.first] ?? wrapped)
  }
  return [`${item} in the ${field.name} field goes over its end: ${values.join(',')}.`]
}

function numberOf({ names, first }: Field, word: string): number | undefined {
  if (/^\d+$/.test(word)) return Number(word)
  const at = names?.indexOf(word.toLowerCase().slice(0, 3)) ?? -1
  return at < 0 ? undefined : at + first
}

/** Two day fields mean the days of either, which is seldom what was meant. */
function dayFieldsNote(cron: CronExpression, texts: readonly string[], zone: string, now: number): string[] {
  const [, , dayOfMonth = '', , dayOfWeek = ''] = texts
  if (cron.days.both || dayOfMonth === '*' || dayOfWeek === '*') return []
  const either = runsOf(cron.text, undefined, zone, now)
  const both = runsOf(cron.text, 'and', zone, now)
  const examples = [...new Set(either.map((at) => localTime(zone, at).slice(0, '2026-11-20'.length)))].slice(0, 3)
  const monthly = asMonthly(texts)
  const joined = `cron('${cron.text}', { days: 'and' })`
  const instead =
    both.length === 0
      ? ''
      : ` For the days that suit both, ${both.length === 1 ? 'once' : `${both.length} times`} a year, write ${monthly === undefined ? '' : `${monthly} or `}${joined}.`
  return [
    `both day fields are set, so it is due on the days of either, ${either.length} times a year: ${examples.join(', ')}, ….${instead}`,
  ]
}

/** In the year to come; none also where no day suits both fields. */
function runsOf(text: string, days: 'and' | undefined, timezone: string, now: number): number[] {
  try {
    const when: Cron = { kind: 'cron', text, ...(days === undefined ? {} : { days }) }
    return [...occurrences({ when: [when], except: [], timezone }, now, now + YEAR_MS)]
  } catch (error) {
    if (error instanceof Complaint) return []
    throw error
  }
}

/** `0 6 1-7 * mon` is monthly('1st mon', '06:00'). */
function asMonthly([minute = '', hour = '', dayOfMonth, month, dayOfWeek = '']: readonly string[]): string | undefined {
  const nth = NTH[['1-7', '8-14', '15-21', '22-28'].indexOf(dayOfMonth ?? '')]
  const weekday = WEEKDAYS[(numberOf(FIELDS[4] as Field, dayOfWeek) ?? 9) % 7]
  if (nth === undefined || weekday === undefined || month !== '*' || !/^\d+ \d+$/.test(`${minute} ${hour}`))
    return undefined
  return `monthly('${nth} ${weekday}', '${hour.padStart(2, '0')}:${minute.padStart(2, '0')}')`
}

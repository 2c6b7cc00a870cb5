/**
 * Why a job is not due at a minute, told by its own words: which field of a cron line has another value, which word names
 * other times of that day, or what `except` took away.
 */
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { localDay, zoneOffset } from '../../time/zone.ts'
import { describeWhen } from '../language/describe.ts'
import type { When } from '../language/when.ts'
import { timeOfDay } from './clock-changes.ts'
import type { CronExpression } from './cron-expression.ts'
import { matchesDay } from './day-rule.ts'
import type { Calendar } from './job-calendar.ts'
import { nextWhen, whenDue } from './when-due.ts'
import { partsOf } from './when-parts.ts'

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
]
const MOST_TIMES = 6

/**
 * @param minute  one at which the job is not due
 * @returns a clause for each word of the job
 */
export function whyNotDue({ when, except, timezone: zone }: Calendar, minute: number): string[] {
  const isNamed = whenDue(when, zone, minute) !== undefined
  const taken = isNamed ? except.find((word) => whenDue(when, zone, minute, word) === undefined) : undefined
  if (taken !== undefined) {
    return [`${describeWhen(when)} names it, and except takes it away: ${describeWhen([taken])}`]
  }
  return when.map((word) => `${describeWhen([word])}: ${reasonOf(word, zone, minute)}`)
}

function reasonOf(word: When, zone: string, minute: number): string {
  const wall = minute + zoneOffset(zone, minute)
  // On a clock that never changes it would be due.
  const isOfTheClock = word.kind !== 'every' && word.kind !== 'once'
  if (isOfTheClock && whenDue(word, 'UTC', wall) !== undefined) {
    return `${timeOfDay(wall)} came twice on that day, and this was the second time`
  }
  const [part] = partsOf(word)
  if (word.kind === 'cron' && part?.kind === 'cron') return fieldsAgainst(part.cron, wall)
  if (word.kind === 'every') return `${timeOfDay(wall)} is between two of its times`
  const times = timesOfDay(word, zone, minute)
  if (times.length === 0) return `it has no time on ${dayText(wall)}`
  const more = times.length > MOST_TIMES ? ', …' : ''
  return `on ${dayText(wall)} its ${times.length === 1 ? 'time is' : 'times are'} ${times.slice(0, MOST_TIMES).join(', ')}${more}`
}

/** Each field of a cron line that leaves the wall time out. */
function fieldsAgainst({ text, minutes, hours, days }: CronExpression, wall: number): string {
  const [minuteField, hourField, dayField = '', monthField, weekdayField] = text.split(' ')
  const at = new Date(wall)
  const month = at.getUTCMonth() + 1
  const against: string[] = []
  if (minutes[at.getUTCMinutes()] !== true) against.push(`minute ${at.getUTCMinutes()} is not in "${minuteField}"`)
  if (hours[at.getUTCHours()] !== true) against.push(`hour ${at.getUTCHours()} is not in "${hourField}"`)
  if (days.months[month] !== true) against.push(`${MONTHS[month - 1]} is not in the months "${monthField}"`)
  else if (!matchesDay(days, Math.floor(wall / DAY_MS))) {
    const day = `day ${at.getUTCDate()} is not in the days of the month "${dayField}"`
    const weekday = `${WEEKDAYS[at.getUTCDay()]} is not in the weekdays "${weekdayField}"`
    if (dayField === '*') against.push(weekday)
    else if (weekdayField === '*') against.push(day)
    else against.push(days.both ? `${day}, or ${weekday}` : `${day}, and ${weekday}`)
  }
  return against.join('; ')
}

/** The times of day at which a word is due on the local day of a minute. */
function timesOfDay(word: When, zone: string, minute: number): string[] {
  const day = localDay(zone, minute)
  const times: string[] = []
  let at = minute - 25 * 60 * MINUTE_MS
  for (;;) {
    const next = nextWhen(word, zone, at)
    if (next === undefined || localDay(zone, next) > day || times.length > MOST_TIMES) return times
    if (localDay(zone, next) === day) times.push(timeOfDay(next + zoneOffset(zone, next)))
    at = next
  }
}

/** `Sat 2026-11-21` */
function dayText(wall: number): string {
  const at = new Date(wall)
  return `${WEEKDAYS[at.getUTCDay()]?.slice(0, 3)} ${at.toISOString().slice(0, 10)}`
}

/**
 * What each word of `when.ts` comes down to: cron expressions, intervals and single moments.
 *
 * Every word is compiled once per object. A new word needs a line in `compile`, and no new way to be due.
 */

import { Complaint, EXIT } from '../../exit.ts'
import { nearestName } from '../../nearest-name.ts'
import { parseDuration } from '../../time/duration.ts'
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { parseTime } from '../../time/zone.ts'
import { showValue } from '../language/show-value.ts'
import type { When } from '../language/when.ts'
import { type CronExpression, compileCron } from './cron-expression.ts'

export type Part = CronPart | IntervalPart | MomentPart

export interface CronPart {
  readonly kind: 'cron'
  readonly cron: CronExpression
}

export interface IntervalPart {
  readonly kind: 'interval'
  readonly stepMs: number
  /** Where the count begins: midnight on the wall clock of the zone, 1970-01-01 00:00 UTC, or a moment before which it is not due. */
  readonly anchor: 'midnight' | 'epoch' | Moment
}

export interface MomentPart {
  readonly kind: 'moment'
  readonly moment: Moment
}

/** A minute: of the world, or on the wall clock of whatever zone the job has, as if that were UTC. */
export type Moment = { readonly utc: number } | { readonly wall: number }

const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)$/
const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?<offset>Z|[+-]\d\d:\d\d)?$/
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const NTH_WEEKDAY = /^(1st|2nd|3rd|4th|5th|last) (sun|mon|tue|wed|thu|fri|sat)$/

/** The day-of-month field for the days that have a name. */
const NAMED_DAYS = new Map([
  ['last', 'L'],
  ['last-workday', 'LW'],
  ['first-workday', '1W'],
])

const compiled = new WeakMap<When | readonly When[], readonly Part[]>()

/** @throws Complaint (bad configuration), one sentence, when the word says what cannot be */
export function partsOf(when: When | readonly When[]): readonly Part[] {
  const parts = compiled.get(when) ?? (isList(when) ? when.flatMap(partsOf) : compile(when))
  compiled.set(when, parts)
  return parts
}

function isList(when: When | readonly When[]): when is readonly When[] {
  return Array.isArray(when)
}

function compile(when: When): readonly Part[] {
  switch (when.kind) {
    case 'cron':
      return [{ kind: 'cron', cron: compileCron(when.text, when.days) }]
    case 'every':
      return [intervalOf(when.interval, when.from)]
    case 'hourly':
      return [hourlyAt(when.minutes)]
    case 'daily':
      return atTimes('daily', when.times, '* * *')
    case 'weekdays':
      return atTimes('weekdays', when.times, '* * mon-fri')
    case 'weekly':
      if (when.days.length === 0) throw bad("weekly([]) names no day. Write for instance weekly('mon', '07:00')")
      return atTimes('weekly', when.times, `* * ${when.days.map(weekday).join(',')}`)
    case 'monthly':
      if (when.days.length === 0) throw bad("monthly([]) names no day. Write for instance monthly('last', '18:00')")
      return when.days.flatMap((day) => atTimes('monthly', when.times, dayFields(day)))
    case 'once':
      return [{ kind: 'moment', moment: momentOf('once', when.time) }]
  }
}

function intervalOf(text: string, from: string | undefined): Part {
  const stepMs = parseDuration(text)
  if (stepMs === undefined)
    throw bad(`every('${text}') is no duration. Write for instance every('5m') or every('1h30m')`)
  if (stepMs < MINUTE_MS || stepMs % MINUTE_MS !== 0) {
    throw bad(`every('${text}') is not a whole number of minutes. A job is due at most once a minute: use 1m or more`)
  }
  if (from !== undefined) return { kind: 'interval', stepMs, anchor: momentOf('every', from) }
  if (stepMs === DAY_MS) return atTime('every', '00:00', '* * *')
  return { kind: 'interval', stepMs, anchor: DAY_MS % stepMs === 0 ? 'midnight' : 'epoch' }
}

function hourlyAt(minutes: readonly number[]): Part {
  const wrong = minutes.find((minute) => !Number.isInteger(minute) || minute < 0 || minute > 59)
  if (wrong !== undefined) throw bad(`hourly(${wrong}) is no minute of an hour. Use whole numbers from 0 to 59`)
  if (minutes.length === 0) throw bad('hourly([]) names no minute. Write for instance hourly(5)')
  return { kind: 'cron', cron: compileCron(`${minutes.join(',')} * * * *`) }
}

/** @param days  the last three fields of a cron text */
function atTimes(word: string, times: readonly string[], days: string): Part[] {
  if (times.length === 0) throw bad(`${word}() names no time. Write for instance daily('02:30')`)
  return times.map((time) => atTime(word, time, days))
}

function atTime(word: string, time: string, days: string): CronPart {
  const [, hour, minute] = CLOCK_TIME.exec(time) ?? []
  if (hour === undefined)
    throw bad(`${word}() has '${time}', which is no time of day. Write two digits each, from 00:00 to 23:59`)
  return { kind: 'cron', cron: compileCron(`${minute} ${hour} ${days}`) }
}

function weekday(day: string): string {
  if (WEEKDAYS.includes(day)) return day
  const nearest = nearestName(day, WEEKDAYS)
  const advice = nearest === undefined ? 'Use mon, tue, wed, thu, fri, sat or sun' : `Did you mean ${nearest}?`
  throw bad(`weekly() has '${day}', which is no day. ${advice}`)
}

function dayFields(day: number | string): string {
  if (typeof day === 'number' && Number.isInteger(day) && day >= 1 && day <= 31) return `${day} * *`
  const named = NAMED_DAYS.get(String(day))
  if (named !== undefined) return `${named} * *`
  const [, nth, name = ''] = NTH_WEEKDAY.exec(String(day)) ?? []
  const number = WEEKDAYS.indexOf(name)
  if (nth === 'last') return `* * ${number}L`
  if (nth !== undefined) return `* * ${number}#${Number.parseInt(nth, 10)}`
  throw bad(
    `monthly() has ${showValue(day)}, which is no day of a month. Use 1 to 31, 'last', 'first-workday', 'last-workday', '1st sun' to '5th fri' or 'last fri'`,
  )
}

function momentOf(word: string, text: string): Moment {
  const parts = DATE_TIME.exec(text)
  const at = parts === null ? undefined : parseTime(text, 'UTC')
  if (at === undefined) {
    throw bad(
      `${word}() has ${showValue(text)}, which is no time. Write 2026-12-31T23:30, or with an offset 2026-12-31T23:30+01:00`,
    )
  }
  return parts?.groups?.offset === undefined ? { wall: at } : { utc: at }
}

function bad(sentence: string): Complaint {
  return new Complaint(EXIT.badConfig, /[.?]$/.test(sentence) ? sentence : `${sentence}.`)
}

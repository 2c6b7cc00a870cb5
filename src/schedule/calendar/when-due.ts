/**
 * What the words of `when.ts` mean: one evaluator for all of them, and for a list, which is their union.
 *
 * Every word is compiled, once per object, into parts: cron expressions and intervals. A new word needs a line in
 * `shapeOf` and one in `compile`, and no new way to be due.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { parseDuration } from '../../time/duration.ts'
import { zoneOffset } from '../../time/zone.ts'
import { showValue } from '../language/show-value.ts'
import type { When } from '../language/when.ts'
import { type CronExpression, compileCron } from './cron-expression.ts'
import { type Due, dueAt, nextDue } from './due.ts'

type Part = CronPart | IntervalPart

interface CronPart {
  readonly kind: 'cron'
  readonly cron: CronExpression
}

interface IntervalPart {
  readonly kind: 'interval'
  readonly stepMs: number
  /** Where the count begins: midnight on the wall clock of the zone, or 1970-01-01 00:00 UTC. */
  readonly anchor: 'midnight' | 'epoch'
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const CLOCK_TIME = /^([01]\d|2[0-3]):([0-5]\d)$/

const compiled = new WeakMap<When, readonly Part[]>()

/**
 * Whether, and how, any part of `when` is due in `zone`.
 *
 * @param minute  UTC milliseconds of a whole minute
 * @throws        Complaint when `when` did not come from `readWhen` and is wrong; so does `nextWhen`
 */
export function whenDue(when: When | readonly When[], zone: string, minute: number): Due | undefined {
  let due: Due | undefined
  for (const part of partsOf(when)) {
    const partDue = part.kind === 'cron' ? dueAt(part.cron, zone, minute) : intervalDue(part, zone, minute)
    if (partDue === 'match') return partDue
    due ??= partDue
  }
  return due
}

/**
 * The first minute after `from` at which any part of `when` is due.
 *
 * @param from  UTC milliseconds; the result is strictly later
 * @returns     UTC milliseconds on a whole minute, or undefined when none exists within 9 years
 */
export function nextWhen(when: When | readonly When[], zone: string, from: number): number | undefined {
  let first: number | undefined
  for (const part of partsOf(when)) {
    const next = part.kind === 'cron' ? nextDue(part.cron, zone, from) : nextInterval(part, zone, from)
    if (next !== undefined && (first === undefined || next < first)) first = next
  }
  return first
}

/**
 * Reads one `when` of a schedule file: a word of `when.ts`, the same data written as JSON, or a plain cron text.
 *
 * @throws  Complaint (bad configuration), one sentence
 */
export function readWhen(value: unknown): When {
  const when = shapeOf(value)
  compiled.set(when, compile(when))
  return when
}

function shapeOf(value: unknown): When {
  if (typeof value === 'string') return Object.freeze({ kind: 'cron', text: value })
  const { kind, text, interval, times }: Record<string, unknown> = Object(value)
  if (kind === 'cron' && typeof text === 'string') return Object.freeze({ kind, text })
  if (kind === 'every' && typeof interval === 'string') return Object.freeze({ kind, interval })
  if (kind === 'daily' && isTextList(times)) return Object.freeze({ kind, times: Object.freeze([...times]) })
  throw bad(`when is ${showValue(value)}. Write cron('*/5 * * * *'), every('5m') or daily('02:30')`)
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function partsOf(when: When | readonly When[]): readonly Part[] {
  if (isList(when)) return when.flatMap(partsOf)
  const parts = compiled.get(when) ?? compile(when)
  compiled.set(when, parts)
  return parts
}

function isList(when: When | readonly When[]): when is readonly When[] {
  return Array.isArray(when)
}

function compile(when: When): readonly Part[] {
  switch (when.kind) {
    case 'cron':
      return [{ kind: 'cron', cron: compileCron(when.text) }]
    case 'every':
      return [intervalOf(when.interval)]
    case 'daily':
      if (when.times.length === 0) throw bad("daily([]) names no time. Write for instance daily('02:30')")
      return when.times.map(onceADay)
  }
}

function intervalOf(text: string): Part {
  const stepMs = parseDuration(text)
  if (stepMs === undefined)
    throw bad(`every('${text}') is no duration. Write for instance every('5m') or every('1h30m')`)
  if (stepMs < MINUTE_MS || stepMs % MINUTE_MS !== 0) {
    throw bad(`every('${text}') is not a whole number of minutes. A job is due at most once a minute: use 1m or more`)
  }
  if (stepMs === DAY_MS) return onceADay('00:00')
  return { kind: 'interval', stepMs, anchor: DAY_MS % stepMs === 0 ? 'midnight' : 'epoch' }
}

function onceADay(time: string): CronPart {
  const [, hour, minute] = CLOCK_TIME.exec(time) ?? []
  if (hour === undefined) throw bad(`daily('${time}') is no time of day. Write two digits each, from 00:00 to 23:59`)
  return { kind: 'cron', cron: compileCron(`${minute} ${hour} * * *`) }
}

function bad(sentence: string): Complaint {
  return new Complaint(EXIT.badConfig, `${sentence}.`)
}

/** On the wall clock, too, midnights are whole multiples of a day, so finding them needs no calendar. */
function intervalDue(part: IntervalPart, zone: string, minute: number): Due | undefined {
  const counted = part.anchor === 'epoch' ? minute : minute + zoneOffset(zone, minute)
  return counted % part.stepMs === 0 ? 'match' : undefined
}

function nextInterval(part: IntervalPart, zone: string, from: number): number {
  const minute = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS
  if (part.anchor === 'epoch') return Math.ceil(minute / part.stepMs) * part.stepMs
  const offset = zoneOffset(zone, minute)
  const next = Math.ceil((minute + offset) / part.stepMs) * part.stepMs - offset
  if (zoneOffset(zone, next) === offset) return next
  // A clock changes before then: ask every minute.
  let walked = minute
  while (intervalDue(part, zone, walked) === undefined) walked += MINUTE_MS
  return walked
}

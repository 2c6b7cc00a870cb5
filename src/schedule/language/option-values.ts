/**
 * Readers of the values that options have: each takes what the file says and gives what is meant, or throws a `Complaint`
 * that names the option, what was given and what is allowed.
 */

import { parseSize } from '../../amount.ts'
import { Complaint, EXIT } from '../../exit.ts'
import { nearestName } from '../../nearest-name.ts'
import { formatDuration, parseDuration } from '../../time/duration.ts'
import { DAY_MS, MINUTE_MS } from '../../time/units.ts'
import { isZone, systemZone } from '../../time/zone.ts'
import type { CatchUp } from './define.ts'
import type { PlannedJob, Work } from './plan.ts'
import { showValue } from './show-value.ts'

type QueueWork = Extract<Work, { kind: 'queue' }>

const QUEUE_NAME = /^[!-~]{1,64}$/
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/
const HOST_NAME = /^[!-~]{1,255}$/

/** Until when a slot may be made up for, whatever a job says. */
const LONGEST_WITHIN_MS = 7 * DAY_MS

export const DEFAULT_CATCH_UP: PlannedJob['catchUp'] = { policy: 'latest', withinMs: 60 * MINUTE_MS, max: 10 }
export const DEFAULT_AFTER_MS = DAY_MS

export function readQueueName(value: unknown): string {
  if (typeof value !== 'string' || !QUEUE_NAME.test(value)) {
    throw bad(`queue is ${showValue(value)}. Use a name of 1 to 64 letters, digits and signs, without spaces.`)
  }
  if (value.startsWith('exec:')) {
    throw bad(`queue is ${showValue(value)}, which is where runs of commands stand. Use a name without "exec:".`)
  }
  return value
}

/** A command: the program, then its arguments. */
export function readCommand(value: unknown, option: string): readonly string[] {
  if (typeof value === 'string' && value.trim() !== '') {
    const words = value.trim().split(/\s+/)
    throw bad(`${option} is ${showValue(value)}. No shell takes it apart: write [${words.map(quoted).join(', ')}].`)
  }
  if (!isTextList(value) || (value[0] ?? '').trim() === '') {
    throw bad(`${option} is ${showValue(value)}. Give the program and its arguments, such as ['bin/backup', '--all'].`)
  }
  const odd = value.find((word) => word.includes('\0') || !word.isWellFormed())
  if (odd !== undefined) throw bad(`${option} holds ${showValue(odd)}, which no program can be given. Correct it.`)
  return [...value]
}

export function readFunction(value: unknown, option: string): true {
  if (typeof value === 'function') return true
  throw bad(`${option} is ${showValue(value)}. Give a function; a schedule in JSON cannot have one, use schedule.ts.`)
}

export function readReason(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw bad(`paused is ${showValue(value)}. Give the reason as text, or leave it out to let the job run.`)
}

export function readZone(value: unknown): string {
  if (value === 'system') return systemZone()
  if (typeof value === 'string' && isZone(value)) return value
  const nearest = typeof value === 'string' ? nearestName(value, Intl.supportedValuesOf('timeZone')) : undefined
  const advice = nearest === undefined ? "Use a zone such as 'Europe/Berlin', or 'system'." : `Did you mean ${nearest}?`
  throw bad(`timezone is ${showValue(value)}, which is no time zone. ${advice}`)
}

export function readShards(value: unknown): number | 'function' {
  if (typeof value === 'function') return 'function'
  if (isWhole(value, 1, 60)) return value
  throw bad(`shards is ${showValue(value)}. Use a whole number from 1 to 60, or a function that returns one.`)
}

export function readWholeNumber(value: unknown, option: string, least: number, most: number): number {
  if (isWhole(value, least, most)) return value
  throw bad(`${option} is ${showValue(value)}. Use a whole number from ${least} to ${most}.`)
}

export function readMaxLoad(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw bad(`maxLoad is ${showValue(value)}. Use a number above 0, the load average for each core, such as 1.5.`)
}

/** @param mostMs  without it, as long as durations go */
export function readDuration(value: unknown, option: string, leastMs: number, mostMs?: number): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined) throw bad(`${option} is ${showValue(value)}. Write a duration such as '90s', '15m' or '1h30m'.`)
  if (ms < leastMs) throw bad(`${option} is ${showValue(value)}. Use at least ${formatDuration(leastMs)}.`)
  if (mostMs !== undefined && ms > mostMs) {
    throw bad(`${option} is ${showValue(value)}. Use at most ${formatDuration(mostMs)}.`)
  }
  return ms
}

/** How late something may still be done. */
export function readWithin(value: unknown, option: string): number {
  return readDuration(value, option, MINUTE_MS, LONGEST_WITHIN_MS)
}

export function readSpread(value: unknown): number {
  const ms = readDuration(value, 'spread', 0, DAY_MS)
  if (ms % MINUTE_MS === 0) return ms
  throw bad(`spread is ${showValue(value)}. Use whole minutes: a job starts at the beginning of one.`)
}

export function readClockTime(value: unknown, option: string): string {
  if (typeof value === 'string' && CLOCK_TIME.test(value)) return value
  throw bad(`${option} is ${showValue(value)}. Write two digits each, from 00:00 to 23:59.`)
}

export function readHosts(value: unknown): PlannedJob['hosts'] {
  if (value === 'one' || value === 'each') return value
  if (!isTextList(value) || value.length === 0 || !value.every((name) => HOST_NAME.test(name))) {
    throw bad(`hosts is ${showValue(value)}. Use 'one', 'each', or a list of host names such as ['web-1', 'web-2'].`)
  }
  return [...new Set(value)]
}

export function readOneOf<const Word extends string>(value: unknown, option: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value)
  if (found !== undefined) return found
  const nearest = typeof value === 'string' ? nearestName(value, words) : undefined
  const advice =
    nearest === undefined ? `Use ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.` : `Did you mean ${nearest}?`
  throw bad(`${option} is ${showValue(value)}. ${advice}`)
}

export function readCatchUp(value: unknown): PlannedJob['catchUp'] {
  const example = "Give an object such as { policy: 'latest', within: '6h' }."
  const { policy, within, max } = readObject(value, 'catchUp', ['policy', 'within', 'max'], example)
  if (policy === undefined) throw bad("catchUp has no policy. Say 'latest', 'all' or 'none'.")
  const read = readOneOf<CatchUp['policy']>(policy, 'catchUp.policy', ['latest', 'all', 'none'])
  if (read === 'none' && within !== undefined) {
    throw bad("catchUp.within says how late a slot is run, but with policy 'none' none is. Leave one of them out.")
  }
  if (read !== 'all' && max !== undefined) {
    throw bad(`catchUp.max is for policy 'all', and the policy is '${read}'. Leave max out.`)
  }
  return {
    policy: read,
    withinMs: within === undefined ? DEFAULT_CATCH_UP.withinMs : readWithin(within, 'catchUp.within'),
    max: max === undefined ? DEFAULT_CATCH_UP.max : readWholeNumber(max, 'catchUp.max', 1, 1_000),
  }
}

export function readNotify(value: unknown): NonNullable<PlannedJob['notify']> {
  const example = "Give an object such as { command: ['bin/alert'], silence: '1h' }."
  const { command, url, silence } = readObject(value, 'notify', ['command', 'url', 'silence'], example)
  if (command === undefined && url === undefined) {
    throw bad("notify tells nobody. Give a command such as ['bin/alert'], or a url, or both.")
  }
  return {
    ...(command === undefined ? {} : { command: readCommand(command, 'notify.command') }),
    ...(url === undefined ? {} : { url: readUrl(url, 'notify.url') }),
    ...(silence === undefined ? {} : { silenceMs: readDuration(silence, 'notify.silence', MINUTE_MS) }),
  }
}

function readUrl(value: unknown, option: string): string {
  const url = typeof value === 'string' ? URL.parse(value) : null
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href
  throw bad(`${option} is ${showValue(value)}. Use an address that begins with https:// or http://.`)
}

/** Whether its programs are warm, and what is said of their limits. `false` is for a job whose defaults say otherwise. */
export function readWarm(value: unknown): { readonly warm?: NonNullable<QueueWork['warm']> } {
  if (value === false) return {}
  if (value === true) return { warm: {} }
  const example = "Use true, or an object such as { tasks: 500, age: '30m', memory: '512M' }."
  const { tasks, age, memory } = readObject(value, 'warm', ['tasks', 'age', 'memory'], example)
  return {
    warm: {
      ...(tasks === undefined ? {} : { tasks: readWholeNumber(tasks, 'warm.tasks', 1, 999_999_999) }),
      ...(age === undefined ? {} : { ageMs: readDuration(age, 'warm.age', 1_000) }),
      ...(memory === undefined ? {} : { memoryBytes: readSize(memory, 'warm.memory') }),
    },
  }
}

function readSize(value: unknown, option: string): number {
  const bytes = typeof value === 'string' ? parseSize(value) : undefined
  if (bytes !== undefined && bytes > 0) return bytes
  throw bad(`${option} is ${showValue(value)}. Write a size such as '256M' or '2G'.`)
}

/** An option that has options of its own, and no others. */
export function readObject<const Key extends string>(
  value: unknown,
  option: string,
  known: readonly Key[],
  example: string,
): Partial<Record<Key, unknown>> {
  if (!isRecord(value)) throw bad(`${option} is ${showValue(value)}. ${example}`)
  const unknown = Object.keys(value).find((key) => !known.some((name) => name === key))
  if (unknown !== undefined) throw bad(unknownName(unknown, known, `${option} has no option ${showValue(unknown)}`))
  return value as Partial<Record<Key, unknown>>
}

export function unknownName(
  name: string,
  known: readonly string[],
  fault = `${showValue(name)} is not an option`,
): string {
  const nearest = nearestName(name, known)
  return `${fault}. ${nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest}?`}`
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function quoted(word: string): string {
  return `'${word}'`
}

export function bad(sentence: string): Complaint {
  return new Complaint(EXIT.badConfig, sentence)
}

/**
 * What each option of a job may be, and how it is read: a table with a reader for every one.
 *
 * A reader turns what the file says into the fields of a `PlannedJob`, or throws a `Complaint` that names the option,
 * what was given and what is allowed. The compiler keeps the table complete: an option of `define.ts` needs its line.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { type CrashPolicy, isCrashPolicy } from '../../queue/crash-policy.ts'
import { parseRetryList } from '../../queue/retry-list.ts'
import { parseDuration } from '../../time/duration.ts'
import { isZone, systemZone } from '../../time/zone.ts'
import { readWhen } from '../calendar/when-due.ts'
import type { Job, JobOptions } from './define.ts'
import { nearestName } from './nearest-name.ts'
import type { PlannedJob } from './plan.ts'
import { showValue } from './show-value.ts'
import type { When } from './when.ts'

export interface Reading {
  readonly values: Partial<PlannedJob>
  /** Known options whose value was not understood. */
  readonly broken: readonly string[]
  /** What is wrong, one sentence for each. */
  readonly sentences: readonly string[]
}

type Reader = (value: unknown, option: string) => Partial<PlannedJob>
type Readers<Option extends string = string> = Readonly<Record<Option, Reader>>

const QUEUE_NAME = /^[!-~]{1,64}$/

/** The options that may also stand in `defaults`. */
export const DEFAULT_READERS: Readers<keyof JobOptions> = {
  timezone: (value) => ({ timezone: readZone(value) }),
  shards: (value, option) => ({ shards: readWholeNumber(value, option, 60) }),
  concurrency: (value, option) => ({ concurrency: readWholeNumber(value, option, 1000) }),
  batch: (value, option) => ({ batch: readWholeNumber(value, option, 1000) }),
  timeout: (value, option) => ({ timeoutMs: readDuration(value, option, 1_000) }),
  grace: (value, option) => ({ graceMs: readDuration(value, option, 0) }),
  retry: (value) => ({ retry: readRetryList(value) }),
  crash: (value) => ({ crash: readCrash(value) }),
  maxTime: (value, option) => ({ maxTimeMs: readDuration(value, option, 1_000) }),
}

export const JOB_READERS: Readers<keyof Job> = {
  when: (value) => ({ when: readWhens(value) }),
  queue: (value) => ({ queue: readQueueName(value) }),
  paused: (value) => ({ paused: readReason(value) }),
  ...DEFAULT_READERS,
}

/** Reads every option there is; one that is `undefined` counts as absent. */
export function readOptions(options: Readonly<Record<string, unknown>>, readers: Readers): Reading {
  const values: Partial<PlannedJob> = {}
  const broken: string[] = []
  const sentences: string[] = []
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue
    const read = Object.hasOwn(readers, option) ? readers[option] : undefined
    if (read === undefined) {
      sentences.push(unknownName(option, Object.keys(readers)))
      continue
    }
    try {
      Object.assign(values, read(value, option))
    } catch (error) {
      if (!(error instanceof Complaint)) throw error
      broken.push(option)
      sentences.push(error.message)
    }
  }
  return { values, broken, sentences }
}

export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const advice = nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest}?`
  return `${showValue(name)} is not an option. ${advice}`
}

function readWhens(value: unknown): readonly When[] {
  const whens: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (whens.length === 0) throw bad("when is an empty list. Say when the job is due, for instance every('5m').")
  return whens.map(readWhen)
}

function readQueueName(value: unknown): string {
  if (typeof value === 'string' && QUEUE_NAME.test(value)) return value
  throw bad(`queue is ${showValue(value)}. Use a name of 1 to 64 letters, digits and signs, without spaces.`)
}

function readReason(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw bad(`paused is ${showValue(value)}. Give the reason as text, or leave it out to let the job run.`)
}

function readZone(value: unknown): string {
  if (value === 'system') return systemZone()
  if (typeof value === 'string' && isZone(value)) return value
  const nearest = typeof value === 'string' ? nearestName(value, Intl.supportedValuesOf('timeZone')) : undefined
  const advice = nearest === undefined ? "Use a zone such as 'Europe/Berlin', or 'system'." : `Did you mean ${nearest}?`
  throw bad(`timezone is ${showValue(value)}, which is no time zone. ${advice}`)
}

function readWholeNumber(value: unknown, option: string, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value
  throw bad(`${option} is ${showValue(value)}. Use a whole number from 1 to ${most}.`)
}

function readDuration(value: unknown, option: string, leastMs: number): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined) throw bad(`${option} is ${showValue(value)}. Write a duration such as '90s', '15m' or '1h30m'.`)
  if (ms < leastMs) throw bad(`${option} is ${showValue(value)}. Use at least 1s.`)
  return ms
}

function readRetryList(value: unknown): string {
  if (typeof value !== 'string')
    throw bad(`retry is ${showValue(value)}. Write delays such as '2m,10m,1h', or '' for none.`)
  return parseRetryList(value).length === 0 ? '' : value.trim()
}

function readCrash(value: unknown): CrashPolicy {
  if (isCrashPolicy(value)) return value
  throw bad(`crash is ${showValue(value)}. Use retry, hold or fail.`)
}

function bad(sentence: string): Complaint {
  return new Complaint(EXIT.badConfig, sentence)
}

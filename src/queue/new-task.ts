/**
 * What a producer may put into the queue, checked before anything is written.
 *
 * Every refusal is one sentence that says what was given and what is allowed. Names of queues and tasks that nobody
 * works on yet are fine: the program may be deployed after the row.
 */
import { Complaint, EXIT } from '../exit.ts'
import { LONGEST_DURATION_MS } from '../time/duration.ts'
import { bucketOfKey, randomBucket } from './bucket.ts'
import { parseRetryList, RETRY_LIST_LENGTH } from './retry-list.ts'

export interface NewTask {
  /** The program in the tasks directory: its file name, or its name without the extension. */
  readonly task: string
  /** Handed to the program as its first argument and on its standard input; at most 65,535 bytes of UTF-8. */
  readonly param?: string
  /** Default `default`. */
  readonly queue?: string
  /** -32768..32767, lower first; default 0. */
  readonly priority?: number
  /** Run it this many milliseconds from now, by the database's clock. */
  readonly inMs?: number
  /** Run it at this time: UTC milliseconds, a Date, or ISO 8601 text. Not together with `inMs`. */
  readonly at?: number | Date | string
  /** Useless after this time: it fails then instead of being started. */
  readonly expires?: number | Date | string
  /** Tasks with one key run one at a time, in the order of their ids. */
  readonly key?: string
  /** Refused as a duplicate while an unfinished task has the same value. */
  readonly unique?: string
  /** Keep refusing duplicates of `unique` after the task is finished. */
  readonly keepUnique?: boolean
  /** Delays between attempts, such as `2m,10m,1h`; `none` for one attempt only. */
  readonly retry?: string
  /** 1..65535; default as many as the retry list gives. */
  readonly maxAttempts?: number
  /** Milliseconds after which the program is stopped; whole seconds are kept. */
  readonly timeoutMs?: number
}

/** A row ready to be written: every field checked, nothing left to default but what the database decides. */
export interface TaskRow {
  readonly queue: string
  readonly task: string
  readonly param: string
  readonly priority: number
  readonly bucket: number
  readonly shardKey: string | null
  readonly uniqueKey: string | null
  readonly keepUnique: 0 | 1
  readonly inMs: number
  readonly at: number | null
  readonly expiresAt: number | null
  readonly retry: string | null
  readonly maxAttempts: number | null
  readonly timeoutSeconds: number | null
}

export const LONGEST_PARAM_BYTES = 65_535
/** Clocks differ, and a time may be computed a moment before it is handed over. */
const TOLERATED_PAST_MS = 60_000
const QUEUE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const FIELDS = new Set([
  'task',
  'param',
  'queue',
  'priority',
  'inMs',
  'at',
  'expires',
  'key',
  'unique',
  'keepUnique',
  'retry',
  'maxAttempts',
  'timeoutMs',
])

/**
 * @param now       UTC milliseconds, to tell a time in the past
 * @param latestMs  the latest time the database can hold
 * @throws Complaint (bad data)
 */
export function checkNewTask(given: NewTask, now: number, latestMs: number): TaskRow {
  const unknown = Object.keys(given).find((name) => !FIELDS.has(name))
  if (unknown !== undefined) refuse(`A task has no field "${unknown}". It has ${[...FIELDS].join(', ')}.`)
  const { task, param = '', queue = 'default' } = given
  if (task === undefined || task === '')
    refuse('The task is empty. Name a program of the tasks directory, such as send-msg.')
  text('task', task, 128)
  checkQueueName(queue)
  checkParam(param)
  if (given.at !== undefined && given.inMs !== undefined) refuse('Both "at" and "in" are given. Use one of them.')

  const at = time('at', given.at, latestMs)
  if (at !== null && at < now - TOLERATED_PAST_MS) {
    refuse(`The time "at" is ${iso(at)}, which is over. Leave it out to have the task run now.`)
  }
  const expiresAt = time('expires', given.expires, latestMs)
  if (expiresAt !== null && expiresAt <= now)
    refuse(`The task would expire at ${iso(expiresAt)}, which is over. Give a later time.`)
  const runAt = at ?? now + wholeNumber('in', given.inMs ?? 0, 0, LONGEST_DURATION_MS)
  if (expiresAt !== null && expiresAt <= runAt) {
    refuse(
      `The task would expire at ${iso(expiresAt)}, before it may run at ${iso(runAt)}. Give a later time to expire.`,
    )
  }
  return {
    queue,
    task,
    param,
    priority: wholeNumber('priority', given.priority ?? 0, -32_768, 32_767),
    bucket: given.key === undefined ? randomBucket() : bucketOfKey(keyText('key', given.key)),
    shardKey: given.key ?? null,
    uniqueKey: given.unique === undefined ? null : keyText('unique', given.unique),
    keepUnique: truth('keepUnique', given.keepUnique ?? false) ? 1 : 0,
    inMs: given.inMs ?? 0,
    at,
    expiresAt,
    retry: given.retry === undefined ? null : retryList(given.retry),
    maxAttempts: given.maxAttempts === undefined ? null : wholeNumber('maxAttempts', given.maxAttempts, 1, 65_535),
    timeoutSeconds:
      given.timeoutMs === undefined
        ? null
        : Math.ceil(wholeNumber('timeout', given.timeoutMs, 1, LONGEST_DURATION_MS) / 1_000),
  }
}

/** @throws Complaint (bad data) when `queue` cannot be the name of a queue */
export function checkQueueName(queue: string): void {
  if (typeof queue !== 'string' || !QUEUE_NAME.test(queue)) {
    refuse(
      `The queue ${show(queue)} is no queue name. Use 1 to 64 letters, digits, ".", "_" or "-", beginning with a letter or digit.`,
    )
  }
}

function checkParam(param: string): void {
  if (typeof param !== 'string')
    refuse(`The param is ${show(param)}. Give text; encode structures with JSON or encodeParams.`)
  const bytes = Buffer.byteLength(param)
  if (bytes > LONGEST_PARAM_BYTES) {
    refuse(
      `The param is ${bytes} bytes long. At most ${LONGEST_PARAM_BYTES} fit; put the data into a table or a file and give its id.`,
    )
  }
  if (param.includes('\0'))
    refuse('The param holds a NUL byte, which no program can be given as an argument. Encode it.')
  if (!param.isWellFormed())
    refuse('The param is not well-formed Unicode (half of a surrogate pair). Correct or encode it.')
}

/** What a script makes of a variable that is not set would be one key for everything. */
function keyText(name: string, value: unknown): string {
  const key = text(name, value, 255)
  if (key === '') refuse(`The ${name} is empty. Give a text, or leave it out.`)
  return key
}

export function text(name: string, value: unknown, longest: number): string {
  if (typeof value !== 'string') refuse(`The ${name} is ${show(value)}. Give text.`)
  if (value.includes('\0') || !value.isWellFormed())
    refuse(`The ${name} ${show(value)} holds a NUL or half a character. Correct it.`)
  if ([...value].length > longest)
    refuse(`The ${name} is ${[...value].length} characters long. Use at most ${longest}.`)
  return value
}

function truth(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') refuse(`The ${name} is ${show(value)}. Use true or false.`)
  return value
}

export function wholeNumber(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(`The ${name} is ${show(value)}. Use a whole number from ${least} to ${most}.`)
  }
  return value
}

export function time(name: string, value: number | Date | string | undefined, latestMs: number): number | null {
  if (value === undefined) return null
  const ms = typeof value === 'number' ? value : (value instanceof Date ? value : new Date(value)).getTime()
  if (!Number.isFinite(ms) || (typeof value === 'string' && !/^\d{4}-\d\d-\d\d/.test(value))) {
    refuse(`The time "${name}" is ${show(value)}, which is no time. Write it like 2026-12-31T23:30:00Z.`)
  }
  if (ms < 1_000) refuse(`The time "${name}" is ${show(value)}. Give a time after 1970.`)
  if (ms > latestMs) refuse(`The time "${name}" is ${iso(ms)}. This database holds times up to ${iso(latestMs)}.`)
  return Math.round(ms)
}

function retryList(value: string): string {
  const list = text('retry list', value, RETRY_LIST_LENGTH).trim()
  parseRetryList(list)
  return list === '' ? 'none' : list
}

function iso(ms: number): string {
  return Number.isFinite(new Date(ms).getTime()) ? new Date(ms).toISOString() : `${ms} ms`
}

function show(value: unknown): string {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return shown.length > 80 ? `${shown.slice(0, 77)}…` : shown
}

function refuse(sentence: string): never {
  throw new Complaint(EXIT.badData, sentence)
}

/**
 * A line of an export, read back: the task as it will stand in the table, or the sentence that says what is wrong with it.
 *
 * A line that names no state is a new task, as for `add-task`. One that does keeps what it was, with the attempts that it has
 * left. What ran when it was exported has not finished here, so it is ready again, and that attempt does not count.
 */
import { Complaint, EXIT } from '../exit.ts'
import { bucketOfKey } from '../queue/bucket.ts'
import { isExecQueue } from '../queue/exec-queue.ts'
import { checkNewTask, type NewTask, type TaskRow, text, time, wholeNumber } from '../queue/new-task.ts'
import { STATUS, STATUS_NAMES, type StatusName } from '../queue/status.ts'
import type { Ending } from '../queue/store/read-task.ts'
import { HELD_FOR_PAUSE } from '../queue/store/set-aside.ts'
import type { StoredAttempt, StoredTask } from '../queue/store/stored-task.ts'

export interface ImportTerms {
  /** All go into this queue. */
  readonly queue?: string | undefined
  /** UTC milliseconds. */
  readonly now: number
  /** The latest time that the database holds. */
  readonly latestMs: number
}

export interface ImportedTask {
  readonly task: StoredTask
  /** It ran when it was exported. */
  readonly ran: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** What a new task has, but for its times. */
const LASTING = [
  ...['task', 'param', 'queue', 'priority', 'key', 'unique', 'keepUnique', 'retry', 'maxAttempts', 'timeoutMs'],
] as const
const KEYS = new Set(['key', 'unique'])
const ENDING_FIELDS = ['startedAt', 'finishedAt', 'exitCode', 'exitSignal', 'error', 'cpuMs']
const KNOWN = new Set<string>([
  ...LASTING,
  ...['id', 'state', 'at', 'expires', 'attempts', 'crashes', 'heldFor', 'addedAt', 'past'],
  ...ENDING_FIELDS,
])
const KNOWN_OF_ATTEMPT = new Set(['attempt', 'outcome', ...ENDING_FIELDS])
const MOST_ATTEMPTS = 65_535
const MOST_CRASHES = 255
const LONGEST_CPU_MS = 4_294_967_295

/**
 * @returns undefined for a run of a job's command, which only the schedule adds
 * @throws Complaint (bad data)
 */
export function importedTask(line: Fields, terms: ImportTerms): ImportedTask | undefined {
  if (typeof line.queue === 'string' && isExecQueue(line.queue)) return undefined
  const given = terms.queue === undefined ? line : { ...line, queue: terms.queue }
  if (given.state === undefined) return { task: newTask(given, terms), ran: false }
  refuseUnknown(given, KNOWN)
  const state = stateOf(given.state)
  const ran = state === 'running'
  const waitsAgain = ran || (state === 'held' && given.heldFor === HELD_FOR_PAUSE)
  const attempts = whole('attempts', given.attempts ?? 0, MOST_ATTEMPTS)
  const at = moment('at', given.at, terms) ?? terms.now
  const row = checkNewTask(lasting(given), terms.now, terms.latestMs)
  const task: StoredTask = {
    ...stored(row),
    ...emptyKeys(given),
    status: STATUS[waitsAgain ? 'ready' : state],
    runAt: at,
    expiresAt: moment('expires', given.expires, terms),
    attempts: ran ? Math.max(0, attempts - 1) : attempts,
    crashes: whole('crashes', given.crashes ?? 0, MOST_CRASHES),
    addedAt: moment('addedAt', given.addedAt, terms) ?? terms.now,
    ...endingOf(given, terms),
    past: pastOf(given.past, terms),
  }
  return { task, ran }
}

function newTask(given: Fields, { now, latestMs }: ImportTerms): StoredTask {
  const row = checkNewTask(given as unknown as NewTask, now, latestMs)
  const runAt = row.at ?? now + row.inMs
  const status = row.at !== null || row.inMs > 0 ? STATUS.scheduled : STATUS.ready
  return { ...stored(row), status, runAt, expiresAt: row.expiresAt, addedAt: now }
}

/** But for empty keys, which nobody should give to a new task. */
function lasting(given: Fields): NewTask {
  const isGiven = (name: string) => name in given && !(KEYS.has(name) && given[name] === '')
  return Object.fromEntries(LASTING.flatMap((name) => (isGiven(name) ? [[name, given[name]]] : []))) as never
}

/** A producer's plain INSERT may have written them: they are kept as they were. */
function emptyKeys({ key, unique }: Fields): Partial<StoredTask> {
  return { ...(key === '' && { shardKey: '', bucket: bucketOfKey('') }), ...(unique === '' && { uniqueKey: '' }) }
}

const NO_ENDING: Ending = {
  ...{ exitCode: null, exitSignal: null, error: null, output: null, cpuMs: null, startedAt: null, finishedAt: null },
}

function stored(row: TaskRow): Omit<StoredTask, 'status' | 'runAt' | 'expiresAt' | 'addedAt'> {
  const { queue, task, param, priority, bucket, shardKey, uniqueKey, keepUnique } = row
  const { maxAttempts, retry, timeoutSeconds } = row
  return {
    ...{ id: 0, heldFor: null, queue, task, param, paramBytes: Buffer.byteLength(param), priority, bucket },
    ...{ shardKey, uniqueKey, keepUnique, attempts: 0, crashes: 0, maxAttempts, retry, timeoutSeconds },
    ...NO_ENDING,
    past: [],
  }
}

function pastOf(value: unknown, terms: ImportTerms): StoredAttempt[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) refuse('The field "past" is no list of attempts. Write it as "queuectl export" does.')
  return value.map((one: unknown, i): StoredAttempt => {
    if (typeof one !== 'object' || one === null)
      refuse('An attempt in "past" is no object. Write it as "queuectl export" does.')
    const fields = one as Fields
    refuseUnknown(fields, KNOWN_OF_ATTEMPT)
    return {
      attempt: whole('attempt', fields.attempt, MOST_ATTEMPTS),
      outcome: text('outcome', fields.outcome, 16),
      claimToken: i + 1,
      ...endingOf(fields, terms),
    }
  })
}

function endingOf(given: Fields, terms: ImportTerms): Ending {
  const optional = <T>(name: string, read: (value: unknown) => T) =>
    given[name] === undefined || given[name] === null ? null : read(given[name])
  return {
    exitCode: optional('exitCode', (value) => wholeNumber('exitCode', value, -32_768, 32_767)),
    exitSignal: optional('exitSignal', (value) => text('exitSignal', value, 16)),
    error: optional('error', (value) => text('error', value, 1_024)),
    output: null,
    cpuMs: optional('cpuMs', (value) => whole('cpuMs', value, LONGEST_CPU_MS)),
    startedAt: moment('startedAt', given.startedAt, terms),
    finishedAt: moment('finishedAt', given.finishedAt, terms),
  }
}

function stateOf(value: unknown): StatusName {
  const state = STATUS_NAMES.find((name) => name === value)
  if (state === undefined) refuse(`The state is ${JSON.stringify(value)}. Use one of ${STATUS_NAMES.join(', ')}.`)
  return state
}

function moment(name: string, value: unknown, { latestMs }: ImportTerms): number | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' && typeof value !== 'number')
    refuse(`The time "${name}" is ${JSON.stringify(value)}, which is no time. Write it like 2026-12-31T23:30:00Z.`)
  return time(name, value, latestMs)
}

function whole(name: string, value: unknown, most: number): number {
  return wholeNumber(name, value, 0, most)
}

function refuseUnknown(fields: Fields, known: ReadonlySet<string>): void {
  const unknown = Object.keys(fields).find((name) => !known.has(name))
  if (unknown !== undefined) refuse(`There is no field "${unknown}". There are ${[...known].join(', ')}.`)
}

function refuse(sentence: string): never {
  throw new Complaint(EXIT.badData, sentence)
}

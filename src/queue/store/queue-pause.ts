/**
 * Pauses of queues and of task programs: nothing of them is started for the time being, and what runs goes on.
 *
 * A pause is a row of `setting`, named `pause-queue:<queue>` or `pause-task:<queue, or * for every one>/<program>`, the program
 * percent-encoded because names are ASCII. Its value says by whom, why, and until when; it is over when that time has come
 * by the database's clock. Tasks of a paused program are set aside (`set-aside.ts`). So the row of such a pause stays for a while
 * when it is over, marked as lifted: until it is gone, whoever sweeps looks for what is still set aside.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import type { PauseValue } from './stop.ts'

/** What is paused. Undefined: every queue, or every task program; one of the two is given. */
export interface QueuePauseKey {
  readonly queue: string | undefined
  readonly task: string | undefined
}

export interface QueuePause extends QueuePauseKey {
  /** Who asked for it, such as `root@web-1`. */
  readonly by: string
  /** UTC milliseconds, by the database's clock. */
  readonly since: number
  readonly reason?: string
  /** UTC milliseconds at which it is over by itself. */
  readonly until?: number
}

export interface QueuePaused {
  readonly pause: QueuePause
  /** The pause of the same words that it took the place of. */
  readonly before: QueuePause | undefined
}

/** A row of a pause, in force or over. */
export interface QueuePauseRow {
  readonly pause: QueuePause
  readonly name: string
  /** As it stands in the table. */
  readonly value: string
  /** For how long it has been over, by the database's clock; undefined while it is in force. */
  readonly overMs: number | undefined
}

const EVERY_QUEUE = '*'
const OF_QUEUE = 'pause-queue:'
const OF_TASK = 'pause-task:'
/** Rows of pauses of task programs, in force or over, as a condition: a range of the primary key. */
export const PAUSED_PROGRAM = "name > 'pause-task:' AND name < 'pause-task;'"
/** As long as the column `name` holds, with room for the queue. */
const LONGEST_TASK = 300

/** Those in force, the oldest first. */
export async function queuePauses(db: Driver): Promise<QueuePause[]> {
  return (await queuePauseRows(db)).flatMap(({ pause, overMs }) => (overMs === undefined ? pause : []))
}

/** The oldest first. One small range of the primary key: every worker asks for it once a second. */
export async function queuePauseRows(db: Driver): Promise<QueuePauseRow[]> {
  const { now, asMs } = db.dialect
  const rows = await db.all<{ name: string; value: string; since: number; now: number }>(
    `SELECT name, value, ${asMs('mtime')} AS since, ${asMs(now)} AS now
       FROM setting
      WHERE name > 'pause-' AND name < 'pause.' -- 'pause:', of a job, comes later`,
  )
  return rows
    .map((row) => rowOf(row.name, row.value, Number(row.since), Number(row.now)))
    .toSorted((a, b) => a.pause.since - b.pause.since)
}

/** The pause that keeps everything of a queue from being started. */
export function pauseOfQueue(pauses: readonly QueuePause[], queue: string): QueuePause | undefined {
  return pauses.find((pause) => pause.task === undefined && isOfQueue(pause, queue))
}

/** The pause that keeps a task of a queue from being started: that of the queue, or of its program. */
export function pauseOfTask(pauses: readonly QueuePause[], queue: string, task: string): QueuePause | undefined {
  const ofProgram = () => pauses.find((pause) => pause.task === task && isOfQueue(pause, queue))
  return pauseOfQueue(pauses, queue) ?? ofProgram()
}

export function isOfQueue(pause: QueuePauseKey, queue: string): boolean {
  return pause.queue === undefined || pause.queue === queue
}

/** Puts a pause in force. One of the same words gives way to it: the last word holds. */
export async function addQueuePause(
  db: Driver,
  key: QueuePauseKey,
  value: PauseValue,
  patienceMs: number,
): Promise<QueuePaused> {
  const name = pauseName(key)
  const text = JSON.stringify(value)
  const find = async () => (await queuePauseRows(db)).find((row) => row.name === name)
  let before: QueuePauseRow | undefined
  return again(db.dialect, { forMs: patienceMs }, async (attempt) => {
    if (attempt === 0) before = await find() // afterwards it may be our own
    const { now, orIgnore } = db.dialect
    const { changed } = await db.run(`UPDATE setting SET value = ?, mtime = ${now} WHERE name = ?`, [text, name])
    if (changed === 0) await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${orIgnore('name')}`, [name, text])
    const after = await find()
    return {
      // Somebody lifted it in the same moment: then it is as if that had come a moment later.
      pause: after?.pause ?? pauseOf(key, value, Date.now()),
      before: before?.overMs === undefined ? before?.pause : undefined,
    }
  })
}

/**
 * Lifts pauses. That of a queue is gone at once; that of a task program is marked as lifted, and stays until nothing is set
 * aside for it any more.
 */
export async function removeQueuePauses(db: Driver, keys: readonly QueuePauseKey[], patienceMs: number): Promise<void> {
  for (const key of keys) {
    const name = pauseName(key)
    await again(db.dialect, { forMs: patienceMs }, () =>
      key.task === undefined
        ? db.run('DELETE FROM setting WHERE name = ?', [name])
        : db.run(`UPDATE setting SET value = ?, mtime = ${db.dialect.now} WHERE name = ?`, [lifted(), name]),
    )
  }
}

/** Removes the row of a pause that is over; one that was put in force anew in between stays. */
export async function forgetQueuePause(db: Driver, { name, value }: QueuePauseRow): Promise<void> {
  await db.run('DELETE FROM setting WHERE name = ? AND value = ?', [name, value])
}

/** @throws Complaint (usage) when the program's name is too long to be a name of ours */
export function pauseName({ queue, task }: QueuePauseKey): string {
  if (task === undefined) return `${OF_QUEUE}${queue ?? EVERY_QUEUE}`
  const encoded = encodeURIComponent(task.toWellFormed())
  if (encoded.length <= LONGEST_TASK) return `${OF_TASK}${queue ?? EVERY_QUEUE}/${encoded}`
  throw new Complaint(EXIT.usage, 'The name of the task program is too long to be paused. Pause its queue instead.')
}

const LIFTED = '{"lifted":'

/** No two are the same text, so whoever removes one removes no other. */
function lifted(): string {
  return `${LIFTED}${Date.now()}}`
}

function rowOf(name: string, value: string, since: number, now: number): QueuePauseRow {
  const key = keyOf(name)
  if (value.startsWith(LIFTED)) return { name, value, overMs: now - since, pause: { ...key, by: '', since } }
  const pause = pauseOf(key, readValue(value), since)
  const overMs = pause.until === undefined || pause.until > now ? undefined : now - pause.until
  return { name, value, overMs, pause }
}

function pauseOf(key: QueuePauseKey, { by, reason, until }: PauseValue, since: number): QueuePause {
  return {
    ...{ queue: key.queue, task: key.task, by, since },
    ...(reason === null ? {} : { reason }),
    ...(until === null ? {} : { until }),
  }
}

/** The name of a queue holds no `/`. */
function keyOf(name: string): QueuePauseKey {
  const ofTask = name.startsWith(OF_TASK)
  const [queue = '', task = ''] = name.slice((ofTask ? OF_TASK : OF_QUEUE).length).split('/')
  return { queue: queue === EVERY_QUEUE ? undefined : queue, task: ofTask ? decoded(task) : undefined }
}

/** What somebody wrote by hand must not keep every worker from reading the others. */
function decoded(task: string): string {
  try {
    return decodeURIComponent(task)
  } catch {
    return task
  }
}

/** A pause that was written by hand may say by whom it is and nothing more, or what makes no sense: it is in force all the same. */
function readValue(value: string): PauseValue {
  const { by, reason, until } = parsed(value)
  return {
    by: typeof by === 'string' && by !== '' ? by : 'somebody',
    reason: typeof reason === 'string' ? reason : null,
    until: typeof until === 'number' && !Number.isNaN(new Date(until).getTime()) ? until : null,
  }
}

function parsed(value: string): { readonly [Name in keyof PauseValue]?: unknown } {
  try {
    return (JSON.parse(value) as object | null) ?? {}
  } catch {
    return { by: value }
  }
}

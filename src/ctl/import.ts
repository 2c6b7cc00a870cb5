/**
 * `queuectl import`: the tasks of an export, written as they were.
 *
 * Every line is read and judged before the first is written, so a file with a mistake adds nothing. Therefore the lines are read
 * twice, and never kept.
 */

import { amount, grouped } from '../amount.ts'
import { Complaint, EXIT } from '../exit.ts'
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import { STATUS_NAMES, type StatusName, statusName } from '../queue/status.ts'
import { insertStored, uniqueTaken } from '../queue/store/insert-stored.ts'
import type { StoredTask } from '../queue/store/stored-task.ts'
import { type ImportedTask, type ImportTerms, importedTask } from './imported-task.ts'
import { type JsonLine, jsonLines, ofLine } from './json-lines.ts'
import { PATIENCE_MS } from './patience.ts'

export interface ImportRequest {
  /** The bytes, from the beginning each time. */
  readonly open: () => AsyncIterable<Buffer>
  readonly terms: ImportTerms
  readonly dryRun: boolean
  /** When it is aborted, the batch that is under way is the last. */
  readonly stop: AbortSignal
  /** Of the reading first, then of the writing with its end. */
  readonly onProgress: (lines: number, total: number | undefined) => void
}

export interface Imported {
  readonly added: Readonly<Partial<Record<StatusName, number>>>
  /** An unfinished task has their unique value. */
  readonly duplicates: number
  /** They ran when they were exported, and are ready here. */
  readonly ran: number
  /** Runs of jobs' commands. */
  readonly leftOut: number
  /** The last line that was dealt with, when it was stopped before the end. */
  readonly stoppedAt: number | undefined
}

const BATCH = 250

/** @throws Complaint (bad data) that names the line; nothing is added then */
export async function importTasks(db: Driver, request: ImportRequest): Promise<Imported> {
  const found = await readAll(request)
  return request.dryRun ? found.counts : await addAll(db, request, found.total)
}

interface Batch {
  readonly tasks: readonly (ImportedTask & { readonly line: number })[]
  readonly leftOut: number
  /** The last line in it. */
  readonly line: number
}

async function readAll(request: ImportRequest): Promise<{ total: number; counts: Imported }> {
  const counts = new Counts()
  let total = 0
  for await (const { number, value } of jsonLines(request.open())) {
    const found = ofLine(number, () => importedTask(value, request.terms))
    if (found === undefined) counts.leftOut++
    else counts.add(found)
    request.onProgress(++total, undefined)
    if (request.stop.aborted) throw new Complaint(EXIT.busy, 'Stopped while the lines were read. Nothing was added.')
  }
  return { total, counts: counts.result() }
}

async function addAll(db: Driver, request: ImportRequest, total: number): Promise<Imported> {
  const counts = new Counts()
  let done = 0
  for await (const batch of batchesOf(request)) {
    if (request.stop.aborted) return { ...counts.result(), stoppedAt: counts.line }
    await addBatch(db, batch, counts)
    counts.leftOut += batch.leftOut
    counts.line = batch.line
    done += batch.tasks.length + batch.leftOut
    request.onProgress(done, total)
  }
  return counts.result()
}

async function* batchesOf({ open, terms }: ImportRequest): AsyncGenerator<Batch> {
  let tasks: (ImportedTask & { line: number })[] = []
  let leftOut = 0
  let last: JsonLine | undefined
  for await (const line of jsonLines(open())) {
    last = line
    const found = ofLine(line.number, () => importedTask(line.value, terms))
    if (found === undefined) leftOut++
    else tasks.push({ ...found, line: line.number })
    if (tasks.length === BATCH) {
      yield { tasks, leftOut, line: line.number }
      tasks = []
      leftOut = 0
    }
  }
  if (last !== undefined) yield { tasks, leftOut, line: last.number }
}

async function addBatch(db: Driver, { tasks }: Batch, counts: Counts): Promise<void> {
  const values = tasks.flatMap(({ task }) => task.uniqueKey ?? [])
  const taken = await guarded(db, counts, () => uniqueTaken(db, values))
  const free = tasks.filter(({ task }) => task.uniqueKey === null || !taken.has(task.uniqueKey))
  counts.duplicates += tasks.length - free.length
  try {
    await write(
      db,
      free.map(({ task }) => task),
    )
    for (const one of free) counts.add(one)
  } catch (error) {
    if (error instanceof Complaint) throw afterwards(error, counts)
    for (const one of free) await addOne(db, one, counts)
  }
}

/** One of a batch is refused: which one is found by adding them one by one. */
async function addOne(db: Driver, one: ImportedTask & { readonly line: number }, counts: Counts): Promise<void> {
  try {
    await write(db, [one.task])
    counts.add(one)
    counts.line = one.line
  } catch (error) {
    if (db.dialect.isDuplicate(error)) counts.duplicates++
    else if (error instanceof Complaint) throw afterwards(error, counts)
    else {
      const reason = (error as Error).message
      throw afterwards(
        new Complaint(EXIT.badData, `Line ${one.line}: The database refuses it (${reason}). Correct it.`),
        counts,
      )
    }
  }
}

async function write(db: Driver, tasks: readonly StoredTask[]): Promise<void> {
  if (tasks.length === 0) return
  await onceOnly(db, () => db.transaction((tx) => insertStored(tx, db.dialect, tasks)))
}

async function guarded<T>(db: Driver, counts: Counts, work: () => Promise<T>): Promise<T> {
  try {
    return await onceOnly(db, work)
  } catch (error) {
    throw error instanceof Complaint ? afterwards(error, counts) : error
  }
}

/** Done again when nothing was written. An answer that was lost is an error: adding again might add twice. */
function onceOnly<T>(db: Driver, work: () => Promise<T>): Promise<T> {
  return again({ ...db.dialect, isConnectionLost: () => false }, { forMs: PATIENCE_MS }, work)
}

/** What was added stays, so the same file given again would add it twice. */
function afterwards({ exitCode, message, cause }: Complaint, { line }: Counts): Complaint {
  return new Complaint(exitCode, `${message} ${goOnText(line)}`, { cause })
}

/** @param line  the last one that was dealt with */
export function goOnText(line: number): string {
  if (line === 0) return 'Nothing was added.'
  return `The lines up to ${grouped(line)} are dealt with: go on with "tail -n +${line + 1} FILE | queuectl import".`
}

class Counts {
  readonly #added: Partial<Record<StatusName, number>> = {}
  #ran = 0
  duplicates = 0
  leftOut = 0
  /** The last one that was dealt with. */
  line = 0

  add({ task, ran }: ImportedTask): void {
    const state = statusName(task.status) as StatusName
    this.#added[state] = (this.#added[state] ?? 0) + 1
    if (ran) this.#ran++
  }

  result(): Imported {
    const { duplicates, leftOut } = this
    return { added: this.#added, ran: this.#ran, duplicates, leftOut, stoppedAt: undefined }
  }
}

export function totalAdded({ added }: Imported): number {
  return STATUS_NAMES.reduce((sum, state) => sum + (added[state] ?? 0), 0)
}

export function importedLines(result: Imported, dryRun: boolean): string[] {
  const { added, duplicates, ran, leftOut, stoppedAt } = result
  const states = STATUS_NAMES.filter((state) => added[state] !== undefined)
  const inStates = states.map((state) => `${grouped(added[state] ?? 0)} ${state}`).join(', ')
  const verb = dryRun ? 'Every line is fine. Without --dry-run, added:' : 'Added'
  const there = duplicates === 0 ? '' : `; ${grouped(duplicates)} were there already, by their unique value`
  const lines = [`${verb} ${amount(totalAdded(result), 'task')}${inStates === '' ? '' : ` (${inStates})`}${there}.`]
  if (ran > 0) lines.push(`${amount(ran, 'task')} ran when ${ran === 1 ? 'it was' : 'they were'} exported: ready here.`)
  if (leftOut > 0)
    lines.push(
      `${amount(leftOut, "run of a job's command is", "runs of jobs' commands are")} left out: only the schedule adds those.`,
    )
  if (stoppedAt !== undefined) lines.push(`Stopped before the end. ${goOnText(stoppedAt)}`)
  return lines
}

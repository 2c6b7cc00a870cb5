/**
 * Reading back what a day file says about attempts: whether a worker that was killed had logged one before it was booked.
 *
 * Lines and outputs follow each other, and a line says how many bytes of output stand behind it, so what a program wrote is
 * never taken for a line.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { BlockPlace } from './day-log.ts'

/** An attempt as its line tells it. */
export interface LoggedAttempt {
  readonly id: number
  readonly attempt: number
  /** UTC milliseconds. */
  readonly at: number
  /** Where its output stands; null when it wrote nothing. */
  readonly place: BlockPlace | null
}

/** As much as is read of the end of a file: what was written since a worker died is a small part of that. */
const LONGEST_READ = 16 * 1_048_576
const NEWLINE = 0x0a
const TEXT_LINE = /^(\S+) \S+ \d+ \S+ task-(?:done|retry|failed|held|cancelled) id=(\d+) .* attempt=(\d+)\//
const TEXT_BYTES = / bytes=(\d+)(?: file=(\S+))?$/
const TASK_EVENT = /^task-(?:done|retry|failed|held|cancelled)$/

/**
 * @param path  of the day file; `name` is what it is called in the rows
 * @param since  UTC milliseconds: earlier attempts are not wanted
 */
export function readBackAttempts(path: string, name: string, since: number): LoggedAttempt[] {
  const { bytes, offset } = readEnd(path)
  const found: LoggedAttempt[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, at)
    if (end === -1) break
    const line = bytes.toString('utf8', at, end)
    const told = line.startsWith('{') ? fromJson(line) : fromText(line)
    at = end + 1
    if (told === undefined) continue
    const isBlock = told.bytes !== undefined && told.file === undefined
    const place =
      told.bytes === undefined
        ? null
        : { file: told.file ?? name, offset: isBlock ? offset + at : 0, bytes: told.bytes }
    if (told.at >= since) found.push({ id: told.id, attempt: told.attempt, at: told.at, place })
    if (isBlock) at += told.bytes ?? 0
  }
  return found
}

interface Told {
  readonly id: number
  readonly attempt: number
  readonly at: number
  readonly bytes: number | undefined
  readonly file: string | undefined
}

function fromText(line: string): Told | undefined {
  const [, time, id, attempt] = TEXT_LINE.exec(line) ?? []
  if (time === undefined) return undefined
  const [, bytes, file] = TEXT_BYTES.exec(line) ?? []
  return {
    id: Number(id),
    attempt: Number(attempt),
    at: Date.parse(time),
    bytes: bytes === undefined ? undefined : Number(bytes),
    file,
  }
}

function fromJson(line: string): Told | undefined {
  try {
    const { time, event, id, attempt, bytes, file } = JSON.parse(line) as Record<string, unknown>
    if (!TASK_EVENT.test(String(event))) return undefined
    return {
      id: Number(id),
      attempt: Number.parseInt(String(attempt), 10),
      at: Date.parse(String(time)),
      bytes: typeof bytes === 'number' ? bytes : undefined,
      file: typeof file === 'string' ? file : undefined,
    }
  } catch {
    return undefined // an output that begins like an object
  }
}

function readEnd(path: string): { bytes: Buffer; offset: number } {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return { bytes: Buffer.alloc(0), offset: 0 } // nothing was logged that day
  }
  try {
    const { size } = fstatSync(fd)
    const length = Math.min(size, LONGEST_READ)
    const bytes = Buffer.alloc(length)
    const read = readSync(fd, bytes, 0, length, size - length)
    return { bytes: bytes.subarray(0, read), offset: size - length }
  } finally {
    closeSync(fd)
  }
}

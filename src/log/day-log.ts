/**
 * Day files: `do-queue-2026-11-20.log`, appended by many processes at once.
 *
 * Every line and every task's output block is one `write` to a descriptor opened for appending, which the kernel never
 * interleaves with another's. The day is that of the configured zone, looked up at each write, so a worker that runs
 * over midnight changes files by itself.
 */
import { closeSync, copyFileSync, fstatSync, mkdirSync, openSync, readSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'
import { localDay } from '../time/zone.ts'
import { append } from './append.ts'
import { type EventName, type EventSource, eventLine, type Fields, type LogFormat } from './event.ts'
import { type LoggedAttempt, readBackAttempts } from './read-back.ts'

export interface DayLogOptions {
  readonly directory: string
  /** The first part of the file's name: `do-queue` or `cron-mission`. */
  readonly name: string
  readonly zone: string
  readonly format: LogFormat
  readonly source: EventSource
  /** UTC milliseconds; default the clock of this machine. */
  readonly now?: () => number
}

/** Where bytes stand in a file of the log directory. */
export interface BlockPlace {
  /** Name within the log directory. */
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** Lines wait together at most so long, and at most so many characters. */
const LONGEST_WAIT_MS = 20
const LARGEST_WAITING = 65_536
const SEARCH_STEP = 65_536
const SEARCH_LIMIT = 64 * 1_048_576

export class DayLog {
  readonly #options: DayLogOptions
  readonly #now: () => number
  #fd: number | undefined
  #fileName = ''
  #minute = -1
  #waiting = ''
  #timer: NodeJS.Timeout | undefined
  #failure: unknown

  /** @throws Complaint when the directory cannot be made or written */
  constructor(options: DayLogOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#open(this.#now())
  }

  /** The descriptor and name of today's file: a program that is started may inherit it. */
  get today(): { fd: number; file: string } {
    return { fd: this.#open(this.#now()), file: this.#fileName }
  }

  event(event: EventName, fields: Fields): void {
    this.eventSoon(event, fields)
    this.flush()
  }

  /** An event of which there may be thousands a second: lines that come within a moment are one write. */
  eventSoon(event: EventName, fields: Fields): void {
    const at = this.#now()
    this.#open(at)
    this.#waiting += this.#line(at, event, fields)
    if (this.#waiting.length > LARGEST_WAITING) this.#append([])
    else this.#timer ??= setTimeout(() => this.#flushLate(), LONGEST_WAIT_MS)
  }

  /** Writes what is waiting. */
  flush(): void {
    if (this.#waiting !== '' && this.#fd !== undefined) this.#append([])
  }

  /** An event with the bytes a program wrote, as one block. */
  eventWithOutput(event: EventName, fields: Fields, output: Buffer): BlockPlace {
    const at = this.#now()
    this.#open(at)
    const line = Buffer.from(this.#line(at, event, { ...fields, bytes: output.length }))
    const newline = output.at(-1) === 0x0a ? [] : [Buffer.from('\n')]
    const block = [line, output, ...newline]
    const fd = this.#append(block)
    const length = block.reduce((sum, part) => sum + part.length, 0)
    return { file: this.#fileName, offset: find(fd, line, length) + line.length, bytes: output.length }
  }

  /** Makes a file that grew too large for a block part of the log directory, and names it in an event. */
  eventWithFile(event: EventName, fields: Fields, path: string, name: string, bytes: number): BlockPlace {
    const at = this.#now()
    this.#open(at)
    const file = `${this.#fileName.replace(/\.log$/, '')}.${name}.out`
    const { directory } = this.#options
    try {
      mkdirSync(directory, { recursive: true }) // somebody may have removed it
      moveFile(path, join(directory, file))
    } catch (error) {
      throw complaint(error, directory)
    }
    this.event(event, { ...fields, bytes, file })
    return { file, offset: 0, bytes }
  }

  /** The attempts that were logged since then, by whatever process; see read-back.ts for how far that looks. */
  loggedSince(since: number): LoggedAttempt[] {
    this.flush()
    const { directory, name, zone } = this.#options
    const days = new Set([since, this.#now()].map((at) => `${name}-${localDay(zone, at)}.log`))
    return [...days].flatMap((file) => readBackAttempts(join(directory, file), file, since))
  }

  close(): void {
    this.flush()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    this.#minute = -1
  }

  /** There is no caller to tell: the next event is refused instead. */
  #flushLate(): void {
    try {
      this.flush()
    } catch (error) {
      this.#failure = error
    }
  }

  #line(at: number, event: EventName, fields: Fields): string {
    return eventLine(this.#options.format, this.#options.zone, at, this.#options.source, event, fields)
  }

  /** The day can change only with the minute. */
  #open(at: number): number {
    const minute = Math.floor(at / 60_000)
    if (this.#fd !== undefined && minute === this.#minute) return this.#fd
    const { directory, name, zone } = this.#options
    const fileName = `${name}-${localDay(zone, at)}.log`
    if (this.#fd === undefined || fileName !== this.#fileName) {
      this.close()
      try {
        mkdirSync(directory, { recursive: true })
        this.#fd = openSync(join(directory, fileName), 'a+')
      } catch (error) {
        throw complaint(error, directory)
      }
      this.#fileName = fileName
    }
    this.#minute = minute
    return this.#fd
  }

  /**
   * What is waiting goes first, in the same write.
   *
   * @returns the descriptor it went to: a new one when somebody has removed the file
   */
  #append(parts: readonly Buffer[]): number {
    const fd = this.#reopenWhenRemoved()
    const whole = this.#waiting === '' ? parts : [Buffer.from(this.#waiting), ...parts]
    this.#waiting = ''
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#failure !== undefined) throw this.#failure
    try {
      append(fd, whole)
    } catch (error) {
      throw complaint(error, this.#options.directory)
    }
    return fd
  }

  #reopenWhenRemoved(): number {
    if (this.#fd !== undefined && fstatSync(this.#fd).nlink > 0) return this.#fd
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    return this.#open(this.#now())
  }
}

/**
 * Where a block of `length` bytes that begins with `line` was appended. Nearly always at the very end; when another
 * process appended behind it, a little before.
 */
function find(fd: number, line: Buffer, length: number): number {
  const end = fstatSync(fd).size
  const head = Buffer.alloc(line.length)
  const likely = end - length
  if (likely >= 0 && readSync(fd, head, 0, line.length, likely) === line.length && head.equals(line)) return likely

  const step = Buffer.alloc(SEARCH_STEP + line.length)
  for (let at = likely; at > -SEARCH_STEP && end - at < SEARCH_LIMIT; at -= SEARCH_STEP) {
    const from = Math.max(0, at - SEARCH_STEP)
    const read = readSync(fd, step, 0, step.length, from)
    const found = step.subarray(0, read).lastIndexOf(line)
    if (found !== -1) return from + found
  }
  return likely
}

/** Also to another disk. */
function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as { code?: string }).code !== 'EXDEV') throw error
    copyFileSync(from, to)
    unlinkSync(from)
  }
}

function complaint(error: unknown, directory: string): Complaint {
  const code = (error as { code?: string }).code ?? String(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Complaint(
      EXIT.busy,
      `The disk of the log directory ${directory} is full. Free some space; nothing is started until then.`,
      { cause: error },
    )
  }
  return new Complaint(
    EXIT.badConfig,
    `The log directory ${directory} cannot be written (${code}). Make it writable for this user, or set QUEUE_LOGS to another.`,
    {
      cause: error,
    },
  )
}

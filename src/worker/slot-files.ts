/**
 * The files of one concurrency slot, in the worker's own directory.
 *
 *     slot-0.journal   what its runner started and how that ended, one line each, appended
 *     slot-0.out       what its programs wrote, one after the other
 *
 * and, in memory where the system has files there, because one is made for every task and is of no use for long:
 *
 *     slot-0.in        the parameter of the program that runs now, for its standard input
 *
 * They are what a task is known by when its worker is gone: the runner goes on writing the journal. They are removed when
 * everything in them is booked.
 */
import { createHash } from 'node:crypto'
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'

/** Bytes that a program wrote: in memory when few, else where they stand. */
export type Output =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | {
      readonly kind: 'file'
      readonly path: string
      readonly offset: number
      readonly length: number
      readonly tail: Buffer
    }

/** Up to this size an output is a block of the day's log; a larger one stays a file of its own. */
export const LARGEST_BLOCK_BYTES = 1_048_576
/** A program that writes more than this is stopped. */
export const OUTPUT_LIMIT_BYTES = 64 * 1_048_576
/** Once the programs of a slot have written this much, its files are begun anew. */
const LARGEST_OUT_BYTES = 4 * 1_048_576
const LARGEST_JOURNAL_BYTES = 4 * 1_048_576
const TAIL_BYTES = 4_096
const SMALL_OUTPUT_BYTES = 65_536
const PRIVATE = 0o600
/** A directory of Linux whose files are in memory. Everybody may make files there, and nobody touch another's. */
const MEMORY = '/dev/shm'
const JOURNAL_END_BYTES = 128

export class SlotFiles {
  readonly #inPaths: readonly [inMemory: string, onDisk: string]
  #inPath: string
  readonly #outPath: string
  readonly #journalPath: string
  readonly #directory: string
  #out: number
  #journal: number
  /** Where the output of the program that runs now begins. */
  #begin = 0
  #journalBytes = 0
  #kept: Buffer = Buffer.alloc(0)

  /** @throws Complaint when the directory cannot be written */
  constructor(directory: string, slot: number) {
    this.#directory = directory
    this.#inPaths = [inputInMemory(directory, slot), join(directory, `slot-${slot}.in`)]
    this.#inPath = this.#inPaths[0]
    this.#outPath = join(directory, `slot-${slot}.out`)
    this.#journalPath = join(directory, `slot-${slot}.journal`)
    this.#out = this.#openOut()
    this.#journal = this.#guarded(() => openSync(this.#journalPath, 'a+', PRIVATE))
  }

  /** For the runner to inherit. */
  get descriptors(): { out: number; journal: number } {
    return { out: this.#out, journal: this.#journal }
  }

  /** Where the next program's output will begin. */
  get begin(): number {
    return this.#begin
  }

  /** The input of the program that is started next. */
  get inPath(): string {
    return this.#inPath
  }

  writeInput(param: Buffer): void {
    const [inMemory, onDisk] = this.#inPaths
    try {
      this.#inPath = writeAnew(inMemory, param)
    } catch {
      this.#inPath = this.#guarded(() => writeAnew(onDisk, param)) // there is no such directory, or it is full
    }
  }

  /** The last lines of the journal. */
  journalEnd(): Buffer {
    const bytes = Buffer.allocUnsafe(JOURNAL_END_BYTES)
    this.#journalBytes = fstatSync(this.#journal).size
    const from = Math.max(0, this.#journalBytes - JOURNAL_END_BYTES)
    return bytes.subarray(0, readSync(this.#journal, bytes, 0, JOURNAL_END_BYTES, from))
  }

  /** The shell said that it could not write the journal: why, as far as another try tells. */
  journalComplaint(): Complaint {
    try {
      writeSync(this.#journal, '\n')
      return stateComplaint({ code: 'ENOSPC' }, this.#directory) // room was made in the meantime
    } catch (error) {
      return stateComplaint(error, this.#directory)
    }
  }

  /** How much the program that runs now has written. */
  written(): number {
    return fstatSync(this.#out).size - this.#begin
  }

  /** What the program that has just ended wrote; its bytes are good until the next call. The next output begins behind it. */
  takeOutput(): Output {
    const length = this.written()
    if (length === 0) return { kind: 'none' }
    const offset = this.#begin
    this.#begin += length
    return readOutput(this.#out, this.#outPath, offset, length, this.#buffer(Math.min(length, LARGEST_BLOCK_BYTES)))
  }

  /** One for all outputs of the slot: each is in the log before the next program can end. */
  #buffer(length: number): Buffer {
    if (this.#kept.length < length)
      this.#kept = Buffer.allocUnsafeSlow(length <= SMALL_OUTPUT_BYTES ? SMALL_OUTPUT_BYTES : LARGEST_BLOCK_BYTES)
    return this.#kept
  }

  /** The file has grown, or was moved into the log: a new one must be begun, which the runner has to inherit. */
  get isFull(): boolean {
    return this.#begin > LARGEST_OUT_BYTES || this.#journalBytes > LARGEST_JOURNAL_BYTES
  }

  /** Begins output and journal anew; everything in the old ones must be booked, or moved away. */
  renew(): void {
    closeSync(this.#out)
    unlinkIfThere(this.#outPath)
    this.#out = this.#openOut()
    this.#begin = 0
    ftruncateSync(this.#journal, 0)
    this.#journalBytes = 0
  }

  close(): void {
    closeSync(this.#out)
    closeSync(this.#journal)
  }

  remove(): void {
    this.close()
    for (const path of [...this.#inPaths, this.#outPath, this.#journalPath]) rmSync(path, { force: true })
  }

  #openOut(): number {
    return this.#guarded(() => openSync(this.#outPath, 'a+', PRIVATE))
  }

  #guarded<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw stateComplaint(error, this.#directory)
    }
  }
}

/** The sentence for a state directory that is full, gone or not ours to write. */
export function stateComplaint(error: unknown, directory: string): Complaint {
  const code = (error as { code?: string }).code ?? String(error)
  return new Complaint(
    code === 'ENOSPC' || code === 'EDQUOT' ? EXIT.busy : EXIT.badConfig,
    `The state directory ${directory} cannot be written (${code}). Make room or make it writable, or set QUEUE_STATE to another.`,
    { cause: error },
  )
}

/**
 * What stands in an output file at that place: its bytes when they are few, else where they are.
 *
 * @param buffer  what the bytes are read into
 */
export function readOutput(
  fd: number,
  path: string,
  offset: number,
  length: number,
  buffer: Buffer = Buffer.allocUnsafe(Math.min(length, LARGEST_BLOCK_BYTES)),
): Output {
  if (length === 0) return { kind: 'none' }
  if (length <= LARGEST_BLOCK_BYTES) return { kind: 'bytes', bytes: readBytes(fd, offset, buffer.subarray(0, length)) }
  const tail = Math.min(TAIL_BYTES, length)
  const end = readBytes(fd, offset + length - tail, buffer.subarray(0, tail))
  return { kind: 'file', path, offset, length, tail: end }
}

/** Fills the buffer, as far as there is something to fill it with. */
function readBytes(fd: number, offset: number, bytes: Buffer): Buffer {
  let read = 0
  while (read < bytes.length) {
    const count = readSync(fd, bytes, read, bytes.length - read, offset + read)
    if (count === 0) break
    read += count
  }
  return bytes.subarray(0, read)
}

/** The name follows from that of the slot's other files, so whoever removes those after a crash finds it too. */
export function inputInMemory(directory: string, slot: number): string {
  const place = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return join(MEMORY, `cron-mission-${place}-slot-${slot}.in`)
}

/** A file of its own for every task: what an earlier program left behind may still be reading the old one. */
function writeAnew(path: string, bytes: Buffer): string {
  unlinkIfThere(path)
  const fd = openSync(path, 'wx', PRIVATE)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  } finally {
    closeSync(fd)
  }
  return path
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  }
}

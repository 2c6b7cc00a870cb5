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
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
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
/** Once the programs of a slot have written this much, its file is begun anew. */
const LARGEST_OUT_BYTES = 4 * 1_048_576
const TAIL_BYTES = 4_096
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
    const from = Math.max(0, fstatSync(this.#journal).size - JOURNAL_END_BYTES)
    return bytes.subarray(0, readSync(this.#journal, bytes, 0, JOURNAL_END_BYTES, from))
  }

  /** How much the program that runs now has written. */
  written(): number {
    return fstatSync(this.#out).size - this.#begin
  }

  /** What the program that has just ended wrote; the next one's output begins behind it. */
  takeOutput(): Output {
    const length = this.written()
    if (length === 0) return { kind: 'none' }
    const offset = this.#begin
    this.#begin += length
    if (length <= LARGEST_BLOCK_BYTES) return { kind: 'bytes', bytes: this.#read(offset, length) }
    const tail = Math.min(TAIL_BYTES, length)
    return { kind: 'file', path: this.#outPath, offset, length, tail: this.#read(offset + length - tail, tail) }
  }

  /** The file has grown, or was moved into the log: a new one must be begun, which the runner has to inherit. */
  get isFull(): boolean {
    return this.#begin > LARGEST_OUT_BYTES
  }

  /** Begins output and journal anew; everything in the old ones must be booked, or moved away. */
  renew(): void {
    closeSync(this.#out)
    unlinkIfThere(this.#outPath)
    this.#out = this.#openOut()
    this.#begin = 0
    ftruncateSync(this.#journal, 0)
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
    return this.#guarded(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
      return openSync(this.#outPath, 'a+', PRIVATE)
    })
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    let read = 0
    while (read < length) {
      const count = readSync(this.#out, bytes, read, length - read, offset + read)
      if (count === 0) break
      read += count
    }
    return bytes.subarray(0, read)
  }

  #guarded<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      const code = (error as { code?: string }).code
      throw new Complaint(
        code === 'ENOSPC' || code === 'EDQUOT' ? EXIT.busy : EXIT.badConfig,
        `The state directory ${this.#directory} cannot be written (${code}). Make room or make it writable, or set QUEUE_STATE to another.`,
        { cause: error },
      )
    }
  }
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

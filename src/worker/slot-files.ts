/**
 * The files of one concurrency slot, in the worker's own directory.
 *
 *     slot-0.journal   what its runner started and how that ended, one line each, appended
 *     slot-0.out       what its programs wrote, one after the other
 *     slot-0.recall    while it is there, the runner begins nothing of what it was told ahead
 *
 * and, in memory where the system has files there, because it is of no use for long:
 *
 *     slot-0.in        a parameter that is too long for a pipe, for the standard input of the program that runs now
 *
 * They are what a task is known by when its worker is gone: the runner goes on writing the journal. They are removed when
 * everything in them is booked.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'
import { inputInMemory, unlinkIfThere, writeAnew } from './input-file.ts'
import { makeRecall, recallPathOf } from './recall.ts'
import { readBytes, SharedOutput } from './shared-output.ts'

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
const LARGEST_OUT_BYTES = 16 * 1_048_576
const LARGEST_JOURNAL_BYTES = 4 * 1_048_576
const TAIL_BYTES = 4_096
const PRIVATE = 0o600
const records = Buffer.allocUnsafeSlow(8_192)

export class SlotFiles {
  readonly #inPaths: readonly [inMemory: string, onDisk: string]
  #inPath: string
  #hasInput = false
  readonly outPath: string
  readonly recallPath: string
  readonly #journalPath: string
  readonly #directory: string
  readonly #number: number
  #out: number
  #journal: number
  /** Where the output of the program that runs now begins. */
  #begin = 0
  #journalBytes = 0

  /** @throws Complaint when the directory cannot be written */
  constructor(directory: string, slot: number) {
    this.#directory = directory
    this.#number = slot
    this.#inPaths = [inputInMemory(directory, slot), join(directory, `slot-${slot}.in`)]
    this.#inPath = this.#inPaths[0]
    this.outPath = join(directory, `slot-${slot}.out`)
    this.recallPath = recallPathOf(directory, slot)
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

  /** How the names of a warm program's pipes begin. */
  get pipes(): string {
    return join(this.#directory, `slot-${this.#number}`)
  }

  writeInput(param: Buffer): void {
    const [inMemory, onDisk] = this.#inPaths
    this.#hasInput = true
    try {
      this.#inPath = writeAnew(inMemory, param)
    } catch {
      this.#inPath = this.#guarded(() => writeAnew(onDisk, param)) // there is no such directory, or it is full
    }
  }

  /** Where the next record of the journal will stand. */
  journalSize(): number {
    this.#journalBytes = fstatSync(this.#journal).size
    return this.#journalBytes
  }

  /** What stands in the journal from there on. */
  journalFrom(offset: number): string {
    let text = ''
    for (;;) {
      const count = readSync(this.#journal, records, 0, records.length, offset + text.length)
      text += records.toString('latin1', 0, count)
      if (count < records.length) break
    }
    this.#journalBytes = offset + text.length
    return text
  }

  /** @returns false when that could not be done: what the runner was told ahead will begin */
  recall(): boolean {
    return makeRecall(this.recallPath)
  }

  /** The runner has answered, or is gone. */
  endRecall(): void {
    unlinkIfThere(this.recallPath)
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

  /** What the program that has just ended wrote; its bytes can be had until the files are begun anew. The next begins behind it. */
  takeOutput(): Output {
    const length = this.written()
    if (length === 0) return { kind: 'none' }
    const offset = this.#begin
    this.#begin += length
    if (length > LARGEST_BLOCK_BYTES) return readOutput(this.#out, this.outPath, offset, length)
    const shared = new SharedOutput(this.#out, offset, length, LARGEST_BLOCK_BYTES)
    return {
      kind: 'bytes',
      get bytes() {
        return shared.bytes
      },
    }
  }

  /** The file has grown, or was moved into the log: a new one must be begun, which the runner has to inherit. */
  get isFull(): boolean {
    return this.#begin > LARGEST_OUT_BYTES || this.#journalBytes > LARGEST_JOURNAL_BYTES
  }

  /** Begins output and journal anew; everything in the old ones must be booked, or moved away. */
  renew(): void {
    closeSync(this.#out)
    unlinkIfThere(this.outPath)
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
    if (this.#hasInput) for (const path of this.#inPaths) rmSync(path, { force: true })
    for (const path of [this.outPath, this.recallPath, this.#journalPath]) unlinkIfThere(path)
  }

  #openOut(): number {
    return this.#guarded(() => openSync(this.outPath, 'a+', PRIVATE))
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

/** What stands in an output file at that place: its bytes when they are few, else where they are. */
export function readOutput(fd: number, path: string, offset: number, length: number): Output {
  if (length === 0) return { kind: 'none' }
  if (length <= LARGEST_BLOCK_BYTES) return { kind: 'bytes', bytes: readBytes(fd, offset, Buffer.allocUnsafe(length)) }
  const bytes = Math.min(TAIL_BYTES, length)
  const tail = readBytes(fd, offset + length - bytes, Buffer.allocUnsafe(bytes))
  return { kind: 'file', path, offset, length, tail }
}

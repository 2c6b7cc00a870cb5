/**
 * The outputs that go through the worker's memory, all through the same buffer: a worker of many slots needs no more of it
 * than one of a single slot.
 *
 * An output is in the log before the next one is read, as a rule. One that is asked for when another has taken its place is
 * read again: it stands in its slot's file until it is booked.
 */
import { readSync } from 'node:fs'

/** Few programs write more. */
const SMALL_BYTES = 65_536

export class SharedOutput {
  static #buffer = Buffer.alloc(0)
  static #holder: SharedOutput | undefined
  readonly #fd: number
  readonly #offset: number
  #length: number

  /**
   * Reads it.
   *
   * @param fd    stays open, with these bytes at their place, as long as they may be asked for
   * @param most  bytes of the largest output there may be
   */
  constructor(fd: number, offset: number, length: number, most: number) {
    this.#fd = fd
    this.#offset = offset
    this.#length = length
    if (SharedOutput.#buffer.length < length)
      SharedOutput.#buffer = Buffer.allocUnsafeSlow(length <= SMALL_BYTES ? SMALL_BYTES : most)
    this.#length = this.#read().length
  }

  /** Good until another output is read. */
  get bytes(): Buffer {
    return SharedOutput.#holder === this ? SharedOutput.#buffer.subarray(0, this.#length) : this.#read()
  }

  #read(): Buffer {
    SharedOutput.#holder = this
    return readBytes(this.#fd, this.#offset, SharedOutput.#buffer.subarray(0, this.#length))
  }
}

/** Fills the buffer, as far as there is something to fill it with. */
export function readBytes(fd: number, offset: number, bytes: Buffer): Buffer {
  let read = 0
  while (read < bytes.length) {
    const count = readSync(fd, bytes, read, bytes.length - read, offset + read)
    if (count === 0) break
    read += count
  }
  return bytes.subarray(0, read)
}

/**
 * What a program has written so far, read beside the worker that runs it, from the files of its slot.
 *
 * The journal says where an output begins, and that the program has ended. It is looked at after the bytes were read: while it
 * still begins with our start and has no end behind it, whatever stood in the output file was our program's. What comes
 * afterwards belongs to whoever books the attempt, who says how long the output is and where it went.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type JournalStart, readJournal } from './journal.ts'
import { look, slotsOf } from './worker-directory.ts'

export interface LiveClaim {
  readonly id: number
  readonly attempt: number
  readonly claimToken: number
}

export type Found =
  /** The worker has no files here: it is of another host, or has left. */
  | { readonly kind: 'absent' }
  /** They belong to another user. */
  | { readonly kind: 'unreadable' }
  /** Claimed and not begun. */
  | { readonly kind: 'waits' }
  | { readonly kind: 'begun'; readonly output: LiveOutput }

/** What stands behind a start is an end, which may hold a warm program's answer, and the start of the next. */
const LONGEST_RECORDS = 36_864

/** @param directory  the worker's own */
export function findLiveOutput(directory: string, workerId: number, claim: LiveClaim): Found {
  const { kind } = look(directory, workerId)
  if (kind === 'absent' || kind === 'unreadable') return { kind }
  for (const slot of slotsOf(directory)) {
    const output = LiveOutput.open(join(directory, `slot-${slot}`), claim)
    if (output !== undefined) return { kind: 'begun', output }
  }
  return { kind: 'waits' }
}

export class LiveOutput {
  /** Of the file that its program writes to. */
  readonly path: string
  readonly #out: number
  readonly #journal: number
  /** Where our start stands in the journal. */
  readonly #recordAt: number
  readonly #record: string
  readonly #claim: LiveClaim
  readonly #start: JournalStart
  #at: number

  /** Undefined when nothing of this claim was started in the slot. */
  static open(slotPath: string, claim: LiveClaim): LiveOutput | undefined {
    const record = `\nS ${claim.id} ${claim.attempt} ${claim.claimToken} `
    let out: number | undefined
    let journal: number | undefined
    try {
      out = openSync(`${slotPath}.out`, 'r')
      journal = openSync(`${slotPath}.journal`, 'r')
      const text = readFileSync(journal, 'latin1')
      const at = text.lastIndexOf(record)
      const start = at === -1 ? undefined : readJournal(text.slice(at)).entries[0]?.start
      if (start !== undefined) return new LiveOutput(`${slotPath}.out`, out, journal, at, record, claim, start)
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
    for (const fd of [out, journal]) if (fd !== undefined) closeSync(fd)
    return undefined
  }

  private constructor(
    path: string,
    out: number,
    journal: number,
    recordAt: number,
    record: string,
    claim: LiveClaim,
    start: JournalStart,
  ) {
    this.path = path
    this.#out = out
    this.#journal = journal
    this.#recordAt = recordAt
    this.#record = record
    this.#claim = claim
    this.#start = start
    this.#at = start.offset
  }

  /** Where its output begins in that file. */
  get offset(): number {
    return this.#start.offset
  }

  /** UTC milliseconds. */
  get startedAt(): number {
    return this.#start.at
  }

  /** How many bytes `read` has given. */
  get given(): number {
    return this.#at - this.#start.offset
  }

  /** How much it has written, and whether it has ended: until the next program begins, what it left behind may add to that. */
  look(): { readonly bytes: number; readonly hasEnded: boolean } {
    const { size } = fstatSync(this.#out)
    const { hasEnded, end } = this.#records()
    return { bytes: Math.max(0, (end ?? size) - this.#start.offset), hasEnded }
  }

  /**
   * The bytes behind those that it gave before.
   *
   * @returns undefined when the program has ended: how long its output is, its booking tells
   */
  read(buffer: Buffer): Buffer | undefined {
    const length = readSync(this.#out, buffer, 0, buffer.length, this.#at)
    if (this.#records().hasEnded) return undefined
    this.#at += length
    return buffer.subarray(0, length)
  }

  /** The bytes behind those that it gave before, of a program that has ended and that nobody has booked. */
  readRest(buffer: Buffer): Buffer {
    const end = this.#records().end ?? Number.POSITIVE_INFINITY
    const most = Math.max(0, Math.min(buffer.length, end - this.#at))
    const length = readSync(this.#out, buffer, 0, most, this.#at)
    this.#at += length
    return buffer.subarray(0, length)
  }

  close(): void {
    closeSync(this.#out)
    closeSync(this.#journal)
  }

  /** The files may have been begun anew in the meantime, which happens when all that stood in them is booked. */
  #records(): { readonly hasEnded: boolean; readonly end: number | undefined } {
    const bytes = Buffer.alloc(LONGEST_RECORDS)
    const text = bytes.toString('latin1', 0, readSync(this.#journal, bytes, 0, bytes.length, this.#recordAt))
    if (!text.startsWith(this.#record)) return { hasEnded: true, end: this.#at }
    const { id, claimToken } = this.#claim
    const { entries } = readJournal(text)
    const own = entries.findIndex((entry) => entry.id === id && entry.claimToken === claimToken)
    const next = entries[own + 1]?.start
    return { hasEnded: entries[own]?.end !== undefined || next !== undefined, end: next?.offset }
  }
}

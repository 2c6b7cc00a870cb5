/**
 * What the errors of SQLite mean: do it again, wait for it, or tell an operator.
 */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Complaint, EXIT, type ExitCode } from '../exit.ts'

const BUSY = 5
const LOCKED = 6
const READ_ONLY = 8
const INPUT_OUTPUT = 10
const FULL = 13
const CANNOT_OPEN = 14
const NOT_A_DATABASE = 26
const UNIQUE = 2067
const PRIMARY_KEY = 1555

/** So large is the smallest file beside the database that its users share. */
const SHARED_BYTES = 32_768

export function isDuplicate(error: unknown): boolean {
  return [UNIQUE, PRIMARY_KEY].includes(errorCode(error))
}

export function isBusy(error: unknown): boolean {
  return [BUSY, LOCKED].includes(errorCode(error) & 0xff)
}

export function isMissingTable(error: unknown): boolean {
  const source = error instanceof Complaint ? error.cause : error
  return source instanceof Error && source.message.startsWith('no such table')
}

/** Busy for so long that it has become a complaint. A full disk is not waited for: its journals may be on it too. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Complaint && isBusy(error.cause)
}

/** What an operator can mend becomes a sentence that names the file, with the error as its cause. */
export function named(error: unknown, file: string): unknown {
  const complaint = (exitCode: ExitCode, sentence: string) => new Complaint(exitCode, sentence, { cause: error })
  switch (errorCode(error) & 0xff) {
    case CANNOT_OPEN:
      return cannotOpen(file, { cause: error })
    case READ_ONLY:
      return complaint(
        EXIT.unavailable,
        `The SQLite file ${file} cannot be written. Make it and its directory writable for this user.`,
      )
    case FULL:
      return diskFull(file, error)
    case INPUT_OUTPUT:
      if (isDiskFull(file)) return diskFull(file, error)
      return complaint(
        EXIT.unavailable,
        `The disk that holds ${file} does not do its work (${(error as Error).message}). Look at it.`,
      )
    case NOT_A_DATABASE:
      return complaint(
        EXIT.badConfig,
        `${file} is not a SQLite database. Set QUEUE_URL to another file, or move this one away.`,
      )
  }
  const { message } = error as Error
  return /^no such (table|column)/.test(message)
    ? complaint(
        EXIT.badConfig,
        `The queue tables of ${file} are not what they were (${message}). Set QUEUE_URL to another file, or mend this one.`,
      )
    : error
}

function diskFull(file: string, cause: unknown): Complaint {
  const sentence = `The disk that holds ${file} is full. Free some space; nothing that was booked is lost.`
  return new Complaint(EXIT.unavailable, sentence, { cause })
}

/** The file beside it that all who use it share is mapped into memory: where it finds no room, that is an error of the disk. */
function isDiskFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < SHARED_BYTES
  } catch {
    return false
  }
}

export function busyForLong(file: string, forMs: number, cause: unknown): Complaint {
  const sentence = `The SQLite file ${file} was locked for ${forMs / 1_000} s on end. Look which program holds it.`
  return new Complaint(EXIT.unavailable, sentence, { cause })
}

export function cannotOpen(file: string, options: ErrorOptions): Complaint {
  const sentence = `The SQLite file ${file} cannot be opened. Check that its directory is there, and that this user may read and write both.`
  return new Complaint(EXIT.unavailable, sentence, options)
}

export function moved(file: string): Complaint {
  const sentence = `The SQLite file ${file} was moved or removed while it was in use. Put it back, or start again.`
  return new Complaint(EXIT.unavailable, sentence)
}

/** SQLite's extended result code; 0 for anything that is not an error of SQLite. */
function errorCode(error: unknown): number {
  return (error as { errcode?: number } | undefined)?.errcode ?? 0
}

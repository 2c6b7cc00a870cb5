/**
 * The file of an embedded database. A look at it from outside comes first: whoever opens the database of ours sets its journal
 * right, so only the file itself tells what somebody else had made of it.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { bytesText } from '../../amount.ts'
import { type Finding, note, problem } from '../../doctor/finding.ts'
import type { FileFacts } from '../../queue/store/examine/file-facts.ts'

export interface FileBefore {
  readonly file: string
  /** The journal that its header names; undefined for an empty file. */
  readonly isWal: boolean | undefined
  /** Of the file beside it that has the last changes. */
  readonly walBytes: number
}

const CHECK = 'file'
const LARGE_WAL = 64 * 1_048_576
const HUGE_WAL = 1_073_741_824
/** Where the header says which journal readers need, and how it says WAL. */
const READ_VERSION_AT = 19
const WAL_VERSION = 2

export const FILE_CHECKS = 4

export function lookAtFile(file: string): FileBefore {
  const walBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  return { file, isWal: readVersion(file), walBytes }
}

export function fileFindings(before: FileBefore, facts: FileFacts): Finding[] {
  return [
    ...journalFindings(before, facts),
    ...walFindings(before),
    ...(facts.synchronous >= 2
      ? []
      : [
          note(
            CHECK,
            `QUEUE_URL has synchronous=normal: a power failure loses some of what was added or booked just before, and what was booked then runs again. Leave it out, unless that is worth the speed.`,
          ),
        ]),
    ...(facts.damage === undefined ? [] : [damaged(before.file, facts.damage)]),
  ]
}

/** What SQLite says when it cannot even look; undefined for any other error. */
export function damageFinding(file: string, error: unknown): Finding | undefined {
  return error instanceof Error && /malformed|corrupt/i.test(error.message) ? damaged(file, error.message) : undefined
}

/** @param why  in SQLite's words */
function damaged(file: string, why: string): Finding {
  return problem(
    CHECK,
    `The file ${file} is damaged (${why.replace(/\s+/g, ' ')}). Stop the workers, copy it, and save what can be read: sqlite3 ${file} .recover | sqlite3 new.db`,
  )
}

function journalFindings({ file, isWal }: FileBefore, { journalMode }: FileFacts): Finding[] {
  if (journalMode !== 'wal') {
    return [
      problem(
        CHECK,
        `The file ${file} cannot have a write-ahead log (journal_mode is ${journalMode}), so readers and writers keep each other waiting. Put it on a disk of this machine.`,
      ),
    ]
  }
  if (isWal !== false) return []
  return [
    note(
      CHECK,
      `The file ${file} was without its write-ahead log: another program sets journal_mode, and then workers that read wait for those that write. It has it again now; find that program.`,
    ),
  ]
}

function walFindings({ file, walBytes }: FileBefore): Finding[] {
  if (walBytes < LARGE_WAL) return []
  const sentence = `The file ${file}-wal has grown to ${bytesText(walBytes)}, and every read goes through it: somebody who reads has not come to an end. Find who with "fuser ${file}", and end that.`
  return [walBytes < HUGE_WAL ? note(CHECK, sentence) : problem(CHECK, sentence)]
}

function readVersion(file: string): boolean | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const byte = Buffer.alloc(1)
    return readSync(descriptor, byte, 0, 1, READ_VERSION_AT) === 1 ? byte[0] === WAL_VERSION : undefined
  } catch {
    return undefined // opening the database will say why
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

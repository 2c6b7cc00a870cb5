/**
 * What a dead worker left behind in its directory, slot by slot: what its journals tell, and which runners still live.
 *
 * Runners are recalled first: behind a start without an end nothing begins any more. They are looked for before the journals are
 * read: of a runner that was gone then, the journal is complete.
 */
import { closeSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { runnersByJournal } from '../host/processes.ts'
import { type JournalEntry, readJournal } from './journal.ts'
import { makeRecall, recallPathOf } from './recall.ts'
import { type Output, readOutput } from './slot-files.ts'
import { slotsOf } from './worker-directory.ts'

export interface InheritedSlot {
  readonly attempts: readonly InheritedAttempt[]
  /** Ids of tasks whose start may or may not have happened: the line is torn. */
  readonly torn: ReadonlySet<number>
  /** The last line of the journal makes no sense: it may have been the start of any task. */
  readonly endsSpoilt: boolean
  /** The pids of those that live: at most one of them has a program under way. */
  readonly runners: readonly number[]
}

export interface InheritedAttempt extends JournalEntry {
  /** When it ended, if it has: UTC milliseconds. */
  readonly endedAt: number
  readonly outPath: string
  readonly outOffset: number
  /** What its program wrote, up to where the next one's output begins. */
  readonly outBytes: number
  /** The runner that saw it start is the one that lives. */
  readonly isUnderWay: boolean
  /** The runners of its slot that live now. */
  readonly runners: readonly number[]
}

export function readInheritance(directory: string): InheritedSlot[] {
  const real = realpathSync(directory)
  for (const slot of slotsOf(real)) makeRecall(recallPathOf(real, slot))
  const runners = runnersByJournal()
  return slotsOf(real).map((number) => {
    const journal = join(real, `slot-${number}.journal`)
    return readSlot(journal, join(real, `slot-${number}.out`), runners.get(journal) ?? [])
  })
}

/** Whether nothing more can be started: each runner is gone, or has a program whose end was not seen yet. */
export function isSettled(slots: readonly InheritedSlot[]): boolean {
  return slots.every(({ runners, attempts }) => runners.length === 0 || attempts.at(-1)?.isUnderWay === true)
}

/** What the program wrote, if it still stands in the slot's file. */
export function outputOf({ outPath, outOffset, outBytes }: InheritedAttempt): Output {
  if (outBytes === 0) return { kind: 'none' }
  const fd = openSync(outPath, 'r')
  try {
    return readOutput(fd, outPath, outOffset, outBytes)
  } finally {
    closeSync(fd)
  }
}

/** Attempts of one slot follow each other: the next one's start ends an output, and tells when at the latest it ended. */
function readSlot(journalPath: string, outPath: string, runners: readonly number[]): InheritedSlot {
  const { entries, torn, endsSpoilt } = readJournal(readText(journalPath))
  let outEnd = statSync(outPath, { throwIfNoEntry: false })?.size ?? 0
  let endedAt = statSync(journalPath, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
  const attempts: InheritedAttempt[] = []
  for (const entry of entries.toReversed()) {
    const outOffset = Math.min(entry.start?.offset ?? outEnd, outEnd)
    const isOfLiving = entry.start === undefined ? runners.length > 0 : runners.includes(entry.start.pid)
    const isUnderWay = entry.end === undefined && isOfLiving && attempts.length === 0
    attempts.push({ ...entry, endedAt, outPath, outOffset, outBytes: outEnd - outOffset, isUnderWay, runners })
    outEnd = outOffset
    endedAt = entry.start?.at ?? endedAt
  }
  return { attempts: attempts.reverse(), torn, endsSpoilt, runners }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

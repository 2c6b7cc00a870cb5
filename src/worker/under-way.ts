/**
 * Which programs a worker of this host runs now, from the files of its slots: in each journal the last start, when no end
 * stands behind it. A worker has claimed a few tasks more than it runs, and no row tells which they are.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { claimKey, readJournal } from './journal.ts'
import { look, slotsOf } from './worker-directory.ts'

/** Longer than a start, and than an end with the two lines behind it. */
const LAST_RECORDS_BYTES = 256

/**
 * @param directory  the worker's own
 * @returns when each began, in UTC milliseconds, by its `claimKey`; undefined when the worker has no files that we may read
 */
export function programsUnderWay(directory: string, workerId: number): Map<string, number> | undefined {
  const { kind } = look(directory, workerId)
  if (kind === 'absent' || kind === 'unreadable') return undefined
  const begun = new Map<string, number>()
  for (const slot of slotsOf(directory)) {
    const last = readJournal(lastRecords(join(directory, `slot-${slot}.journal`))).entries.at(-1)
    if (last?.start !== undefined && last.end === undefined) begun.set(claimKey(last), last.start.at)
  }
  return begun
}

/** From the beginning of a line; nothing when the slot was just removed. */
function lastRecords(path: string): string {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(LAST_RECORDS_BYTES)
    const text = bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, Math.max(0, size - bytes.length)))
    return size > bytes.length ? text.slice(text.indexOf('\n')) : text
  } catch {
    return ''
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

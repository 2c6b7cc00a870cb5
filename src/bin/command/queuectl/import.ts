/**
 * `queuectl import`: adds the tasks of an export, from a file or standard input.
 *
 * The lines are read twice. What cannot be, a pipe for one, is written into a nameless file first.
 */

import { closeSync, createReadStream, fstatSync, openSync, read, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { importTasks as addTasks, importedLines, totalAdded } from '../../../ctl/import.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { checkQueueName } from '../../../queue/new-task.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { printJson, printLines } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export interface ImportFlags {
  readonly file?: string | undefined
  readonly queue?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly json?: boolean | undefined
}

const STDIN = 0
const CHUNK_BYTES = 65_536
const readAt = promisify(read)

export async function importTasks(flags: ImportFlags, settings: Settings): Promise<number> {
  const { queue } = flags
  const file = flags.file === '' ? undefined : flags.file // what yargs makes of "-"
  const dryRun = flags['dry-run'] === true
  if (queue !== undefined) checkQueueName(queue)
  if (file === undefined && process.stdin.isTTY)
    throw new Complaint(
      EXIT.usage,
      'Name a file, or give lines of JSON on standard input. See "queuectl import --help".',
    )
  return withDatabase(settings, async (db) => {
    const fd = await openTwice(file)
    const leaving = leaveWhenAsked()
    const bars = [progressBar('reading'), progressBar('adding')]
    try {
      const result = await addTasks(db, {
        open: () => fromTheBeginning(fd),
        terms: { queue, now: Date.now(), latestMs: db.dialect.latestMs },
        dryRun,
        stop: leaving.signal,
        onProgress: (lines, total) => bars[total === undefined ? 0 : 1]?.update(lines, total),
      })
      for (const bar of bars) bar.end()
      const { added, duplicates, ran, leftOut, stoppedAt } = result
      const facts = { dryRun, added: totalAdded(result), ...added, duplicates, ran, leftOut, stoppedAt }
      if (flags.json === true) printJson(facts)
      else printLines(importedLines(result, dryRun))
      return stoppedAt === undefined ? EXIT.ok : EXIT.busy
    } finally {
      for (const bar of bars) bar.end()
      leaving.end()
      closeSync(fd)
    }
  })
}

/** A stream of Node's would close the descriptor when somebody stops reading in the middle. */
async function* fromTheBeginning(fd: number): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await readAt(fd, Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}

/** @returns a descriptor of a file that can be read from its beginning, twice */
async function openTwice(file: string | undefined): Promise<number> {
  const fd = file === undefined ? STDIN : opened(file)
  if (fd !== STDIN && fstatSync(fd).isFile()) return fd
  const spool = namelessFile()
  // A pipe may be one that does not block, which only Node's own stream knows how to wait for.
  const input = fd === STDIN ? process.stdin : createReadStream('', { fd })
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) writeAll(spool, chunk)
  } catch (error) {
    throw error instanceof Complaint ? error : unreadable(file ?? 'on standard input', error)
  }
  return spool
}

function opened(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, error: unknown): Complaint {
  const { code } = error as { code?: string }
  return new Complaint(EXIT.usage, `The file ${file} cannot be read (${code}). Name a file that this user may read.`, {
    cause: error,
  })
}

/** Without a name it is gone when the process is, however that ends. */
function namelessFile(): number {
  const path = join(tmpdir(), `queuectl-import-${process.pid}-${Date.now()}`)
  try {
    const fd = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    return fd
  } catch (error) {
    throw noRoom(error)
  }
}

function noRoom(error: unknown): Complaint {
  const { code } = error as { code?: string }
  return new Complaint(
    EXIT.unavailable,
    `No file can be written in ${tmpdir()} (${code}), where the lines are kept while they are read. Set TMPDIR to another directory.`,
    { cause: error },
  )
}

function writeAll(fd: number, chunk: Buffer): void {
  try {
    for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written)
  } catch (error) {
    throw noRoom(error)
  }
}

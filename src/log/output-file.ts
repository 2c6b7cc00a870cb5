/**
 * The bytes of one output, read back from the log directory.
 *
 * A row says in which file they stand, where, and how many there are. A day file may have been rotated since, and then other
 * bytes stand at that place; so the line in front of an output, which names its task, is read first.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'
import type { BlockPlace } from './day-log.ts'

const COMPRESSED: readonly (readonly [string, string])[] = [
  ['.gz', 'zcat'],
  ['.zst', 'zstdcat'],
  ['.xz', 'xzcat'],
  ['.bz2', 'bzcat'],
]
/** An event's line is shorter. */
const LONGEST_LINE = 16_384
const NEWLINE = 0x0a

export class OutputFile {
  readonly path: string
  readonly place: BlockPlace
  readonly #fd: number

  /**
   * @param taskId  whose output it is said to be
   * @throws Complaint (unavailable) when the file is not here; (bad data) when something else stands at that place
   */
  constructor(logsDirectory: string, place: BlockPlace, taskId: number) {
    this.path = join(logsDirectory, place.file)
    this.place = place
    try {
      this.#fd = openSync(this.path, 'r')
    } catch (error) {
      throw missing(this.path, place, error)
    }
    if (!this.#isThere(taskId)) {
      this.close()
      const rotated = archiveOf(this.path)
      const advice = rotated === undefined ? 'It was rotated or cut off.' : readArchive(rotated, place)
      throw new Complaint(
        EXIT.badData,
        `The file ${this.path} does not have the output of task ${taskId} any more: something else stands there. ${advice}`,
      )
    }
  }

  /** What stands `from` bytes behind its beginning; empty at its end. */
  read(buffer: Buffer, from: number): Buffer {
    const { offset, bytes } = this.place
    const most = Math.min(buffer.length, Math.max(0, bytes - from))
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, most, offset + from))
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** An output that has a file of its own begins anywhere in it. */
  #isThere(taskId: number): boolean {
    const { file, offset, bytes } = this.place
    if (fstatSync(this.#fd).size < offset + bytes) return false
    if (file.endsWith('.out')) return true
    const head = Buffer.alloc(Math.min(LONGEST_LINE, offset))
    readSync(this.#fd, head, 0, head.length, offset - head.length)
    if (head.at(-1) !== NEWLINE) return false
    const line = head.toString('utf8', head.lastIndexOf(NEWLINE, head.length - 2) + 1)
    return line.startsWith('{')
      ? line.includes(`"id":${taskId},`) && line.trimEnd().endsWith(`"bytes":${bytes}}`)
      : line.includes(` id=${taskId} `) && line.trimEnd().endsWith(` bytes=${bytes}`)
  }
}

function missing(path: string, place: BlockPlace, cause: unknown): Complaint {
  const { code } = cause as { code?: string }
  if (code !== 'ENOENT')
    return new Complaint(EXIT.unavailable, `The file ${path} cannot be read (${code}). Ask as the user whose it is.`, {
      cause,
    })
  const archive = archiveOf(path)
  return new Complaint(
    EXIT.unavailable,
    archive === undefined
      ? `The file ${path}, which has this output, is not here: it was deleted, or it is on the host that ran the task.`
      : `The file ${path}, which has this output, was compressed. ${readArchive(archive, place)}`,
    { cause },
  )
}

interface Archive {
  readonly path: string
  readonly command: string
}

function archiveOf(path: string): Archive | undefined {
  const found = COMPRESSED.find(([extension]) => existsSync(path + extension))
  if (found !== undefined) return { path: path + found[0], command: found[1] }
  const rotated = COMPRESSED.find(([extension]) => existsSync(`${path}.1${extension}`))
  if (rotated !== undefined) return { path: `${path}.1${rotated[0]}`, command: rotated[1] }
  return existsSync(`${path}.1`) ? { path: `${path}.1`, command: 'cat' } : undefined
}

function readArchive({ path, command }: Archive, { offset, bytes }: BlockPlace): string {
  return `This prints it: ${command} ${path} | tail -c +${offset + 1} | head -c ${bytes}`
}

/**
 * The directories that ticks and workers write to: whether they can, on what kind of disk, and how much room there is.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Finding, note, problem } from './finding.ts'

export interface Disk {
  /** The magic number of its kind of file system. */
  readonly type: number
  readonly freeBytes: number
  readonly freeFiles: number
  /** 0 where files are not counted. */
  readonly files: number
}

const CHECK = 'disk'
const MEBIBYTE = 1_048_576
const FEW_BYTES = 50 * MEBIBYTE
const LOW_BYTES = 500 * MEBIBYTE
const FEW_FILES = 1_000
const MAKE_ROOM = 'Make room; "queuectl purge --older-than 30d --logs" deletes what is old.'

/** statfs(2): the file systems of other machines. */
const REMOTE = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x01021997, '9p'],
])

/** @returns a clause when nothing can be written there */
export function unwritable(directory: string): string | undefined {
  const there = nearest(directory)
  return statSync(there).isDirectory() ? refusal(there, constants.W_OK | constants.X_OK) : `${there} is no directory`
}

/** A file needs its directory as well: SQLite writes beside it. */
export function unwritableFile(file: string): string | undefined {
  return unwritable(dirname(file)) ?? (existsSync(file) ? refusal(file, constants.W_OK) : undefined)
}

/**
 * @param what      `The log directory`
 * @param variable  the setting that names it
 * @param why       a clause; undefined when it can be written
 */
export function unusable(what: string, variable: string, path: string, why: string | undefined): Finding[] {
  if (why === undefined) return []
  const sentence = `${what} ${path} is of no use: ${why}. Make it writable for the user of the crontab, or set ${variable}.`
  return [problem(CHECK, sentence)]
}

function refusal(there: string, mode: number): string | undefined {
  try {
    accessSync(there, mode)
    return undefined
  } catch (error) {
    return `${there} cannot be written (${(error as { code?: string }).code})`
  }
}

export function diskOf(directory: string): Disk {
  const { type, bavail, bsize, ffree, files } = statfsSync(nearest(directory))
  return { type, freeBytes: bavail * bsize, freeFiles: ffree, files }
}

/** @param what  `log directory` */
export function diskFindings(what: string, directory: string, disk: Disk): Finding[] {
  const { type, freeBytes, freeFiles, files } = disk
  const findings: Finding[] = []
  const kind = REMOTE.get(type >>> 0)
  if (kind !== undefined) {
    findings.push(
      problem(
        CHECK,
        `The ${what} ${directory} is on ${kind}. It has to be on a disk of this machine: other hosts must not see it, and every write must be certain.`,
      ),
    )
  }
  const left = `The disk of the ${what} ${directory} has ${Math.floor(freeBytes / MEBIBYTE)} MiB left`
  if (freeBytes < FEW_BYTES)
    findings.push(problem(CHECK, `${left}, and when it is full, nothing is started any more. ${MAKE_ROOM}`))
  else if (freeBytes < LOW_BYTES) findings.push(note(CHECK, `${left}. ${MAKE_ROOM}`))
  if (files > 0 && freeFiles < FEW_FILES) {
    findings.push(
      problem(CHECK, `The disk of the ${what} ${directory} has room for ${freeFiles} more files. Remove some.`),
    )
  }
  return findings
}

/** What does not exist yet is made in what does. */
function nearest(directory: string): string {
  return existsSync(directory) || directory === '/' ? directory : nearest(dirname(directory))
}

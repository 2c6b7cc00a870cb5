/**
 * The file that holds a parameter which is too long for a pipe, for the standard input of one program.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A directory of Linux whose files are in memory. Everybody may make files there, and nobody touch another's. */
const MEMORY = '/dev/shm'
const PRIVATE = 0o600

/** The name follows from that of the slot's other files, so whoever removes those after a crash finds it too. */
export function inputInMemory(directory: string, slot: number): string {
  const place = createHash('sha256').update(directory).digest('hex').slice(0, 16)
  return join(MEMORY, `cron-mission-${place}-slot-${slot}.in`)
}

/** A file of its own for every task: what an earlier program left behind may still be reading the old one. */
export function writeAnew(path: string, bytes: Buffer): string {
  unlinkIfThere(path)
  const fd = openSync(path, 'wx', PRIVATE)
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
  } finally {
    closeSync(fd)
  }
  return path
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error
  }
}

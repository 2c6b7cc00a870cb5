/**
 * Every crontab of this machine that this user may read: the user's own, and those of the system.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCrontab } from '../crontab/crontab-text.ts'
import { tickLines } from '../crontab/tick-line.ts'
import { readUserCrontab } from '../crontab/user-crontab.ts'
import { type FoundLine, foundLine } from './crontab-lines.ts'

const SYSTEM_FILE = '/etc/crontab'
const SYSTEM_DIRECTORY = '/etc/cron.d'

export interface CrontabUser {
  readonly name: string
  readonly home: string
}

/** The lines that run ticks, of this project or another. */
export async function findTickLines(user: CrontabUser): Promise<FoundLine[]> {
  const own = (await readUserCrontab()) ?? Buffer.alloc(0)
  const files = [SYSTEM_FILE, ...list(SYSTEM_DIRECTORY).map((name) => join(SYSTEM_DIRECTORY, name))]
  return [
    ...linesOf(own, `the crontab of ${user.name}`, user.home, false),
    ...files.flatMap((file) => linesOf(read(file), file, '/', true)),
  ]
}

function linesOf(bytes: Buffer, place: string, home: string, namesUsers: boolean): FoundLine[] {
  const lines = readCrontab(bytes, namesUsers)
  return tickLines(lines, home).map((line) => foundLine(line, lines, place))
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => /^[\w-]+$/.test(name)) // cron reads no others
  } catch {
    return []
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}

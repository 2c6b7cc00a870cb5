/**
 * `cron-mission import`: a schedule that does what crontabs did, on standard output.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Complaint, EXIT } from '../../../exit.ts'
import { readCrontab } from '../../../schedule/crontab/crontab-text.ts'
import {
  type Converted,
  type CrontabFile,
  convertCrontabs,
  usersOf,
} from '../../../schedule/crontab/import/converted.ts'
import { scheduleJson, scheduleText } from '../../../schedule/crontab/import/schedule-text.ts'
import { printBytes, printJson } from '../../print.ts'
import { complain } from './schedule.ts'

export interface ImportFlags {
  /** The words behind the verb. */
  readonly _: readonly (string | number)[]
  readonly 'user-column'?: boolean | undefined
  readonly user?: string | undefined
  readonly json?: boolean | undefined
}

const STDIN = 0
/** Their lines name a user behind the times. */
const SYSTEM_CRONTAB = /^\/etc\/(?:crontab$|cron\.d\/)/
/** No command has that name, and hardly a system crontab is without it. */
const NAMES_ROOT = /^[ \t]*(?:@\w+|[^\s#]\S*(?:[ \t]+\S+){4})[ \t]+root[ \t]/m

export async function importCrontabs(flags: ImportFlags): Promise<number> {
  const names = flags._.slice(1).map((word) => String(word) || '-') // what yargs makes of "-"
  if (names.length === 0) {
    throw new Complaint(EXIT.usage, 'Name a crontab, or "-" for standard input, such as what "crontab -l" prints.')
  }
  const files = names.map((name) => read(name, flags))
  const converted = convertCrontabs(files, userOf(files, flags.user))
  const source = files.map(({ name }) => name).join(', ')
  if (flags.json === true) printJson(scheduleJson(converted))
  else await printBytes(scheduleText(converted, source))
  return tell(converted)
}

function read(name: string, flags: ImportFlags): CrontabFile {
  const bytes = bytesOf(name)
  const isNamed = SYSTEM_CRONTAB.test(resolve(name)) || NAMES_ROOT.test(bytes.toString('latin1'))
  return {
    name: name === '-' ? 'standard input' : name,
    lines: readCrontab(bytes, flags['user-column'] ?? isNamed),
  }
}

function bytesOf(name: string): Buffer {
  try {
    return readFileSync(name === '-' ? STDIN : name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Complaint(
      EXIT.badData,
      `The crontab ${name} cannot be read (${code}). Name one that is there and readable.`,
    )
  }
}

/** A schedule runs its commands as the user whose crontab runs the ticks. */
function userOf(files: readonly CrontabFile[], user: string | undefined): string | undefined {
  const users = usersOf(files)
  if (user === undefined && users.length > 1) {
    throw new Complaint(
      EXIT.usage,
      `These lines are of ${users.join(', ')}, and a schedule runs its commands as one user. Choose: --user ${users[0]}.`,
    )
  }
  if (user !== undefined && !users.includes(user)) {
    throw new Complaint(
      EXIT.usage,
      `--user is ${user}, and no line is ${user}'s. Leave it out, or give --user-column where lines name users.`,
    )
  }
  return user
}

function tell({ notes }: Converted): number {
  for (const { place, why } of notes) complain(`${place}: Left out. ${why}`)
  return notes.some(({ isLost }) => isLost) ? EXIT.badData : EXIT.ok
}

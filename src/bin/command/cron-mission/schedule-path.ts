/**
 * Where the schedule file is, and what it gets for `import … from 'cron-mission'`.
 */
import { realpathSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Complaint, EXIT } from '../../../exit.ts'
import { findSchedule } from '../../../schedule/language/load.ts'
import type { Settings } from '../../settings.ts'

export interface ScheduleFlags {
  readonly schedule?: string | undefined
}

/** @throws Complaint when there is none */
export function schedulePath(flags: ScheduleFlags, settings: Settings): string {
  if (flags.schedule !== undefined) return resolve(settings.directory, flags.schedule)
  const found = findSchedule(settings.directory)
  if (found !== undefined) return found
  throw new Complaint(
    EXIT.badConfig,
    `There is no schedule.ts in ${settings.directory}. Change to the project's directory, or name it with --directory or --schedule.`,
  )
}

/** The library of this very build, also where the package is not installed. */
export function libraryUrl(): string {
  const own = realpathSync(process.argv[1] ?? '')
  return pathToFileURL(join(dirname(own), '..', `index${extname(own)}`)).href
}

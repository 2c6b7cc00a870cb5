/**
 * The commands of the schedule: whether each is there and may be run, in the PATH that cron gives.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { type Finding, problem } from '../../doctor/finding.ts'
import type { PlannedJob } from '../language/plan.ts'

/**
 * @param directory  of the project, where commands run
 * @param path       the PATH they are looked for in
 */
export function commandFindings(jobs: readonly PlannedJob[], directory: string, path: string): Finding[] {
  return jobs.flatMap(({ id, work, notify }) => {
    const commands = [
      ...(work.kind === 'exec' ? [{ what: 'the command', command: work.command[0] }] : []),
      ...(notify?.command === undefined ? [] : [{ what: 'the command of notify', command: notify.command[0] }]),
    ]
    return commands.flatMap(({ what, command = '' }) => {
      const why = cannotRun(command, directory, path)
      return why === undefined ? [] : [problem('commands', `Job "${id}": ${what} ${why}`)]
    })
  })
}

function cannotRun(command: string, directory: string, path: string): string | undefined {
  if (!command.includes('/')) {
    const places = path.split(delimiter).map((place) => resolve(directory, place, command))
    if (places.some((place) => isExecutable(place))) return undefined
    return `"${command}" is not in PATH (${path}). Name it with its directory, or add that to PATH in the crontab line.`
  }
  const file = resolve(directory, command)
  if (isExecutable(file)) return undefined
  return exists(file) ? `${file} is not executable: chmod +x it.` : `${file} is not there.`
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined
}

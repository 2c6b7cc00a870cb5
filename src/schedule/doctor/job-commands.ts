/**
 * The commands of the schedule: whether each is there and may be run, in the PATH that cron gives.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { type Finding, problem } from '../../doctor/finding.ts'
import { commandDirectory } from '../../host/command-surroundings.ts'
import type { PlannedJob } from '../language/plan.ts'

/**
 * @param project  its directory, where commands run that name no other
 * @param path     the PATH that they are looked for in, unless a job has its own
 */
export function commandFindings(jobs: readonly PlannedJob[], project: string, path: string): Finding[] {
  return jobs.flatMap(({ id, work, notify }) => {
    const why: string[] = []
    if (work.kind === 'exec') {
      const { command, env = {}, directory } = work
      const runsIn = commandDirectory(directory, project, env.HOME)
      why.push(...cannotRun('the command', command[0], runsIn, env.PATH ?? path))
    }
    why.push(...cannotRun('the command of notify', notify?.command?.[0], project, path))
    return why.map((sentence) => problem('commands', `Job "${id}": ${sentence}`))
  })
}

function cannotRun(what: string, command: string | undefined, directory: string, path: string): string[] {
  const why = command === undefined ? undefined : obstacle(command, directory, path)
  return why === undefined ? [] : [`${what} ${why}`]
}

function obstacle(command: string, directory: string, path: string): string | undefined {
  if (!exists(directory)) return `is to run in ${directory}, which is not there.`
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

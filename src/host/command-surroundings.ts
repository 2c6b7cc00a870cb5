/**
 * Where the command of a job runs and what it finds in its environment: from the schedule, by the tick, to the worker.
 *
 * It goes by one variable of the worker's environment and not by its command line, which everybody on the machine may read:
 * such values are often passwords. The worker takes it out before it starts anything, as all that begins with QUEUE_.
 */
import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { Complaint, EXIT } from '../exit.ts'

export interface CommandSurroundings {
  /** Added to what the worker's programs find otherwise. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Absolute, relative to the project's directory, or from `~` on. */
  readonly directory?: string | undefined
}

export const SURROUNDINGS_VARIABLE = 'QUEUE_EXEC'

/** @returns undefined where there is nothing to say */
export function surroundingsText({ env, directory }: CommandSurroundings): string | undefined {
  if (env === undefined && directory === undefined) return undefined
  return JSON.stringify({ env, directory })
}

/** @throws Complaint (bad configuration) when it is not what `surroundingsText` wrote */
export function readSurroundings(text: string | undefined): CommandSurroundings {
  if (text === undefined || text === '') return {}
  const value = parsed(text)
  if (isSurroundings(value)) return value
  throw new Complaint(
    EXIT.badConfig,
    `${SURROUNDINGS_VARIABLE} is not what a tick gives the worker of a command. Unset it: "env" and "directory" of the job say it.`,
  )
}

/**
 * @param project  directory
 * @param home     what the command finds as HOME
 */
export function commandDirectory(directory: string | undefined, project: string, home: string | undefined): string {
  const [whole = ''] = /^~(?=\/|$)/.exec(directory ?? '') ?? []
  const rest = (directory ?? '').slice(whole.length)
  return whole === '' ? resolve(project, rest) : resolve(home || homedir(), `.${rest}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSurroundings(value: unknown): value is CommandSurroundings {
  if (typeof value !== 'object' || value === null) return false
  const { env = {}, directory = '' } = value as Record<string, unknown>
  const isEnvironment =
    typeof env === 'object' && env !== null && Object.values(env).every((text) => typeof text === 'string')
  return isEnvironment && typeof directory === 'string'
}

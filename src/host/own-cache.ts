/**
 * The user's own directory for what can be made anew: `~/.cache/cron-mission`.
 */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const WITHIN_HOME = ['.cache', 'cron-mission']

/** @throws for a user without a home */
export function ownCache(): string {
  return join(homedir(), ...WITHIN_HOME)
}

/**
 * Makes a directory in it, step by step: a home that is not there is nobody's, and not to be made.
 *
 * @param name  none for the cache itself
 * @throws when it cannot be made
 */
export function makeOwnCache(...name: readonly [] | readonly [string]): string {
  let directory = homedir()
  for (const step of [...WITHIN_HOME, ...name]) {
    directory = join(directory, step)
    try {
      mkdirSync(directory, { mode: 0o700 })
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    }
  }
  return directory
}

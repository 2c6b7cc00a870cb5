/**
 * Compiled code that is kept for the next time: of our own files, and of a schedule in TypeScript without its types.
 */
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Kept in the user's own directory: one that others can write could be made to run theirs. A thread has to ask for itself. */
export function keepCompiled(): void {
  module.enableCompileCache?.(join(homedir(), '.cache', 'cron-mission'))
}

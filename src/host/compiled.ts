/**
 * Compiled code that is kept for the next time: of our own files, and of a schedule in TypeScript without its types.
 */
import { enableCompileCache } from 'node:module'
import { makeOwnCache } from './own-cache.ts'

/** Kept in the user's own directory: one that others can write could be made to run theirs. A thread has to ask for itself. */
export function keepCompiled(): void {
  try {
    enableCompileCache?.(makeOwnCache())
  } catch {
    // there is no such directory, and none can be made
  }
}

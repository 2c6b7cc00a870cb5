/**
 * Node's own compile cache, for task programs in TypeScript: with it one of them starts in half the time, because its types
 * need not be taken away again each time.
 *
 * The cache is code that is run, so it lies in a directory of the worker's user that nobody else can write or read. A
 * program's own setting goes before it, and where there is no such directory, programs start as they always did.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { makeOwnCache } from '../host/own-cache.ts'

/** Variables by which somebody has decided already. */
const DECIDED = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE']
const OTHERS = 0o077

/**
 * @param own  the worker's environment
 * @returns what a program's environment has besides: a variable that only Node knows, or nothing
 */
export function compileCache(own: NodeJS.ProcessEnv, tasksDirectory: string): Readonly<Record<string, string>> {
  if (DECIDED.some((name) => own[name] !== undefined)) return {}
  try {
    if (!readdirSync(tasksDirectory).some((name) => /\.[cm]?ts$/.test(name))) return {}
    const directory = makeOwnCache('programs')
    return isOnlyOurs(directory) ? { NODE_COMPILE_CACHE: directory } : {}
  } catch {
    return {}
  }
}

function isOnlyOurs(directory: string): boolean {
  const found = lstatSync(directory)
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & OTHERS) === 0
}

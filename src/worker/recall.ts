/**
 * The recall file of a slot. A runner looks for it before it begins what it was told ahead, and begins nothing while it is there.
 *
 * Who makes it and reads the journal afterwards knows: behind a start without an end nothing will begin any more.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

const PRIVATE = 0o600

export function recallPathOf(directory: string, slot: number): string {
  return join(directory, `slot-${slot}.recall`)
}

/** @returns false when that could not be done */
export function makeRecall(path: string): boolean {
  try {
    closeSync(openSync(path, 'a', PRIVATE))
    return true
  } catch {
    return false // there is no room for it, or the directory is gone
  }
}

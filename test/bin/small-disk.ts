/** A disk that a test can fill: a tmpfs of a few bytes, mounted over a directory of the test's own. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { afterwards } from '../helpers/cleanup.ts'

export const CANNOT_MOUNT = 'only root may mount a disk, and not everywhere'

/** Makes the directory; unmounted when the test ends. @returns false where it cannot be mounted */
export function mountSmallDisk(t: TestContext, directory: string, bytes: number): boolean {
  mkdirSync(directory, { recursive: true })
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
  if (status === 0) afterwards(t, () => execFileSync('umount', ['--lazy', directory]))
  return status === 0
}

/** One write of several parts to a descriptor opened for appending, which the kernel never interleaves with another's. */
import { writevSync } from 'node:fs'

/** @throws the error of the system; a part may have been written then */
export function append(fd: number, parts: readonly Buffer[]): void {
  let left = parts
  while (left.length > 0) left = behind(left, writevSync(fd, left))
}

/** What is left of `parts` behind the first `count` bytes. */
function behind(parts: readonly Buffer[], count: number): Buffer[] {
  const left: Buffer[] = []
  let skip = count
  for (const part of parts) {
    if (skip < part.length) left.push(part.subarray(skip))
    skip = Math.max(0, skip - part.length)
  }
  return left
}

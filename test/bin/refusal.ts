/** How a command refuses: a line on standard error that says what was given and what to do. */
import assert from 'node:assert/strict'
import type { BinName, Ended } from '../helpers/processes.ts'

/** Nothing but that line, without a stack, and the right exit code. */
export function assertRefusal(
  command: BinName,
  { code, stdout, stderr }: Ended,
  exitCode: number,
  sentence: RegExp,
): void {
  assert.match(stderr, new RegExp(`^${command}: [^\\n]+\\.\\n$`))
  assert.match(stderr.slice(`${command}: `.length, -1), sentence)
  assert.doesNotMatch(stderr, /^\s+at |unexpected/m)
  assert.deepEqual([code, stdout], [exitCode, ''])
}

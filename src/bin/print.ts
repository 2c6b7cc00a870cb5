/** What a command prints on standard output: sentences for a person, objects for a script, bytes as they are. */
import { jsonText } from '../ctl/json-lines.ts'

export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(lines.map((line) => `${line}\n`).join(''))
}

/** As JSON, one object a line. */
export function printJson(...objects: readonly object[]): void {
  if (objects.length > 0) process.stdout.write(jsonText(objects))
}

/**
 * No faster than they are read there.
 *
 * @returns false when nothing more can be printed: whoever read has left, as in `queuectl logs 17 | head`, or there is no room,
 *          which is told by whoever started the command
 */
export function printBytes(bytes: Uint8Array | string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(bytes, (error) => resolve(error === null || error === undefined))
  })
}

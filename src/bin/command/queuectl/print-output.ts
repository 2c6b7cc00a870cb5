/** Printing an output from the log directory, to whoever takes bytes. */
import { OutputFile } from '../../../log/output-file.ts'
import type { OutputPlace } from '../../../queue/store/finish.ts'
import type { Settings } from '../../settings.ts'

/** Takes bytes, and says whether more are wanted. The buffer is filled anew afterwards. */
export type Print = (bytes: Buffer) => Promise<boolean>

const STEP_BYTES = 65_536

/**
 * @param from  how many of its bytes were printed before
 * @returns the path of the file
 */
export async function printPlace(
  id: number,
  place: OutputPlace,
  from: number,
  { logsDirectory }: Settings,
  to: Print,
): Promise<string> {
  const file = new OutputFile(logsDirectory, place, id)
  const buffer = Buffer.alloc(STEP_BYTES)
  try {
    for (let at = from; ; ) {
      const bytes = file.read(buffer, at)
      if (bytes.length === 0 || !(await to(bytes))) return file.path
      at += bytes.length
    }
  } finally {
    file.close()
  }
}

/** For a person, who would wonder why nothing comes; a script sees nothing of it. */
export function hint(sentence: string): void {
  if (process.stderr.isTTY) process.stderr.write(`queuectl: ${sentence}\n`)
}

/**
 * What a failed attempt has to say, in one line. The row keeps the reason and, behind it, the end of what the program
 * wrote: `exit code 1: …`. What went wrong stands near the end of that, before the frames of a stack.
 */

/** Lines of a stack, of an object that was printed with an error, or of what closes them: of Node, PHP, Python, Ruby. */
const NO_MESSAGE = /^(\s|#\d+ |\}|Stack trace:|Node\.js v\d)/

/** The line that tells most of what it printed, as far as the row keeps it; undefined when there is no text at all. */
export function lastWords(error: string | null): string | undefined {
  const lines = (error ?? '').split('\n').filter((line) => line.trim() !== '')
  return (lines.findLast((line) => !NO_MESSAGE.test(line)) ?? lines.at(-1))?.trim()
}

/** The reason, and those words behind it. */
export function errorLine(error: string): string {
  const words = lastWords(error) ?? ''
  const [reason = ''] = error.split(': ', 1)
  return error.startsWith(words) || reason.includes('\n') ? words : `${reason}: ${words}`
}

/**
 * The one place where text becomes shell words.
 *
 * Between single quotes a POSIX shell takes every byte as it is; only the quote itself has to step outside. What comes
 * out is one word, whatever went in: newlines, `$()`, backslashes, emoji. A NUL byte cannot be in any word and is
 * refused long before.
 */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/**
 * Text from a row for a person's terminal: bounded, and without characters that would move its cursor.
 */

/** Control characters, and those that change the direction of what follows or break a line. */
const UNSEEN = /[\p{Cc}\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * @param longest    characters at most, all lines together
 * @param mostLines  lines at most
 * @returns lines; the last one ends in `…` when something was cut off
 */
export function readableLines(text: string, longest: number, mostLines: number): string[] {
  const characters = [...text]
  const lines = characters.slice(0, longest).join('').split('\n')
  const isCut = characters.length > longest || lines.length > mostLines
  return lines
    .slice(0, mostLines)
    .map(withoutUnseen)
    .map((line, i, all) => (isCut && i === all.length - 1 ? `${line}…` : line))
}

/** All of it in one line. */
export function readableLine(text: string, longest: number): string {
  const characters = [...text]
  const line = withoutUnseen(characters.slice(0, longest).join(''))
  return characters.length > longest ? `${line}…` : line
}

/** `\n`, `\t`, `\u001b`, as in JSON. */
function withoutUnseen(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const named = JSON.stringify(character).slice(1, -1)
    return named === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : named
  })
}

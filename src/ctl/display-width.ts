/**
 * How many columns of a terminal a text takes, and cutting and padding it to so many.
 *
 * Terminals agree on single characters: most take one column, those of East Asia and emoji two, accents none. They do not agree
 * on what is joined of several, such as a family or a skin tone, so `plainLine` takes the joints away: each part then stands
 * for itself, everywhere as wide as it is counted here.
 */
import { readableLine } from './readable.ts'

/** Printable ASCII: nearly everything that is measured. */
const PLAIN = /^[\x20-\x7e]*$/

/** East Asian Wide and Fullwidth of Unicode's table, in rough ranges, and what is shown as an emoji by itself. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

/** One column each, though Unicode counts them as emoji: two of them are a flag, of two columns. */
const HALF_A_FLAG = /\p{Regional_Indicator}/u

/** Accents, and the later parts of a Korean syllable. */
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u

/** Joiners, choosers between text and emoji, and other characters that nobody sees; and skin tones. */
const JOINTS = /\p{Default_Ignorable_Code_Point}|\p{Emoji_Modifier}/gu

/** A text of a row in one line: bounded, nothing in it moves the cursor, and its width is what `widthOf` says. */
export function plainLine(text: string, longest: number): string {
  return readableLine(text, longest).replace(JOINTS, '')
}

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

function widthOfOne(character: string): number {
  if (NO_WIDTH.test(character)) return 0
  return WIDE.test(character) && !HALF_A_FLAG.test(character) ? 2 : 1
}

/** As much of a text as has room, `…` in the place of what is missing. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let taken = ''
  let room = width - 1
  for (const character of text) {
    room -= widthOfOne(character)
    if (room < 0) break
    taken += character
  }
  return width < 1 ? '' : `${taken}…`
}

/** Cut or padded to exactly so many columns. */
export function fitTo(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const cut = cutTo(text, width)
  const gap = ' '.repeat(Math.max(0, width - widthOf(cut)))
  return side === 'left' ? cut + gap : gap + cut
}

/** In lines of at most so many columns, broken between words where there are any; the last of `most` lines is cut. */
export function wrapTo(text: string, width: number, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width || line === '') line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  lines.push(line)
  const rest = lines.slice(most - 1).join(' ')
  return [...lines.slice(0, most - 1), ...(rest === '' ? [] : [rest])].map((one) => cutTo(one, width))
}

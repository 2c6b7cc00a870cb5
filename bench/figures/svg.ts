/**
 * Parts that every plot has. A plot brings its own background, because a page may be light or dark around it, and is drawn for
 * 700 pixels of width, which is what a page of documentation has.
 */

export const WIDTH = 700
export const MARGIN = 16

export const COLOURS = {
  background: '#ffffff',
  frame: '#d0d7de',
  text: '#1f2328',
  quiet: '#59636e',
  grid: '#e6eaee',
  ours: '#0969da',
  other: '#9aa4ae',
  whisker: '#1f2328',
  rival: '#bc4c00',
} as const

/** Of one series after the other. */
export const SERIES = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#9a6700', '#59636e'] as const

const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif'
/** Of its size, what a letter is wide on average, in the widest of the fonts. */
const LETTER = 0.6

export interface TextStyle {
  readonly size?: number
  readonly colour?: string
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly bold?: boolean
}

export const SIZE = 13

export function document(height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="${FONT}">`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" fill="${COLOURS.background}" stroke="${COLOURS.frame}"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n')
}

export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { size = SIZE, colour = COLOURS.text, anchor = 'start', bold = false } = style
  const weight = bold ? ' font-weight="600"' : ''
  return `<text x="${n(x)}" y="${n(y)}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${weight}>${escaped(words)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, colour: string, more = ''): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" stroke="${colour}"${more}/>`
}

export function rect(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" fill="${colour}"/>`
}

/** The title, over as many lines as it needs, and what is below it. @returns the parts, and where they end */
export function heading(title: string, subtitle: string): { readonly parts: string[]; readonly bottom: number } {
  const room = WIDTH - 2 * MARGIN
  const titles = wrapped(title, room, 15).map((words) => ({ words, style: { size: 15, bold: true } }))
  const subtitles = wrapped(subtitle, room, 12).map((words) => ({ words, style: { size: 12, colour: COLOURS.quiet } }))
  let y = 10
  const parts = [...titles, ...subtitles].map(({ words, style }) => {
    y += style.size + 5
    return text(MARGIN, y, words, style)
  })
  return { parts, bottom: y + 16 }
}

/** Lines of words that are not wider than `room` pixels. */
export function wrapped(words: string, room: number, size = SIZE): string[] {
  const lines: string[] = []
  for (const word of words.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(`${last} ${word}`, size) <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

export function widthOf(words: string, size = SIZE): number {
  return words.length * size * LETTER
}

/** Round numbers from 0 to beyond `max`: `[0, 0.5, 1, 1.5]`. */
export function roundSteps(max: number, atMost = 6): number[] {
  const rough = max / atMost
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power
  const count = Math.ceil(max / step)
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)))
}

/** Coordinates to a tenth of a pixel. */
function n(value: number): string {
  return String(Number(value.toFixed(1)))
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A line of the board with the colours of this terminal: none where NO_COLOR says so. */
import { styleText } from 'node:util'
import { widthOf } from '../../../ctl/display-width.ts'
import type { Line } from '../../../ctl/top/line.ts'
import type { DrawnLine } from '../../full-screen.ts'

export function painted(line: Line): DrawnLine {
  const text = line.map(({ text, style }) =>
    style === undefined ? text : styleText(style, text, { stream: process.stdout }),
  )
  return { text: text.join(''), width: line.reduce((sum, piece) => sum + widthOf(piece.text), 0) }
}

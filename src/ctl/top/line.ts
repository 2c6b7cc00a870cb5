/**
 * Lines of the board, before any terminal sees them: pieces of text with a style each, and facts in columns.
 *
 * A column has a fixed width, so nothing moves when a number grows; one of them takes what the others leave.
 */
import type { styleText } from 'node:util'
import { cutTo, fitTo, widthOf } from '../display-width.ts'

export type Style = Parameters<typeof styleText>[0]

export interface Piece {
  readonly text: string
  readonly style?: Style | undefined
}

export type Line = readonly Piece[]

export interface BoardColumn<Row> {
  readonly title: string
  /** In a wide window. */
  readonly wideTitle?: string
  /** As many columns of the terminal; undefined for all that is left, which one column may have. */
  readonly width: number | undefined
  readonly side?: 'right'
  /** Left out where the window is narrower. */
  readonly from?: number
  /** @param width  how much room there is */
  readonly cell: (row: Row, width: number) => string
  readonly style?: (row: Row) => Style | undefined
}

export interface Block {
  readonly title: Line
  readonly rows: readonly Line[]
}

/** From here on titles are whole words, and columns stand further apart. */
export const WIDE_WINDOW = 110

const MARK = '▸ '
const NO_MARK = ' '.repeat(MARK.length)

/** @param isSelected  a row that is marked: by a sign, because colours may be off */
export function block<Row>(
  given: readonly BoardColumn<Row>[],
  rows: readonly Row[],
  width: number,
  isSelected: (row: Row) => boolean = () => false,
): Block {
  const isWide = width >= WIDE_WINDOW
  const gap = isWide ? '  ' : ' '
  const columns = given.filter(({ from = 0 }) => width >= from)
  const titleOf = ({ title, wideTitle = title }: BoardColumn<Row>) => (isWide ? wideTitle : title)
  const widths = columns.map((column) =>
    column.width === undefined ? undefined : Math.max(column.width, widthOf(titleOf(column))),
  )
  const taken = widths.reduce<number>((sum, one) => sum + (one ?? 0), MARK.length + gap.length * (columns.length - 1))
  const room = widths.map((one) => one ?? Math.max(0, width - taken))
  const line = (mark: string, cells: readonly Piece[]): Line =>
    withinWidth([{ text: mark }, ...cells.flatMap((cell, i) => (i === 0 ? [cell] : [{ text: gap }, cell]))], width)
  const fit = (text: string, i: number) => fitTo(text, room[i] ?? 0, columns[i]?.side)
  return {
    title: line(
      NO_MARK,
      columns.map((column, i) => ({ text: fit(titleOf(column), i), style: 'dim' })),
    ),
    rows: rows.map((row) => {
      const cells = columns.map(({ cell, style }, i) => ({
        text: fit(cell(row, room[i] ?? 0), i),
        style: style?.(row),
      }))
      const isMarked = isSelected(row)
      const marked = isMarked ? cells.map(({ text }): Piece => ({ text, style: 'bold' })) : cells
      return line(isMarked ? MARK : NO_MARK, marked)
    }),
  }
}

/** A left and a right text in one line. */
export function spread(left: readonly Piece[], right: readonly Piece[], width: number): Line {
  const lengthOf = (pieces: readonly Piece[]) => pieces.reduce((sum, { text }) => sum + widthOf(text), 0)
  const rightWidth = lengthOf(right)
  const kept = withinWidth(left, Math.max(0, width - rightWidth - 1))
  return withinWidth([...kept, { text: ' '.repeat(Math.max(1, width - lengthOf(kept) - rightWidth)) }, ...right], width)
}

export function textLine(text: string, width: number, style?: Style): Line {
  return [{ text: cutTo(text, width), style }]
}

function withinWidth(pieces: readonly Piece[], width: number): Line {
  const kept: Piece[] = []
  let room = width
  for (const piece of pieces) {
    if (room <= 0) break
    const text = cutTo(piece.text, room)
    kept.push({ ...piece, text })
    room -= widthOf(text)
  }
  return kept
}

/** What a line says, without its styles. */
export function plainText(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd()
}

/**
 * Facts in columns: aligned for a person on a terminal, tab-separated for a pipe.
 *
 * On a terminal the table fits its width: the widest of the columns that may be cut gives way first. What goes into a pipe is
 * whole.
 */
import { styleText } from 'node:util'
import { cutTo, widthOf } from '../ctl/display-width.ts'
import { readableLine } from '../ctl/readable.ts'

export interface Column {
  readonly title: string
  /** It may be cut to so many characters where the terminal is too narrow. */
  readonly least?: number
  /** A number: its end is where the column ends. */
  readonly right?: true
  /** How a cell looks on a terminal that shows colours. */
  readonly style?: (cell: string) => Parameters<typeof styleText>[0] | undefined
}

const GAP = '  '
/** Some terminals say that they have 0 columns. */
const USUAL_WIDTH = 80

/** @param rows  as many cells as there are columns each */
export function table(
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  const all = columns.map((column): Column => (typeof column === 'string' ? { title: column } : column))
  const titles = all.map(({ title }) => title)
  const cells = rows.map((row) => row.map((cell) => readableLine(cell, Number.POSITIVE_INFINITY)))
  if (!stream.isTTY) return [titles, ...cells].map((row) => `${row.join('\t')}\n`).join('')
  const widths = widthsWithin(stream.columns || USUAL_WIDTH, all, cells)
  const head = styleText('bold', line(titles, widths, all), { stream })
  const styled = cells.map((row) =>
    line(row, widths, all, (text, i) => paint(all[i]?.style?.(row[i] ?? ''), text, stream)),
  )
  return [head, ...styled].map((text) => `${text}\n`).join('')
}

function widthsWithin(room: number, columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => widthOf(row[i] ?? ''))))
  const gaps = GAP.length * (columns.length - 1)
  for (let excess = sum(widths) + gaps - room; excess > 0; excess--) {
    const widest = columns.reduce<number | undefined>((found, { least }, i) => {
      const canGive = least !== undefined && (widths[i] ?? 0) > least
      return canGive && (found === undefined || (widths[i] ?? 0) > (widths[found] ?? 0)) ? i : found
    }, undefined)
    if (widest === undefined) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

function line(
  row: readonly string[],
  widths: readonly number[],
  columns: readonly Column[],
  styled: (text: string, column: number) => string = (text) => text,
): string {
  return row
    .map((cell, i) => {
      const text = cutTo(cell, widths[i] ?? 0)
      const room = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)))
      return columns[i]?.right ? room + styled(text, i) : styled(text, i) + room
    })
    .join(GAP)
    .trimEnd()
}

function paint(style: Parameters<typeof styleText>[0] | undefined, text: string, stream: NodeJS.WriteStream): string {
  return style === undefined ? text : styleText(style, text, { stream })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

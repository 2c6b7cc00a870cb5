/**
 * Facts in columns: aligned for a person on a terminal, tab-separated for a pipe.
 *
 * On a terminal the table fits its width: the widest of the columns that may be cut gives way first. What goes into a pipe is
 * whole.
 */
import { styleText } from 'node:util'
import { readableLine } from '../ctl/readable.ts'

export interface Column {
  readonly title: string
  /** It may be cut to so many characters where the terminal is too narrow. */
  readonly least?: number
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
  const head = styleText('bold', line(titles, widths), { stream })
  const styled = cells.map((row) => line(row, widths, (text, i) => paint(all[i]?.style?.(row[i] ?? ''), text, stream)))
  return [head, ...styled].map((text) => `${text}\n`).join('')
}

function widthsWithin(room: number, columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => lengthOf(row[i] ?? ''))))
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
  styled: (text: string, column: number) => string = (text) => text,
): string {
  return row
    .map((cell, i) => {
      const text = cut(cell, widths[i] ?? 0)
      const isLast = i === row.length - 1
      return styled(text, i) + (isLast ? '' : ' '.repeat(Math.max(0, (widths[i] ?? 0) - lengthOf(text))))
    })
    .join(GAP)
    .trimEnd()
}

/** The first characters of a text, `…` in the place of what is missing. */
export function cut(text: string, width: number): string {
  if (lengthOf(text) <= width) return text
  return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`
}

function paint(style: Parameters<typeof styleText>[0] | undefined, text: string, stream: NodeJS.WriteStream): string {
  return style === undefined ? text : styleText(style, text, { stream })
}

function lengthOf(text: string): number {
  return [...text].length
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

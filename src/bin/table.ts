/**
 * Facts in columns: aligned for a person on a terminal, tab-separated for a pipe.
 */
import { styleText } from 'node:util'

/** @param rows  as many cells as `head` each */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  stream: NodeJS.WriteStream = process.stdout,
): string {
  if (!stream.isTTY) return [head, ...rows].map((row) => `${row.join('\t')}\n`).join('')
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd()
  return [styleText('bold', line(head), { stream }), ...rows.map(line)].map((text) => `${text}\n`).join('')
}

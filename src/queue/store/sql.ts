/**
 * The three shapes of SQL text that several statements share. Only placeholders and constants are ever made here;
 * values travel beside the text.
 */

/** `?, ?, ?` */
export function marks(count: number): string {
  return new Array(count).fill('?').join(', ')
}

/** `CASE id WHEN ? THEN ? … END`: a value of its own for each row of one UPDATE. Takes id, value, id, value, … */
export function perId(count: number): string {
  return `CASE id${' WHEN ? THEN ?'.repeat(count)} END`
}

const SIZES = [1, 2, 4, 8, 16, 32, 64, 100, 250, 500, 1000]

/**
 * The rows, the last one repeated until their number is one of a few sizes. A statement over n rows is prepared once
 * per text; with a few sizes the server keeps a few texts. A repeated row changes nothing: it is the same row.
 */
export function padded<Row>(rows: readonly Row[]): readonly Row[] {
  const size = SIZES.find((candidate) => candidate >= rows.length) ?? rows.length
  const last = rows.at(-1)
  return last === undefined ? rows : [...rows, ...new Array<Row>(size - rows.length).fill(last)]
}

/** A whole number for the text of a LIMIT, which takes no placeholder on every server. */
export function limited(count: number): number {
  if (!Number.isSafeInteger(count) || count < 1) throw new RangeError(`A limit of ${count} rows makes no sense`)
  return count
}

/**
 * The shapes of SQL text that several statements share. Only placeholders and constants are ever made here;
 * values travel beside the text.
 */
import type { GivenColumns, Value } from '../driver.ts'

/** `?, ?, ?` */
export function marks(count: number): string {
  return new Array(count).fill('?').join(', ')
}

/** Ids that are given: `givenIds` makes the value. */
export const IDS: GivenColumns = { id: 'whole' }

export function givenIds(ids: readonly number[]): string {
  return givenRows(ids.map((id) => [id]))
}

/**
 * The value of rows that are given (`Dialect.given`), each with its values in the order of the columns.
 *
 * @throws RangeError for what is no number: JSON would say null
 */
export function givenRows(rows: readonly (readonly Value[])[]): string {
  const odd = rows.find((row) => row.some(isOdd))?.find(isOdd)
  if (odd !== undefined) throw new RangeError(`${odd} cannot be stored as a number`)
  return JSON.stringify(rows)
}

function isOdd(value: Value): boolean {
  return typeof value === 'number' && !Number.isFinite(value)
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

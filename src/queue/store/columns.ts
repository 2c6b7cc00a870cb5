/** A row as a driver gives it, and its columns that may be NULL. */
import type { Value } from '../driver.ts'

export type Columns = Readonly<Record<string, Value>>

export function number(row: Columns, name: string): number | null {
  return row[name] === null ? null : Number(row[name])
}

export function text(row: Columns, name: string): string | null {
  return row[name] === null ? null : String(row[name])
}

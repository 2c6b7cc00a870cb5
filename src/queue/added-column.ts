/**
 * Which column of `queue` says when a row was added, where that is written down.
 *
 * A table that was taken over may have a `ctime` of its own, of whatever kind; its producers go on writing it, and ours is called
 * `added_at` then. Everything else calls it `dialect.added`.
 */
import type { AddedColumn } from './driver.ts'

/** The name of the setting; there is none where the tables are as our migrations made them. */
export const ADDED_SETTING = 'added_column'

/** @param value  of the setting; undefined for none */
export function addedColumn(value: string | number | undefined): AddedColumn {
  return value === 'added_at' ? 'added_at' : 'ctime'
}

/** A statement of our migrations with the column as it is called here; the other tables have a `ctime` of ours in any case. */
export function hereCalled(statement: string, added: AddedColumn): string {
  const isOfQueue = /^(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) queue\b/.test(statement)
  return isOfQueue && added !== 'ctime' ? statement.replace(/\bctime\b/g, added) : statement
}

/**
 * What stands in an old table, as expressions in our terms: the program, the time at which a row was added, the state.
 *
 * Names that a person gave are written as hexadecimal: no server setting can make anything else of them.
 */
import { STATUS } from '../status.ts'
import type { Adoption } from './adoption.ts'
import type { OldColumn } from './old-table.ts'

/** The latest second that a time column holds. */
const LATEST = 2_147_483_647
/** A number of that size counts milliseconds. */
const LEAST_MS = 100_000_000_000

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

export function literal(text: string): string {
  return text === '' ? "''" : `_utf8mb4 0x${Buffer.from(text).toString('hex')}`
}

/** The name as it stands there, in our character set, compared byte by byte. */
export function programName(column: string): string {
  return `CONVERT(${identifier(column)} USING utf8mb4) COLLATE utf8mb4_bin`
}

/** The task that a program's name means; also the default of `task`, so it asks nothing but the row. */
export function taskOf({ column, map }: Pick<Adoption, 'column' | 'map'>): string {
  const name = programName(column)
  const base = `SUBSTRING_INDEX(${name}, '/', -1)`
  const pairs = Object.entries(map)
  if (pairs.length === 0) return base
  const cases = pairs.map(([from, to]) => `WHEN ${literal(from)} THEN ${literal(to)}`)
  return `CASE ${name} ${cases.join(' ')} ELSE ${base} END`
}

/** What `taskOf` says, for a name that is known. */
export function taskNamed(name: string, map: Adoption['map']): string {
  return Object.hasOwn(map, name) ? (map[name] as string) : (name.split('/').at(-1) ?? '')
}

export type TimeKind = 'number' | 'time' | 'text' | 'none'

/** How a column may say when a row was added. */
export function timeKind(column: OldColumn | undefined): TimeKind {
  if (column === undefined) return 'none'
  if (/^(?:tiny|small|medium|big)?int|^decimal|^double|^float/.test(column.type)) return 'number'
  if (/^(?:datetime|timestamp|date)\b/.test(column.type)) return 'time'
  return /^(?:var)?char/.test(column.type) ? 'text' : 'none'
}

/** When the row was added, for a session that counts in UTC; NULL where it does not say, or says nothing that can be. */
export function addedAt(column: OldColumn | undefined, zone: string): string {
  if (column === undefined) return 'NULL'
  const value = identifier(column.name)
  switch (timeKind(column)) {
    case 'number':
      return fromNumber(value)
    case 'time':
      return column.type.startsWith('timestamp') ? possible(value) : fromClock(value, zone)
    case 'text':
      return `CASE WHEN ${value} REGEXP '^[0-9]{9,13}$' THEN ${fromNumber(`CAST(${value} AS UNSIGNED)`)}
                   WHEN ${value} REGEXP '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}' THEN ${fromClock(`CAST(${value} AS DATETIME)`, zone)} END`
    case 'none':
      return 'NULL'
  }
}

function fromNumber(value: string): string {
  return `CASE WHEN ${value} BETWEEN 1 AND ${LATEST} THEN FROM_UNIXTIME(${value})
               WHEN ${value} BETWEEN ${LEAST_MS} AND ${LATEST}000 THEN FROM_UNIXTIME(${value} / 1000) END`
}

function fromClock(value: string, zone: string): string {
  return possible(`CONVERT_TZ(${value}, ${literal(zone)}, '+00:00')`)
}

/** Without zero dates, and what no time column holds. */
function possible(value: string): string {
  return `CASE WHEN ${value} > '1970-01-01 00:00:01' AND ${value} < '2038-01-19 00:00:00' THEN ${value} END`
}

/** The number of our state; NULL for a value that nobody said a word of. */
export function statusOf(status: Adoption['status'], column = 'status'): string {
  const value = identifier(column)
  const cases = Object.entries(status)
    .filter(([from]) => from !== 'null')
    .map(([from, to]) => `WHEN '${Number(from)}' THEN ${STATUS[to]}`)
  const known = `CASE CAST(${value} AS CHAR) WHEN '0' THEN ${STATUS.ready} WHEN '1' THEN ${STATUS.done} ${cases.join(' ')} END`
  return status.null === undefined ? known : `CASE WHEN ${value} IS NULL THEN ${STATUS[status.null]} ELSE ${known} END`
}

/**
 * A selection: which tasks a person means, by what stands in their rows.
 *
 * Text is compared as it is, capitals and all, on every database. No pattern has a meaning: a `%` is a percent sign.
 */
import type { Dialect, Value } from '../driver.ts'
import { isFinal, STATUS, STATUS_NAMES, type StatusName } from '../status.ts'
import { marks } from './sql.ts'

/** A task is selected when all that is given holds for it. Times are UTC milliseconds. */
export interface Selection {
  /** One of these. */
  readonly queues?: readonly string[]
  /** One of these. */
  readonly states?: readonly StatusName[]
  /** One of these. */
  readonly tasks?: readonly string[]
  readonly key?: string
  /** A part of the parameter. */
  readonly param?: string
  /** A part of the error. */
  readonly error?: string
  readonly addedSince?: number
  /** Before this time. */
  readonly addedUntil?: number
  /** Finished for good: a task that waits for another attempt has not finished. */
  readonly finishedSince?: number
  /** Finished for good, before this time. */
  readonly finishedUntil?: number
  readonly fromId?: number
  readonly toId?: number
}

/** SQL that is put together with the values of its placeholders, in their order. */
export interface Conditions {
  /** ` AND … AND …`, or nothing. */
  readonly sql: string
  readonly values: readonly Value[]
}

export const NOTHING: Conditions = { sql: '', values: [] }

/** The selection as conditions on the columns of `queue`, to stand behind another one. */
export function selected(dialect: Dialect, selection: Selection): Conditions {
  const { fromId, toId } = selection
  return joined(rowConditions(dialect, selection), condition('id >= ?', fromId), condition('id <= ?', toId))
}

/** All of it but the ids. */
export function rowConditions(dialect: Dialect, selection: Selection): Conditions {
  const { queues, tasks, key, param, error } = selection
  const states = statesOf(selection)
  return joined(
    states === undefined ? NOTHING : { sql: ` AND ${statusIs(states)}`, values: [] },
    oneOf('queue', queues),
    oneOf('task', tasks),
    condition('shard_key = ?', key),
    condition('INSTR(param, ?) > 0', param),
    condition('INSTR(error, ?) > 0', error),
    between(dialect, dialect.added, selection.addedSince, selection.addedUntil),
    between(dialect, 'finished_at', selection.finishedSince, selection.finishedUntil),
  )
}

/** The states that selected tasks may be in; undefined for any, also one that is none of ours. */
export function statesOf({ states, finishedSince, finishedUntil }: Selection): readonly StatusName[] | undefined {
  if (finishedSince === undefined && finishedUntil === undefined) return states && unique(states)
  return unique(states ?? STATUS_NAMES).filter(isFinal)
}

/** `status = 3` alone is what the partial indexes of SQLite are used for. */
export function statusIs(states: readonly StatusName[]): string {
  const [first, ...others] = states.map((name) => STATUS[name])
  if (first === undefined) return '1 = 0'
  return others.length === 0 ? `status = ${first}` : `status IN (${[first, ...others].join(', ')})`
}

/** Since the one time and before the other, in a column of times. */
export function between(
  { fromMs, latestMs }: Dialect,
  column: string,
  since: number | undefined,
  until: number | undefined,
): Conditions {
  const storable = (at: number | undefined) => at && Math.min(Math.max(at, 0), latestMs)
  return joined(
    condition(`${column} >= ${fromMs('?')}`, storable(since)),
    condition(`${column} < ${fromMs('?')}`, storable(until)),
  )
}

export function oneOf(column: string, names: readonly string[] | undefined): Conditions {
  if (names === undefined) return NOTHING
  const values = unique(names)
  return { sql: values.length === 0 ? ' AND 1 = 0' : ` AND ${column} IN (${marks(values.length)})`, values }
}

export function joined(...all: readonly Conditions[]): Conditions {
  return { sql: all.map(({ sql }) => sql).join(''), values: all.flatMap(({ values }) => values) }
}

function condition(sql: string, value: Value | undefined): Conditions {
  return value === undefined ? NOTHING : { sql: ` AND ${sql}`, values: [value] }
}

function unique<T>(all: readonly T[]): T[] {
  return [...new Set(all)]
}

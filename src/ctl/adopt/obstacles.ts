/**
 * Why a table cannot be taken over as it stands: each reason as a sentence that says what to do.
 */

import { emptyValue, ourQueue } from '../../queue/adopt/adopt-steps.ts'
import type { Adoption } from '../../queue/adopt/adoption.ts'
import { isKeepable } from '../../queue/adopt/kept-columns.ts'
import type { OldColumn, OldTable } from '../../queue/adopt/old-table.ts'
import { isEnough, typeOf } from '../doctor/column-type.ts'

/** Columns that old and new tables share: they stay as they are. */
const SHARED = ['id', 'param', 'status']

export interface Neighbours {
  /** Tables of our names beside it that are not ours. */
  readonly foreign: readonly string[]
}

export function obstacles(table: OldTable, adoption: Adoption, { foreign }: Neighbours): string[] {
  return [
    ...idObstacles(table),
    ...sharedObstacles(table),
    ...programObstacles(table, adoption),
    ...ownColumnObstacles(table, adoption),
    ...indexObstacles(table, adoption),
    ...(table.isPartitioned
      ? ['The table is partitioned, so it can have no index of unique keys. Make ours elsewhere and use --from.']
      : []),
    ...foreign.map(
      (name) =>
        `There is a table ${name} that is not ours, and ours has that name. Give the queue a database of its own, and carry the rows there with --from.`,
    ),
  ]
}

function idObstacles({ columns, indexes }: OldTable): string[] {
  const id = columns.get('id')
  const isKey = indexes.some(({ name, columns: own }) => name === 'PRIMARY' && own.join() === 'id')
  if (id !== undefined && isKey && id.isCounted && isKeepable('id', id.type)) return []
  return ['It has no column id that is a whole number, counts itself and is the primary key. Give it one.']
}

function sharedObstacles({ columns }: OldTable): string[] {
  return SHARED.slice(1).flatMap((name) => {
    const column = columns.get(name)
    if (column === undefined) return [`It has no column ${name}. Add it.`]
    if (isKeepable(name, column.type)) return []
    const wanted = name === 'status' ? 'a whole number' : 'a text'
    return [`The column ${name} is ${column.type} and not ${wanted}. Change its type, or carry the rows with --from.`]
  })
}

function programObstacles({ columns }: OldTable, { column }: Adoption): string[] {
  const program = columns.get(column)
  if (program === undefined) return [`It has no column ${column}. Name the one that has the program with --column.`]
  if (/char|text/.test(program.type) && !program.isGenerated) return []
  return [`The column ${column} is ${program.type} and not a text. Name the one that has the program with --column.`]
}

/** A column of the site's that has the name of one of ours and is another thing, and one that our INSERTs cannot fill. */
function ownColumnObstacles({ columns }: OldTable, { added, column: program }: Adoption): string[] {
  const ours = ourQueue(added)
  return [...columns.values()].flatMap((column) => {
    const { name, type } = column
    if (SHARED.includes(name) || name === program) return []
    const definition = ours.columns.get(name)
    if (definition === undefined) {
      const isFilled = column.isNullable || column.default !== undefined || column.isCounted || column.isGenerated
      return isFilled || emptyValue(type) !== undefined
        ? []
        : [`The column ${name} is ${type}, has no default, and there is none to choose. Give it one.`]
    }
    if (isEnough(type, typeOf(definition)) && isNullableAs(column, definition)) return []
    return [
      `It has a column ${name} of its own (${type}), and ours has that name. Call it something else, or carry the rows with --from.`,
    ]
  })
}

function isNullableAs({ isNullable, isGenerated }: OldColumn, definition: string): boolean {
  return isGenerated || isNullable !== definition.includes('NOT NULL')
}

/** Our own tasks have no name in the old column, so a key over it takes all of them for one. */
function indexObstacles({ indexes }: OldTable, { column }: Adoption): string[] {
  return indexes
    .filter(({ isUnique, columns }) => isUnique && columns.includes(column))
    .map(
      ({ name }) =>
        `Its unique key ${name} has ${column} in it, which is empty in tasks of our own: only one of these could be added. Drop it; unique_key is what ours is called.`,
    )
}

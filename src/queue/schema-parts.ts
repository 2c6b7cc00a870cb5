/**
 * The tables that our migrations make, taken apart: every column and every index, each with the words that make it.
 *
 * Read from the migrations themselves, so that what a live table is held against, and the statement that mends it, cannot
 * differ from what was run. It knows the few shapes that our migrations have, and refuses any other.
 */
import { hereCalled } from './added-column.ts'
import type { AddedColumn, Dialect } from './driver.ts'
import { MIGRATIONS } from './schema.ts'

export interface TableParts {
  readonly name: string
  /** By name, without it: `BIGINT UNSIGNED NOT NULL`. */
  readonly columns: ReadonlyMap<string, string>
  readonly indexes: ReadonlyMap<string, IndexParts>
}

export interface IndexParts {
  readonly columns: readonly string[]
  readonly isUnique: boolean
  /** What makes it, as a statement of its own. */
  readonly statement: string
}

interface Building {
  readonly columns: Map<string, string>
  readonly indexes: Map<string, IndexParts>
}

/** The name that MySQL has for a primary key. */
export const PRIMARY = 'PRIMARY'

/** @param added  what the column is called that says when a row was added */
export function expectedTables(ddl: Dialect['ddl'], added: AddedColumn = 'ctime'): TableParts[] {
  const tables = new Map<string, Building>()
  for (const statement of MIGRATIONS.flatMap((migration) => migration[ddl]))
    read(tables, hereCalled(statement.trim(), added))
  return [...tables].map(([name, parts]) => ({ name, ...parts }))
}

function read(tables: Map<string, Building>, statement: string): void {
  const created = /^CREATE TABLE (?:IF NOT EXISTS )?(\w+) \(([\s\S]*)\)[^)]*$/.exec(statement)
  if (created !== null) {
    const [, name = '', body = ''] = created
    const table: Building = { columns: new Map(), indexes: new Map() }
    tables.set(name, table)
    for (const part of topLevelParts(body)) addPart(name, table, part)
    return
  }
  const altered = /^ALTER TABLE (\w+)\s([\s\S]*)$/.exec(statement)
  if (altered !== null) {
    const [, name = '', changes = ''] = altered
    for (const change of topLevelParts(changes)) alter(name, known(tables, name, statement), change)
    return
  }
  const index = /^CREATE (UNIQUE )?INDEX (?:IF NOT EXISTS )?(\w+) ON (\w+) \(([^)]*)\)/.exec(statement)
  if (index !== null) {
    const [, unique, name = '', table = '', columns = ''] = index
    const parts = { columns: words(columns), isUnique: unique !== undefined, statement }
    known(tables, table, statement).indexes.set(name, parts)
    return
  }
  const dropped = /^DROP INDEX (?:IF EXISTS )?(\w+)$/.exec(statement)
  if (dropped === null) throw new Error(`A migration has a statement of an unknown shape: ${statement}`)
  for (const { indexes } of tables.values()) indexes.delete(dropped[1] ?? '')
}

function known(tables: Map<string, Building>, name: string, statement: string): Building {
  const table = tables.get(name)
  if (table === undefined) throw new Error(`A migration changes a table that none makes: ${statement}`)
  return table
}

function alter(table: string, building: Building, change: string): void {
  const [, verb = '', rest = ''] = /^(ADD|MODIFY|DROP)(?: COLUMN)? ([\s\S]*)$/.exec(change) ?? []
  if (verb === 'DROP') {
    const name = rest.replace(/^(?:KEY|INDEX) /, '')
    building.columns.delete(name)
    building.indexes.delete(name)
  } else if (verb === '') throw new Error(`A migration changes ${table} in an unknown way: ${change}`)
  else addPart(table, building, rest)
}

function addPart(table: string, { columns, indexes }: Building, part: string): void {
  const key = /^(PRIMARY |UNIQUE )?(?:KEY|INDEX)\s*(\w*) ?\(([^)]*)\)$/.exec(part)
  if (key !== null) {
    const [, kind, name = '', list = ''] = key
    const isPrimary = kind === 'PRIMARY '
    const statement = `ALTER TABLE ${table} ADD ${part}`
    indexes.set(isPrimary ? PRIMARY : name, { columns: words(list), isUnique: kind !== undefined, statement })
    return
  }
  // A UNIQUE without a name is SQLite's, which makes an index for it that cannot be missing.
  if (/^(?:UNIQUE|CHECK) ?\(/.test(part)) return
  const [, name = '', definition = ''] = /^(\w+)\s+([\s\S]*)$/.exec(part) ?? []
  columns.set(name, definition.replace(/\s+/g, ' '))
}

/** At the commas that are in no bracket and in no text. */
function topLevelParts(text: string): string[] {
  const parts: string[] = []
  let begin = 0
  let depth = 0
  let inText = false
  for (const { 0: sign, index } of text.matchAll(/[',()]/g)) {
    if (sign === "'") inText = !inText
    else if (inText) continue
    else if (sign === '(') depth++
    else if (sign === ')') depth--
    else if (depth === 0) {
      parts.push(text.slice(begin, index))
      begin = index + 1
    }
  }
  return [...parts, text.slice(begin)].map((part) => part.trim()).filter((part) => part !== '')
}

function words(list: string): string[] {
  return list.split(',').map((word) => word.trim())
}

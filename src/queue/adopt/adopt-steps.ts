/**
 * The statements that make an old table ours, in their order; what is there already is left out, so whoever goes on with an
 * adoption that was cut off begins where it ended.
 *
 * Two rules hold at every moment in between: an INSERT as the old pages make it goes on working, and no row is rewritten where
 * the server need not. So columns come with a constant default, which a server adds without touching a row, and are given the
 * default that is computed afterwards.
 */
import type { AddedColumn } from '../driver.ts'
import { expectedTables, PRIMARY, type TableParts } from '../schema-parts.ts'
import type { Adoption } from './adoption.ts'
import type { OldColumn, OldTable } from './old-table.ts'
import { identifier, taskOf, timeKind } from './old-values.ts'

export interface Step {
  /** What it does, as the plan says it. */
  readonly does: string
  readonly sql: string
  /**
   * `quick`: no row is touched. `online`: the table is read, or written anew, while producers go on. `copy`: producers wait
   * for the whole of it.
   */
  readonly kind: 'quick' | 'online' | 'copy'
  /** Good to have: left out where the server cannot do it in that way. */
  readonly isOptional?: true
}

const TABLE = 'queue'
const UTF8 = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

export function ourQueue(added: AddedColumn): TableParts {
  const table = expectedTables('mysql', added).find(({ name }) => name === TABLE)
  if (table === undefined) throw new Error('The migrations make no table queue')
  return table
}

/** What comes before the rows are gone through. */
export function stepsBefore(table: OldTable, adoption: Adoption): Step[] {
  const ours = ourQueue(adoption.added)
  const missing = [...ours.columns].filter(([name]) => !table.columns.has(name))
  const plain = missing.filter(([, definition]) => !isGenerated(definition))
  const steps: Step[] = [...placeSteps(table)]
  if (plain.length > 0) {
    const parts = plain.map(([name, definition]) => `ADD COLUMN ${name} ${withCharset(constantDefault(definition))}`)
    steps.push({
      does: `add ${counted('column', plain)}`,
      sql: alter(parts),
      kind: 'quick',
    })
  }
  const defaults = defaultParts(table, adoption, ours)
  if (defaults.length > 0) {
    steps.push({
      does: `let an INSERT leave out ${defaults.map(({ column }) => column).join(', ')}`,
      sql: alter(defaults.map(({ sql }) => sql)),
      kind: 'quick',
    })
  }
  for (const [name, definition] of missing.filter(([, it]) => isGenerated(it))) {
    steps.push({
      does: `add the column ${name}, which is computed`,
      sql: alter([`ADD COLUMN ${name} ${withCharset(definition)}`]),
      kind: 'quick',
    })
  }
  return steps
}

/** What comes afterwards: an index is built faster than it is kept. */
export function stepsAfter(table: OldTable, added: AddedColumn): Step[] {
  const there = new Set(table.indexes.map(({ name }) => name))
  const missing = [...ourQueue(added).indexes].filter(([name]) => name !== PRIMARY && !there.has(name))
  if (missing.length === 0) return []
  const parts = missing.map(([, { statement }]) => statement.replace(/^ALTER TABLE \w+ /, ''))
  return [
    {
      does: `make ${counted('index', missing)}`,
      sql: alter(parts),
      kind: 'online',
    },
  ]
}

/** `the column task`, `29 columns, of which each has a default`. */
function counted(what: 'column' | 'index', parts: readonly (readonly [string, unknown])[]): string {
  const [first] = parts
  if (parts.length === 1) return `the ${what} ${first?.[0]}`
  return what === 'column' ? `${parts.length} columns, each with a default` : `${parts.length} indexes`
}

/** Engine, row format, and the character set of columns that later versions add. */
function placeSteps({ engine, rowFormat, collation }: OldTable): Step[] {
  const steps: Step[] = []
  if (engine !== 'InnoDB') {
    steps.push({
      does: `move the table from ${engine} to InnoDB`,
      sql: alter(['ENGINE = InnoDB', 'ROW_FORMAT = DYNAMIC']),
      kind: 'copy',
    })
  } else if (!['Dynamic', 'Compressed'].includes(rowFormat)) {
    steps.push({
      does: `write the table in the row format DYNAMIC`,
      sql: alter(['ROW_FORMAT = DYNAMIC']),
      kind: 'online',
    })
  }
  if (collation !== 'utf8mb4_bin') {
    steps.push({
      does: 'let columns that are added be utf8mb4; those that are there stay as they are',
      sql: alter([`DEFAULT ${UTF8}`]),
      kind: 'quick',
      isOptional: true,
    })
  }
  return steps
}

interface DefaultPart {
  readonly column: string
  readonly sql: string
}

/** Defaults that are not there yet: computed ones of ours, and those that our own INSERTs need. */
function defaultParts(table: OldTable, adoption: Adoption, ours: TableParts): DefaultPart[] {
  const computed = [...ours.columns].flatMap(([name, definition]) => {
    const expression = name === 'task' ? `(${taskOf(adoption)})` : expressionOf(definition)
    const live = table.columns.get(name)
    if (expression === undefined || name === 'param' || (live?.default ?? '').includes('(')) return []
    return [{ column: name, sql: `ALTER COLUMN ${name} SET DEFAULT ${expression}` }]
  })
  const old = [...table.columns.values()].flatMap((column) => {
    if (ours.columns.has(column.name) && !['param', 'status'].includes(column.name)) return []
    const value = neededDefault(column)
    return value === undefined
      ? []
      : [{ column: column.name, sql: `ALTER COLUMN ${identifier(column.name)} SET DEFAULT ${value}` }]
  })
  return [...computed, ...old]
}

/** @returns undefined where there is a default, or none is needed */
function neededDefault(column: OldColumn): string | undefined {
  if (column.isCounted || column.isGenerated) return undefined
  if (column.name === 'status') return /^'?0'?$/.test(column.default ?? '') ? undefined : '0'
  if (column.name === 'param') return column.default === undefined ? "('')" : undefined
  if (column.isNullable || column.default !== undefined) return undefined
  if (column.name === 'ctime' && timeKind(column) === 'number') return '(UNIX_TIMESTAMP())'
  return emptyValue(column.type)
}

/** The value that means nothing, as a default; undefined for a type that has none. */
export function emptyValue(type: string): string | undefined {
  if (/^(?:tiny|small|medium|big)?int|^decimal|^double|^float|^bit|^year/.test(type)) return '0'
  if (/^(?:var)?(?:char|binary)/.test(type)) return "''"
  if (/(?:text|blob)$/.test(type)) return "('')"
  if (type.startsWith('json')) return "('null')"
  const time = /^(?:datetime|timestamp)(\(\d\))?/.exec(type)
  if (time !== null) return `CURRENT_TIMESTAMP${time[1] ?? ''}`
  if (type === 'date') return '(CURRENT_DATE)'
  const first = /^(?:enum|set)\(('(?:[^']|'')*')/.exec(type)
  return first?.[1]
}

function alter(parts: readonly string[]): string {
  return `ALTER TABLE ${TABLE} ${parts.join(', ')}`
}

export function isGenerated(definition: string): boolean {
  return definition.includes('GENERATED ALWAYS')
}

/** `(CASE …)` behind DEFAULT; undefined for a constant, and for none. */
function expressionOf(definition: string): string | undefined {
  return isGenerated(definition) ? undefined : /DEFAULT (\(.*\))$/.exec(definition)?.[1]
}

/** Without what has to be computed, and with a default in any case: old INSERTs say nothing of it. */
export function constantDefault(definition: string): string {
  const constant = /^(?:VARCHAR|TEXT)/.test(definition) ? "''" : '0'
  if (expressionOf(definition) !== undefined) return definition.replace(/DEFAULT \(.*\)$/, `DEFAULT ${constant}`)
  return / DEFAULT /.test(definition) ? definition : `${definition} DEFAULT ${constant}`
}

/** A column without a character set would get that of the table. */
export function withCharset(definition: string): string {
  return definition.replace(/^((?:VARCHAR\(\d+\)|TEXT))(?! CHARACTER SET)/, `$1 ${UTF8}`)
}

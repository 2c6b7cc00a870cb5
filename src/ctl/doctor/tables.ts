/**
 * The live tables beside those that our migrations make: each difference with the statement that mends it. What somebody has
 * added is theirs; only triggers are told of, because every claim runs them.
 */
import { type Finding, note, problem } from '../../doctor/finding.ts'
import { isKeepable, keptWith } from '../../queue/adopt/kept-columns.ts'
import type { IndexParts, TableParts } from '../../queue/schema-parts.ts'
import type { LiveColumn, LiveIndex, LiveTable } from '../../queue/store/examine/examiner.ts'
import { isEnough, typeOf, wantedCollation } from './column-type.ts'

const CHECK = 'tables'

export function tableFindings(expected: readonly TableParts[], live: readonly LiveTable[]): Finding[] {
  return expected.flatMap((table) => {
    const there = live.find(({ name }) => name === table.name)
    if (there === undefined) return [missingTable(table.name)]
    return [
      ...engineFindings(there),
      ...[...table.columns].flatMap(([name, definition]) =>
        columnFindings(table.name, name, definition, there.columns.get(name)),
      ),
      ...[...table.indexes].flatMap(([name, index]) => indexFindings(table.name, name, index, there.indexes.get(name))),
      ...there.triggers.map((trigger) =>
        note(CHECK, `The table ${table.name} has a trigger ${trigger}, which runs with every claim and every booking.`),
      ),
    ]
  })
}

function missingTable(name: string): Finding {
  return problem(
    CHECK,
    `There is no table ${name}: make it by its statement from "queuectl schema".`,
    'queuectl schema',
  )
}

function engineFindings({ name, engine, rowFormat }: LiveTable): Finding[] {
  if (engine !== undefined && engine !== 'InnoDB') {
    const fix = `ALTER TABLE ${name} ENGINE = InnoDB`
    const why = 'it knows no transactions and locks the whole table with every write'
    return [problem(CHECK, `The table ${name} is kept by ${engine}: ${why}. Run "${fix}".`, fix)]
  }
  if (rowFormat === undefined || ['Dynamic', 'Compressed'].includes(rowFormat)) return []
  const fix = `ALTER TABLE ${name} ROW_FORMAT = DYNAMIC`
  return [
    note(
      CHECK,
      `The table ${name} has the row format ${rowFormat}, which keeps long texts less well. Run "${fix}".`,
      fix,
    ),
  ]
}

function columnFindings(table: string, name: string, definition: string, live: LiveColumn | undefined): Finding[] {
  if (live === undefined) {
    const fix = `ALTER TABLE ${table} ADD COLUMN ${name} ${definition}`
    return [problem(CHECK, `The table ${table} has no column ${name}. Run "${fix}".`, fix)]
  }
  const fix = `ALTER TABLE ${table} MODIFY COLUMN ${name} ${definition}`
  const wanted = typeOf(definition)
  if (table === 'queue' && live.type !== undefined && isKeepable(name, live.type)) return keptFindings(name, live, fix)
  if (live.type !== undefined && !isEnough(live.type, wanted)) {
    return [problem(CHECK, `The column ${table}.${name} is ${live.type} instead of ${wanted}. Run "${fix}".`, fix)]
  }
  const collation = wantedCollation(definition)
  if (live.collation === undefined || collation === undefined || collation.fits(live.collation)) return []
  const why = `it is compared by ${live.collation}, and not byte by byte by ${collation.name}`
  return [
    problem(
      CHECK,
      `The column ${table}.${name} takes different texts for equal, or refuses some: ${why}. Run "${fix}".`,
      fix,
    ),
  ]
}

/** What an adopted table brought with it: our programs work with it, within its limits. */
function keptFindings(name: string, { type = '', collation }: LiveColumn, fix: string): Finding[] {
  const limits = keptWith(name, type, collation)
  if (limits === undefined) return []
  return [
    note(
      CHECK,
      `The column queue.${name} is ${type}: ${limits}. "${fix}" would widen it, and writes the table anew.`,
      fix,
    ),
  ]
}

function indexFindings(table: string, name: string, expected: IndexParts, live: LiveIndex | undefined): Finding[] {
  const columns = `(${expected.columns.join(', ')})`
  if (live === undefined) {
    const fix = expected.statement
    return [problem(CHECK, `The table ${table} has no index ${name} ${columns}. Run "${oneLine(fix)}".`, oneLine(fix))]
  }
  if (live.asleep !== undefined) {
    const fix = `ALTER TABLE ${table} ALTER INDEX ${name} ${live.asleep}`
    return [problem(CHECK, `The index ${name} of ${table} is there, but must not be used. Run "${fix}".`, fix)]
  }
  const isSame = live.columns.join() === expected.columns.join() && live.isUnique === expected.isUnique
  if (isSame && conditionOf(expected.statement) === (live.condition ?? '')) return []
  const [drop, between] = expected.statement.startsWith('ALTER TABLE')
    ? [`ALTER TABLE ${table} DROP KEY ${name}, ${expected.statement.replace(/^ALTER TABLE \w+ /, '')}`, '']
    : [`DROP INDEX ${name}`, `; ${expected.statement}`]
  const fix = oneLine(drop + between)
  const is = `(${live.columns.join(', ')})${live.condition === undefined ? '' : ` where ${live.condition}`}`
  return [problem(CHECK, `The index ${name} of ${table} is ${is}, and not as it was made. Run "${fix}".`, fix)]
}

function conditionOf(statement: string): string {
  return /\bWHERE (.*)$/s.exec(statement)?.[1]?.trim() ?? ''
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace('IF NOT EXISTS ', '')
}

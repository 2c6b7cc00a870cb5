/**
 * How the live database would run our statements: none may read a whole table or sort many rows, whatever is in it.
 */

import { grouped } from '../../amount.ts'
import { type Finding, problem } from '../../doctor/finding.ts'
import type { Dialect, Driver } from '../../queue/driver.ts'
import { examinerOf, type PlanStep } from '../../queue/store/examine/examiner.ts'
import { readableLine } from '../readable.ts'
import { ownStatements } from './own-statements.ts'

export interface ExplainedStatement {
  /** What it is for, behind "To": `claim tasks`. */
  readonly use: string
  readonly sortsFew: boolean
  /** What the database said instead, where it cannot run it. */
  readonly error?: string
  readonly steps: readonly PlanStep[]
}

const CHECK = 'statements'
/** Their rows are few: workers, jobs, pauses. */
const SMALL_TABLES = ['worker', 'setting', 'job']
const FEW_ROWS = 10_000
const LONGEST_ERROR = 200

/** @throws what passes: the database is locked, or gone */
export async function explained(db: Driver): Promise<ExplainedStatement[]> {
  const { explain } = examinerOf(db.dialect)
  const statements = await ownStatements(db.dialect)
  return Promise.all(
    statements.map(async ({ use, sortsFew, ...statement }) => {
      try {
        return { use, sortsFew, steps: await explain(db, statement) }
      } catch (error) {
        if (passes(db.dialect, error)) throw error
        return { use, sortsFew, steps: [], error: (error as Error).message }
      }
    }),
  )
}

/** The database did not come to the statement: it is locked, or gone. */
function passes({ isTransient, isUnavailable, isConnectionLost }: Dialect, error: unknown): boolean {
  return [isTransient, isUnavailable, isConnectionLost].some((is) => is(error))
}

/**
 * One finding for each purpose. A database that does not say how many rows it expects is taken at its worst.
 *
 * @param freshStatistics  the statement that counts anew what the optimizer goes by
 */
export function planFindings(statements: readonly ExplainedStatement[], freshStatistics: string): Finding[] {
  const findings = statements.flatMap((statement) => findingOf(statement, freshStatistics) ?? [])
  const uses = statements.map(({ use }) => use)
  return uses
    .filter((use, i) => uses.indexOf(use) === i)
    .flatMap((use) => findings.find(({ sentence }) => sentence.startsWith(`To ${use},`)) ?? [])
}

function findingOf({ use, sortsFew, error, steps }: ExplainedStatement, fix: string): Finding | undefined {
  if (error !== undefined) {
    const why = readableLine(error, LONGEST_ERROR).replace(/\.$/, '')
    return problem(CHECK, `To ${use}, we have a statement that this database refuses: ${why}. See the tables first.`)
  }
  const whole = steps.find((step) => step.readsAll && isMuch(step))
  if (whole !== undefined) {
    return problem(CHECK, `To ${use}, ${rowsOf(whole)} of ${whole.table} would be read${otherwise(fix)}`, fix)
  }
  const sorted = sortsFew ? undefined : steps.find((step) => step.sorts && isMuch(step))
  if (sorted === undefined) return undefined
  return problem(CHECK, `To ${use}, ${rowsOf(sorted)} of ${sorted.table} would be sorted${otherwise(fix)}`, fix)
}

function otherwise(fix: string): string {
  return `, because the database goes by old statistics or an index is missing: run "${fix}".`
}

function isMuch({ table, rows }: PlanStep): boolean {
  return !SMALL_TABLES.includes(table ?? '') && (rows === undefined || rows > FEW_ROWS)
}

function rowsOf({ rows }: PlanStep): string {
  return rows === undefined ? 'all rows' : `about ${grouped(rows)} rows`
}

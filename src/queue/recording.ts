/**
 * A driver that runs nothing and writes down what it was asked: how the very statements of the store are got hold of, without
 * saying them twice.
 *
 * Every question is answered by one made-up row, every write by one row changed, so that a function which asks one thing after
 * another comes to its last statement.
 */
import type { Dialect, Driver, Executor, Value } from './driver.ts'

export interface Statement {
  readonly sql: string
  readonly values: readonly Value[]
}

/** A function that asks in a loop does not come to an end by itself. */
const MOST_STATEMENTS = 40

class Enough extends Error {}

/** @param row  what every question is answered with; undefined for no row at all */
export async function statementsOf(
  dialect: Dialect,
  row: Readonly<Record<string, Value>> | undefined,
  work: (db: Driver) => Promise<unknown>,
): Promise<Statement[]> {
  const seen: Statement[] = []
  const note = (sql: string, values: readonly Value[] = []) => {
    if (seen.length >= MOST_STATEMENTS) throw new Enough()
    seen.push({ sql, values })
  }
  const executor: Executor = {
    async all<Row>(sql: string, values?: readonly Value[]) {
      note(sql, values)
      return (row === undefined ? [] : [row]) as Row[]
    },
    async run(sql, values) {
      note(sql, values)
      return { changed: 1, insertId: 1 }
    },
  }
  try {
    await work({ ...executor, dialect, transaction: (inside) => inside(executor), close: async () => {} })
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
  return seen.filter(({ sql }, i) => seen.findIndex((one) => one.sql === sql) === i)
}

/** Which tasks of a queue a backfill by hand is for. */
import type { Dialect, Value } from '../driver.ts'

/** Times are UTC milliseconds at which the row was added. */
export interface TaskFilter {
  readonly task?: string
  readonly since?: number
  readonly until?: number
  readonly fromId?: number
  readonly toId?: number
}

/** Conditions to stand behind another one: ` AND … AND …`, or nothing. */
export function conditions(dialect: Dialect, filter: TaskFilter = {}): { sql: string; values: Value[] } {
  const parts: string[] = []
  const values: Value[] = []
  const add = (sql: string, value: Value | undefined) => {
    if (value === undefined) return
    parts.push(` AND ${sql}`)
    values.push(value)
  }
  add('task = ?', filter.task)
  add(`${dialect.added} >= ${dialect.fromMs('?')}`, filter.since)
  add(`${dialect.added} < ${dialect.fromMs('?')}`, filter.until)
  add('id >= ?', filter.fromId)
  add('id <= ?', filter.toId)
  return { sql: parts.join(''), values }
}

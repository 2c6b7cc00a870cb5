/**
 * The tally: what ended, added up by minute, queue, task, ending and duration.
 *
 * Workers add to the rows of the minute in which they write, and to the totals, which have no time. A few rows a minute hold what
 * thousands of attempts came to, so that rates and durations cost the same whatever the history is; `roll-up-tally.ts` makes hours
 * of minutes.
 */
import { HOUR_MS, MINUTE_MS } from '../../time/units.ts'
import type { Driver, Value } from '../driver.ts'
import { marks, padded } from './sql.ts'

/** `retried`: not finished by it, whatever the reason; another attempt follows. */
export type TallyEnding = 'done' | 'retried' | 'failed' | 'cancelled' | 'held'

export interface TallyKey {
  readonly queue: string
  readonly task: string
  readonly ending: TallyEnding
  /** As `durationClass` has it: 0 for what never ran. */
  readonly durationClass: number
}

export interface TallyCounts {
  readonly attempts: number
  readonly ranMs: number
  readonly cpuMs: number
  readonly outputBytes: number
}

export interface TallySum extends TallyKey, TallyCounts {}

export interface TallyRow extends TallySum {
  /** The beginning of its minute or hour, by the database's clock: UTC milliseconds. */
  readonly at: number
  /** How long it is. */
  readonly minutes: 1 | 60
}

export interface TallyChoice {
  /** UTC milliseconds. Rows that begin earlier are left out, so it is best a whole minute, or hour: see `tallySince`. */
  readonly since: number
  readonly queue?: string | undefined
  readonly task?: string | undefined
}

/** Minutes are kept at least so long; then they are folded into hours, by whole hours. */
export const KEEP_MINUTES_MS = 2 * HOUR_MS

export const TALLY_COUNTS = ['attempts', 'ran_ms', 'cpu_ms', 'output_bytes'] as const

const KEYS_AT_ONCE = 250
/** The totals' rows begin at the first second that a time column holds. */
const TOTALS_AT = 1_000

/**
 * Adds to the minute that it is by the database's clock, and to the totals. When the connection is lost in the middle, nobody
 * knows whether it was added; a second try may count twice.
 *
 * @param sums  each key once
 */
export async function addTally(db: Driver, sums: readonly TallySum[]): Promise<void> {
  const { thisMinute, fromMs, addUp } = db.dialect
  // All writers go through the rows in one order, so that none has what the other waits for.
  const inOrder = sums.toSorted(byKey)
  for (let start = 0; start < inOrder.length; start += KEYS_AT_ONCE) {
    const batch = inOrder.slice(start, start + KEYS_AT_ONCE)
    const all = padded(batch).map((sum, i) => (i < batch.length ? sum : { ...sum, ...NOTHING }))
    const rows = (minutes: 0 | 1, at: string) =>
      all.map(() => `(${minutes}, ${at}, ${marks(4 + TALLY_COUNTS.length)})`).join(', ')
    const values = all.flatMap(valuesOf)
    await db.run(
      `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, ${TALLY_COUNTS.join(', ')})
       VALUES ${rows(0, fromMs(String(TOTALS_AT)))}, ${rows(1, thisMinute)}
       ${addUp('tally', TALLY_COUNTS)}`,
      [...values, ...values],
    )
  }
}

const NOTHING: TallyCounts = { attempts: 0, ranMs: 0, cpuMs: 0, outputBytes: 0 }

/** In the order of the table's key. */
function byKey(a: TallyKey, b: TallyKey): number {
  return (
    compare(a.queue, b.queue) ||
    compare(a.task, b.task) ||
    compare(a.ending, b.ending) ||
    a.durationClass - b.durationClass
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function valuesOf({ queue, task, ending, durationClass, attempts, ranMs, cpuMs, outputBytes }: TallySum): Value[] {
  return [queue, task, ending, durationClass, attempts, ranMs, cpuMs, outputBytes]
}

/** From where rows that begin then cover a span exactly: whole minutes while they are kept, before that whole hours. */
export function tallySince(since: number, now: number): number {
  const unit = now - since <= KEEP_MINUTES_MS ? MINUTE_MS : HOUR_MS
  return Math.floor(since / unit) * unit
}

/** Row by row: for what is drawn over time. Oldest first. */
export async function readTally(db: Driver, choice: TallyChoice): Promise<TallyRow[]> {
  const { sql, values } = chosen(db, choice)
  const rows = await db.all<Columns>(
    `SELECT ${db.dialect.asMs('start_at')} AS at, minutes, queue, task, ending, duration, ${TALLY_COUNTS.join(', ')}
       FROM tally WHERE ${sql}
      ORDER BY start_at`,
    values,
  )
  return rows.map((row) => ({ at: Number(row.at), minutes: Number(row.minutes) === 60 ? 60 : 1, ...sumOf(row) }))
}

/** Added up over the time. */
export async function sumTally(db: Driver, choice: TallyChoice): Promise<TallySum[]> {
  const { sql, values } = chosen(db, choice)
  return summed(db, sql, values)
}

/** Everything since the tables were made: it never gets less. */
export function tallyTotals(db: Driver): Promise<TallySum[]> {
  return summed(db, 'minutes = 0', [])
}

function chosen({ dialect }: Driver, { since, queue, task }: TallyChoice): { sql: string; values: Value[] } {
  return {
    sql: [
      'minutes IN (1, 60)',
      `start_at >= ${dialect.fromMs('?')}`,
      ...(queue === undefined ? [] : ['queue = ?']),
      ...(task === undefined ? [] : ['task = ?']),
    ].join(' AND '),
    // A time column begins after 1970.
    values: [Math.max(since, 1_000), ...[queue, task].filter((value) => value !== undefined)],
  }
}

async function summed(db: Driver, condition: string, values: readonly Value[]): Promise<TallySum[]> {
  const rows = await db.all<Columns>(
    `SELECT queue, task, ending, duration, ${TALLY_COUNTS.map((column) => `SUM(${column}) AS ${column}`).join(', ')}
       FROM tally WHERE ${condition}
      GROUP BY queue, task, ending, duration`,
    values,
  )
  return rows.map(sumOf)
}

type Columns = Record<string, string | number>

function sumOf(row: Columns): TallySum {
  return {
    queue: String(row.queue),
    task: String(row.task),
    ending: String(row.ending) as TallyEnding,
    durationClass: Number(row.duration),
    attempts: Number(row.attempts),
    ranMs: Number(row.ran_ms),
    cpuMs: Number(row.cpu_ms),
    outputBytes: Number(row.output_bytes),
  }
}

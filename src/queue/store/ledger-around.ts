/**
 * Signs of life in the schedule's ledger: when ticks decided something shortly before and after a moment.
 *
 * A tick that had nothing to decide leaves no row, so a gap between two signs is the longest that a silence can have been.
 */
import type { Driver } from '../driver.ts'

export interface SignOfLife {
  readonly host: string
  /** UTC milliseconds, by the database's clock. */
  readonly at: number
}

export interface Around {
  /** The last one before the moment. */
  readonly before: SignOfLife | undefined
  /** The first one at or after it. */
  readonly after: SignOfLife | undefined
  /** The slot of the oldest row: UTC milliseconds. */
  readonly oldestSlotAt: number | undefined
}

/** What a tick makes up for has slots from before it; this many are looked through for the first that was decided. */
const MOST_AFTER = 300
/** Runs that a person asked for are no sign of a tick. */
const OF_TICKS = "place NOT LIKE 'hand:%'"

/** @param at  UTC milliseconds */
export async function ledgerAround(db: Driver, at: number): Promise<Around> {
  const { asMs, fromMs } = db.dialect
  const columns = `host, ${asMs('ctime')} AS at`
  const before = await db.all<SignOfLife>(
    `SELECT ${columns} FROM slot
      WHERE slot_at <= ${fromMs('?')} AND ctime < ${fromMs('?')} AND ${OF_TICKS}
      ORDER BY slot_at DESC, ctime DESC LIMIT 1`,
    [at, at],
  )
  const after = await db.all<SignOfLife>(
    `SELECT ${columns} FROM slot
      WHERE slot_at >= ${fromMs('?')} AND ctime >= ${fromMs('?')} AND ${OF_TICKS}
      ORDER BY slot_at LIMIT ${MOST_AFTER}`,
    [at, at],
  )
  const oldest = await db.all<{ at: number | null }>(`SELECT ${asMs('MIN(slot_at)')} AS at FROM slot`)
  const first = after.toSorted((a, b) => Number(a.at) - Number(b.at))[0]
  return { before: sign(before[0]), after: sign(first), oldestSlotAt: number(oldest[0]?.at) }
}

function sign(row: SignOfLife | undefined): SignOfLife | undefined {
  return row === undefined ? undefined : { host: row.host, at: Number(row.at) }
}

function number(value: number | null | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

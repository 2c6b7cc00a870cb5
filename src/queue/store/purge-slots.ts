/**
 * The ledger's retention: what ran nothing is kept for days, what ran for months, what is open for good.
 *
 * Two sweeps go through the ledger in the order of its slots, a bounded stretch at each call, and remember in `setting` where
 * they are. One takes the rows that ran nothing, which are nearly all, as they come of age, and passes each stretch once: what
 * stays is not read again. The other goes over what is older than everything kept, from the beginning whenever it has come to
 * the end, because there a backfill adds rows that are old by their slot and new by their deed.
 */
import { DAY_MS } from '../../time/units.ts'
import { again } from '../again.ts'
import type { Dialect, Driver } from '../driver.ts'
import { limited } from './sql.ts'

/** Above the longest that a slot can be made up for. */
export const KEEP_IDLE_MS = 8 * DAY_MS
export const KEEP_MS = 90 * DAY_MS

/** What was decided, and started nothing. */
export const RAN_NOTHING = "is_open = 0 AND task_id IS NULL AND verdict NOT IN ('starting', 'started', 'enqueued')"

const ROWS_A_SWEEP = 500
const CURSORS = 'purge:slot'

interface Sweep {
  readonly name: 'idle' | 'old'
  readonly ageMs: number
  /** Which rows go. */
  readonly goes: (dialect: Dialect) => string
  readonly beginsAnew: boolean
}

const SWEEPS: readonly Sweep[] = [
  {
    name: 'idle',
    ageMs: KEEP_IDLE_MS,
    goes: () => RAN_NOTHING,
    beginsAnew: false,
  },
  {
    name: 'old',
    ageMs: KEEP_MS,
    goes: ({ fromNow }) => `is_open = 0 AND mtime < ${fromNow(`-${KEEP_MS}`)}`,
    beginsAnew: true,
  },
]

/** Where each sweep goes on: UTC milliseconds of a slot. */
type Cursors = Readonly<Record<Sweep['name'], number>>

/**
 * Reads at most a thousand rows, and more only where a single minute has more.
 *
 * @returns how many rows it removed, and whether there may be more to remove at once
 */
export async function purgeSlots(db: Driver, patienceMs: number): Promise<{ removed: number; more: boolean }> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const cursors = { ...(await readCursors(db)) }
    let removed = 0
    let more = false
    for (const sweep of SWEEPS) {
      const stretch = await nextStretch(db, sweep, cursors[sweep.name])
      if (stretch !== undefined) removed += await remove(db, sweep, stretch)
      cursors[sweep.name] = goOn(sweep, cursors[sweep.name], stretch)
      more ||= stretch?.isLast === false
    }
    await writeCursors(db, cursors)
    return { removed, more }
  })
}

function goOn({ beginsAnew }: Sweep, begin: number, stretch: Stretch | undefined): number {
  if (beginsAnew && stretch?.isLast !== false) return 0
  return stretch?.end ?? begin
}

/** From the first slot, included, to the end, not included. */
interface Stretch {
  readonly begin: number
  readonly end: number
  readonly isLast: boolean
}

async function nextStretch(db: Driver, { ageMs }: Sweep, begin: number): Promise<Stretch | undefined> {
  const { useIndex, asMs, fromMs, fromNow } = db.dialect
  const [found] = await db.all<{ rows_read: number; first: number | null; last: number | null }>(
    `SELECT COUNT(*) AS rows_read, ${asMs('MIN(slot_at)')} AS first, ${asMs('MAX(slot_at)')} AS last
       FROM (SELECT slot_at FROM slot ${useIndex('slot_at')}
              WHERE slot_at >= ${fromMs('?')} AND slot_at < ${fromNow(`-${ageMs}`)}
              ORDER BY slot_at LIMIT ${limited(ROWS_A_SWEEP)}) AS stretch`,
    // A time column begins after 1970.
    [Math.max(begin, 1_000)],
  )
  if (found === undefined || found.first === null || found.last === null) return undefined
  const [first, last] = [Number(found.first), Number(found.last)]
  const isLast = Number(found.rows_read) < ROWS_A_SWEEP
  // The last minute may go on behind the limit: it is left to the next call, unless there is no other.
  return { begin: first, end: isLast || first === last ? last + 1 : last, isLast }
}

async function remove(db: Driver, { goes }: Sweep, { begin, end }: Stretch): Promise<number> {
  const { fromMs } = db.dialect
  const { changed } = await db.run(
    `DELETE FROM slot WHERE slot_at >= ${fromMs('?')} AND slot_at < ${fromMs('?')} AND ${goes(db.dialect)}`,
    [begin, end],
  )
  return changed
}

async function readCursors(db: Driver): Promise<Cursors> {
  const [row] = await db.all<{ value: string }>('SELECT value FROM setting WHERE name = ?', [CURSORS])
  return row === undefined ? { idle: 0, old: 0 } : (JSON.parse(row.value) as Cursors)
}

async function writeCursors(db: Driver, cursors: Cursors): Promise<void> {
  const value = JSON.stringify(cursors)
  const { now, orIgnore } = db.dialect
  const { changed } = await db.run(`UPDATE setting SET value = ?, mtime = ${now} WHERE name = ?`, [value, CURSORS])
  if (changed > 0) return
  await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${orIgnore('name')}`, [CURSORS, value])
}

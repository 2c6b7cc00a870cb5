/**
 * Tasks of paused programs are set aside: a worker that finds them ready at the head of its part holds them, so each is passed
 * once however long the pause lasts. When the pause is over they are let go again, and nothing else is.
 *
 * Setting aside is a guarded write that names the pause as it stands in its row, so nobody who knows late that a pause is
 * over adds to it. And the row of a pause stays for a while when it is over: until then everybody who sweeps looks for what
 * is still set aside, so whoever is killed in the middle leaves nothing behind.
 */
import { again } from '../again.ts'
import type { Driver, Value } from '../driver.ts'
import { forgetQueuePause, type QueuePause, type QueuePauseRow } from './queue-pause.ts'
import { limited, marks, padded } from './sql.ts'

/** In `held_for`: a worker set it aside because its program is paused. */
export const HELD_FOR_PAUSE = 'pause'
/** In `held_for` of a task that waits or runs: a person let it go although its program is paused. */
export const LET_GO = 'let-go'

/** Longer than a write may be under way. */
const FORGET_AFTER_MS = 60_000
const PAGE = 10_000
const BATCH = 500

/**
 * @param ids  ready rows of the program that this pause is of
 * @returns how many were set aside: none when the pause is over
 */
export async function setAside(
  db: Driver,
  ids: readonly number[],
  { pause, name, value }: QueuePauseRow,
): Promise<number> {
  const { asMs, now } = db.dialect
  const all = padded(ids.toSorted((a, b) => a - b))
  const inTime =
    pause.until === undefined ? { sql: '', values: [] } : { sql: `AND ${asMs(now)} < ?`, values: [pause.until] }
  const { changed } = await db.run(
    `UPDATE queue
        SET status = 6, held_for = '${HELD_FOR_PAUSE}', mtime = ${now}
      WHERE id IN (${marks(all.length)})
        AND status = 0
        AND task = ?
        AND EXISTS (SELECT 1 FROM setting WHERE name = ? AND value = ?) ${inTime.sql}`,
    [...all, pause.task ?? null, name, value, ...inTime.values],
  )
  return changed
}

/** Lets go what is set aside for pauses that are over, a batch with each step; then the rows of those pauses are removed. */
export class LettingGo {
  readonly #db: Driver
  readonly #patienceMs: number
  readonly #always: boolean
  #seen = 0
  /** To be looked at, ascending; and up to where all was. */
  #ids: number[] = []
  #past = 0
  /** Over for so long, when this round began, that nothing can be set aside for them any more. */
  #ripe: readonly QueuePauseRow[] = []

  /** @param always  look also where no pause is known to be over: somebody may have removed its row by hand */
  constructor(db: Driver, patienceMs: number, always = false) {
    this.#db = db
    this.#patienceMs = patienceMs
    this.#always = always
  }

  /** How many held tasks it has looked at, whoever holds them. */
  get seen(): number {
    return this.#seen
  }

  /**
   * @param rows  as they are now
   * @returns how many tasks it let go; undefined when there was nothing to do, or all that is held has been looked at
   */
  async step(rows: readonly QueuePauseRow[]): Promise<number | undefined> {
    const over = rows.filter(({ overMs }) => overMs !== undefined)
    for (const row of over) if (row.pause.task === undefined) await forgetQueuePause(this.#db, row)
    if (!this.#always && !over.some(({ pause }) => pause.task !== undefined)) {
      this.#ids = []
      this.#past = 0
      return undefined
    }
    if (this.#past === 0) this.#ripe = over.filter(({ overMs = 0 }) => overMs >= FORGET_AFTER_MS)
    if (this.#ids.length === 0) this.#ids = await heldIds(this.#db, this.#past, PAGE)
    const last = this.#ids.at(-1)
    if (last === undefined) {
      for (const row of this.#ripe) await forgetQueuePause(this.#db, row)
      this.#past = 0
      return undefined
    }
    this.#past = last
    const inForce = rows.flatMap(({ pause, overMs }) => (overMs === undefined ? pause : []))
    const batch = this.#ids.splice(0, BATCH)
    this.#seen += batch.length
    return letGo(this.#db, batch, inForce, this.#patienceMs)
  }
}

/** How many tasks are held, at most `most`: all that has to be looked at. */
export async function countHeld(db: Driver, most: number): Promise<number> {
  const { index } = db.dialect.stateIndex('held')
  const [row] = await db.all<{ count: number }>(
    `SELECT COUNT(*) AS count
       FROM (SELECT id FROM queue ${db.dialect.useIndex(index)} WHERE status = 6 LIMIT ${limited(most)}) AS held`,
  )
  return Number(row?.count)
}

/**
 * @param ids  any held tasks, ascending
 * @returns how many of them were set aside for a pause that is not in force any more, and wait again
 */
async function letGo(
  db: Driver,
  ids: readonly number[],
  inForce: readonly QueuePause[],
  patienceMs: number,
): Promise<number> {
  const all = padded(ids)
  const { now } = db.dialect
  const kept = stillPaused(inForce)
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const { changed } = await db.run(
      `UPDATE queue
          SET status = CASE WHEN run_at > ${now} THEN 4 ELSE 0 END, held_for = NULL, mtime = ${now}
        WHERE id IN (${marks(all.length)})
          AND status = 6
          AND held_for = '${HELD_FOR_PAUSE}'${kept.sql}`,
      [...all, ...kept.values],
    )
    return changed
  })
}

function stillPaused(inForce: readonly QueuePause[]): { sql: string; values: Value[] } {
  const programs = inForce.flatMap(({ queue, task }) => (task === undefined ? [] : { queue, task }))
  return {
    sql: programs.map(({ queue }) => ` AND NOT (task = ?${queue === undefined ? '' : ' AND queue = ?'})`).join(''),
    values: programs.flatMap(({ queue, task }) => (queue === undefined ? [task] : [task, queue])),
  }
}

/** What is held, whoever holds it: read from an index alone, however many there are. */
async function heldIds(db: Driver, past: number, limit: number): Promise<number[]> {
  const { index } = db.dialect.stateIndex('held')
  const rows = await db.all<{ id: number }>(
    `SELECT id FROM queue ${db.dialect.useIndex(index)}
      WHERE status = 6 AND id > ?
      ORDER BY id LIMIT ${limited(limit)}`,
    [past],
  )
  return rows.map(({ id }) => Number(id))
}

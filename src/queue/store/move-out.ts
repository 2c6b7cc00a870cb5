/**
 * The side of a move to another database that gives: tasks are held for it, and deleted when the other side has them.
 *
 * Held for a move, a task is started by nobody and is in the way of the later ones of its key. What `held_for` says is the name of
 * the move, and behind it whether the task had been held before. A row of `setting` with that name is written with the
 * first task that is held and goes with the last one, so a move that was cut off is found, and between which ids.
 */
import { randomBytes } from 'node:crypto'
import { again } from '../again.ts'
import type { Dialect, Driver, Executor } from '../driver.ts'
import { type Deleted, deleteTasks } from './delete-tasks.ts'
import type { Conditions } from './selection.ts'
import { HELD_FOR_PAUSE } from './set-aside.ts'
import { limited, marks, padded } from './sql.ts'

/** A name of its own for every run: what is noted for one says nothing of another. */
export interface Move {
  /** The installation that the tasks go to. */
  readonly to: string
  readonly token: string
}

/** A move that was begun here. */
export interface BegunMove {
  readonly move: Move
  /** The database that the tasks go to, for a person. */
  readonly where: string
  /** The lowest and the highest id that was ever held for it. */
  readonly from: number
  readonly upTo: number
  /** As it stands in the table: another one with every batch. */
  readonly value: string
}

/** How `held_for` begins where a move holds a task; only that move lets go of it. */
export const HELD_FOR_MOVE = 'move:'
const WAS_HELD = '/held'
/** Rows that one look passes over at most. */
const WINDOW = 10_000

export function newMove(to: string): Move {
  return { to, token: randomBytes(6).toString('hex') }
}

export function nameOfMove({ to, token }: Move): string {
  return `${HELD_FOR_MOVE}${to}:${token}`
}

/** Whether a task is held by a move to another database. */
export function isHeldForMove(heldFor: string | null): boolean {
  return heldFor?.startsWith(HELD_FOR_MOVE) === true
}

/** In the order of their names. */
export async function begunMoves(db: Driver): Promise<BegunMove[]> {
  const rows = await db.all<{ name: string; value: string }>(
    `SELECT name, value FROM setting WHERE name > '${HELD_FOR_MOVE}' AND name < 'move;' ORDER BY name`,
  )
  return rows.flatMap(({ name, value }) => {
    const [, to = '', token = ''] = name.split(':')
    const { where, from, upTo } = readValue(value)
    // On the other side only the highest id is noted.
    if (where === undefined || from === undefined || upTo === undefined) return []
    return { move: { to, token }, where, from, upTo, value }
  })
}

/** What somebody wrote by hand must not keep everybody from reading the others. */
function readValue(value: string): { where?: string; from?: number; upTo?: number } {
  try {
    return (JSON.parse(value) as object | null) ?? {}
  } catch {
    return {}
  }
}

/**
 * Holds tasks that wait for the move, in one transaction with the note of it. Batches come in the order of the ids: what is
 * held later is above all that was held before.
 *
 * @param ids  ascending
 * @param from  the first id that was tried for this move
 * @returns how many are held for it of those
 */
export async function holdForMove(
  db: Driver,
  move: Move,
  ids: readonly number[],
  { where, from }: Pick<BegunMove, 'where' | 'from'>,
  patienceMs: number,
): Promise<number> {
  const { now, byPrimaryKey } = db.dialect
  const all = padded(ids)
  const name = nameOfMove(move)
  const upTo = ids.at(-1)
  return again(db.dialect, { forMs: patienceMs }, () =>
    db.transaction(async (tx) => {
      await tx.run('DELETE FROM setting WHERE name = ?', [name])
      const value = JSON.stringify({ where, from, upTo, nonce: randomBytes(6).toString('hex') })
      await tx.run('INSERT INTO setting (name, value) VALUES (?, ?)', [name, value])
      await tx.run(
        `UPDATE queue ${byPrimaryKey}
            SET held_for = CASE WHEN status = 6 AND held_for IS NULL THEN ? ELSE ? END, status = 6, mtime = ${now}
          WHERE id IN (${marks(all.length)})
            AND (status IN (0, 4) OR (status = 6 AND (held_for IS NULL OR held_for = '${HELD_FOR_PAUSE}')))
            AND queue NOT LIKE 'exec:%'`,
        [`${name}${WAS_HELD}`, name, ...all],
      )
      return countHeld(tx, db.dialect, move, ids)
    }),
  )
}

/** An answer that was lost leaves nothing to count but the rows. */
async function countHeld(tx: Executor, { byPrimaryKey }: Dialect, move: Move, ids: readonly number[]): Promise<number> {
  const all = padded(ids)
  const held = heldFor(move)
  const [row] = await tx.all<{ count: number }>(
    `SELECT COUNT(*) AS count FROM queue ${byPrimaryKey} WHERE id IN (${marks(all.length)})${held.sql}`,
    [...all, ...held.values],
  )
  return Number(row?.count ?? 0)
}

export interface HeldPage {
  /** Ascending. */
  readonly ids: readonly number[]
  /** Go on past this id; undefined when there are no others. */
  readonly reached: number | undefined
}

/** The next tasks that are held for the move: past the one id, and up to the other. */
export async function nextHeld(db: Driver, move: Move, past: number, upTo: number, limit: number): Promise<HeldPage> {
  const held = heldFor(move)
  const { byPrimaryKey } = db.dialect
  const [end] = await db.all<{ id: number }>(
    `SELECT id FROM queue ${byPrimaryKey} WHERE id > ? AND id <= ? ORDER BY id LIMIT 1 OFFSET ${limited(WINDOW - 1)}`,
    [past, upTo],
  )
  const high = end === undefined ? upTo : Number(end.id)
  const rows = await db.all<{ id: number }>(
    `SELECT id FROM queue ${byPrimaryKey} WHERE id > ? AND id <= ?${held.sql} ORDER BY id LIMIT ${limited(limit)}`,
    [past, high, ...held.values],
  )
  const ids = rows.map(({ id }) => Number(id))
  return { ids, reached: ids.length === limit ? ids.at(-1) : high < upTo ? high : undefined }
}

/** Whether the task had been held before the move, by a person or the crash policy. */
export function wasHeld(heldFor: string | null): boolean {
  return heldFor?.endsWith(WAS_HELD) === true
}

/** Lets tasks go that stay here after all: each is what it was. */
export async function letStay(db: Driver, move: Move, ids: readonly number[], patienceMs: number): Promise<void> {
  const { now, byPrimaryKey } = db.dialect
  const all = padded(ids)
  const held = heldFor(move)
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(
      `UPDATE queue ${byPrimaryKey}
          SET status = CASE WHEN held_for = ? THEN 6 WHEN run_at > ${now} THEN 4 ELSE 0 END, held_for = NULL, mtime = ${now}
        WHERE id IN (${marks(all.length)})${held.sql}`,
      [`${nameOfMove(move)}${WAS_HELD}`, ...all, ...held.values],
    ),
  )
}

/** Deletes tasks that the other side has. What is no longer held for the move stays. */
export function deleteMoved(db: Driver, move: Move, ids: readonly number[], patienceMs: number): Promise<Deleted> {
  return deleteTasks(db, ids, heldFor(move), patienceMs)
}

/**
 * Forgets a move of which nothing is held any more.
 *
 * @returns false when a batch was held for it since: then there is something left to do
 */
export async function forgetMove(db: Driver, { move, value }: BegunMove, patienceMs: number): Promise<boolean> {
  const name = nameOfMove(move)
  return again(db.dialect, { forMs: patienceMs }, async () => {
    await db.run('DELETE FROM setting WHERE name = ? AND value = ?', [name, value])
    const left = await db.all('SELECT name FROM setting WHERE name = ?', [name])
    return left.length === 0
  })
}

function heldFor(move: Move): Conditions {
  const name = nameOfMove(move)
  return { sql: ' AND status = 6 AND held_for IN (?, ?)', values: [name, `${name}${WAS_HELD}`] }
}

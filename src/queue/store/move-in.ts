/**
 * The side of a move that takes: tasks are written in one transaction with a note of how far the move has come.
 *
 * The note is the highest id of the other side that was dealt with, and a number that is another one each time. Who writes names
 * the note as it was read, so of two that carry on the same move one writes a batch, and the other one finds it written.
 */
import { randomBytes } from 'node:crypto'
import { again } from '../again.ts'
import type { Driver } from '../driver.ts'
import { insertStored } from './insert-stored.ts'
import { type Move, nameOfMove } from './move-out.ts'
import type { StoredTask } from './stored-task.ts'

export interface MoveNote {
  /** All that is held for the move on the other side up to this id has been written here. */
  readonly upTo: number
  /** The rest is being taken back: nothing more is to be written here. */
  readonly isClosed: boolean
  /** As it stands in the table. */
  readonly value: string
}

/** @returns undefined when nothing of the move is here */
export async function readMoveNote(db: Driver, move: Move): Promise<MoveNote | undefined> {
  const [row] = await db.all<{ value: string }>('SELECT value FROM setting WHERE name = ?', [nameOfMove(move)])
  if (row === undefined) return undefined
  const { upTo, isClosed = false } = JSON.parse(row.value) as { upTo: number; isClosed?: boolean }
  return { upTo, isClosed, value: row.value }
}

/** Notes that nothing is here yet, unless something is noted. */
export async function beginMoveNote(db: Driver, move: Move, patienceMs: number): Promise<MoveNote> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const { value } = noteOf(0)
    const { orIgnore } = db.dialect
    await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${orIgnore('name')}`, [nameOfMove(move), value])
    const note = await readMoveNote(db, move)
    return note ?? noteOf(0)
  })
}

/**
 * Writes tasks, and that all up to an id are here.
 *
 * @param tasks  in the order of their ids, as they are to be here
 * @returns the note now; undefined when somebody else has changed it: nothing was written
 */
export async function takeOver(
  db: Driver,
  move: Move,
  note: MoveNote,
  tasks: readonly StoredTask[],
  upTo: number,
  patienceMs: number,
): Promise<MoveNote | undefined> {
  const next = noteOf(upTo)
  const name = nameOfMove(move)
  return again(db.dialect, { forMs: patienceMs }, async (attempt) => {
    // When the answer to an earlier try was lost, the note knows whether it had happened.
    if (attempt > 0 && (await readMoveNote(db, move))?.value === next.value) return next
    return db.transaction(async (tx) => {
      const { changed } = await tx.run('UPDATE setting SET value = ? WHERE name = ? AND value = ?', [
        ...[next.value, name, note.value],
      ])
      if (changed === 0) return undefined
      await insertStored(tx, db.dialect, tasks)
      return next
    })
  })
}

/** From now on nobody who carries on the move writes anything here: the note that they name is gone. */
export async function closeMoveNote(db: Driver, move: Move, patienceMs: number): Promise<void> {
  for (let isClosed = false; !isClosed; ) {
    const note = (await readMoveNote(db, move)) ?? (await beginMoveNote(db, move, patienceMs))
    const { value } = noteOf(note.upTo, true)
    isClosed = await again(db.dialect, { forMs: patienceMs }, async () => {
      await db.run('UPDATE setting SET value = ? WHERE name = ? AND value = ?', [value, nameOfMove(move), note.value])
      return (await readMoveNote(db, move))?.isClosed === true
    })
  }
}

export async function forgetMoveNote(db: Driver, move: Move, { value }: MoveNote, patienceMs: number): Promise<void> {
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run('DELETE FROM setting WHERE name = ? AND value = ?', [nameOfMove(move), value]),
  )
}

function noteOf(upTo: number, isClosed = false): MoveNote {
  const nonce = randomBytes(6).toString('hex')
  return { upTo, isClosed, value: JSON.stringify({ upTo, ...(isClosed && { isClosed }), nonce }) }
}

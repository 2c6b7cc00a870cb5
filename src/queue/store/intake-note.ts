/**
 * How far the items of a list elsewhere have been taken: a row of `setting` named `intake:<list>`, which is written in one
 * transaction with the tasks that they became.
 *
 * Items bear numbers, which only ascend. The row says up to which all are tasks, and a number that is another one each time:
 * who writes names the row as it was read, so of several that take from one list one writes a batch, and the others find
 * it written.
 */
import { randomBytes } from 'node:crypto'
import { type AgainOptions, again } from '../again.ts'
import type { Driver } from '../driver.ts'
import type { TaskRow } from '../new-task.ts'
import { type Added, addMany } from './add.ts'

export interface IntakeNote {
  /** The row's name. */
  readonly name: string
  /** The items up to this number are tasks, or were rejected. */
  readonly upTo: number
  /** Those of the last batch that were rejected: their numbers. */
  readonly rejected: readonly number[]
  /** As it stands in the table. */
  readonly value: string
}

/** What a note says. */
export type IntakeProgress = Pick<IntakeNote, 'upTo' | 'rejected'>

const NAME = 'intake:'

/**
 * The note as it is now, with another number in it: whoever wants to write by what was read before this finds another note.
 *
 * @param list  at most 57 characters that tell this list from every other
 */
export async function claimIntakeNote(db: Driver, list: string, patience: AgainOptions): Promise<IntakeNote> {
  const name = NAME + list
  for (;;) {
    const claimed = await again(db.dialect, patience, async () => {
      const fresh = noteOf(name, { upTo: 0, rejected: [] })
      await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${db.dialect.orIgnore('name')}`, [
        name,
        fresh.value,
      ])
      const known = (await readIntakeNote(db, name)) ?? fresh
      const next = noteOf(name, known)
      await replace(db, known, next)
      const now = await readIntakeNote(db, name)
      return now?.value === next.value ? next : undefined
    })
    if (claimed !== undefined) return claimed
  }
}

/** @returns undefined where somebody has removed it */
export async function readIntakeNote(db: Pick<Driver, 'all'>, name: string): Promise<IntakeNote | undefined> {
  const [row] = await db.all<{ value: string }>('SELECT value FROM setting WHERE name = ?', [name])
  if (row === undefined) return undefined
  const { upTo, rejected = [] } = JSON.parse(row.value) as IntakeProgress
  return { name, upTo, rejected, value: row.value }
}

/**
 * Adds the tasks that items became, and notes up to which number that goes.
 *
 * @returns the note now, and how many tasks were added: all of them where the answer to the commit was lost. Undefined when
 *          somebody else has changed the note: nothing was written.
 */
export async function addTaken(
  db: Driver,
  note: IntakeNote,
  rows: readonly TaskRow[],
  progress: IntakeProgress,
  patience: AgainOptions,
): Promise<{ readonly note: IntakeNote; readonly added: Added } | undefined> {
  const next = noteOf(note.name, progress)
  return again(db.dialect, patience, async (attempt) => {
    // When the answer to an earlier try was lost, the note knows whether it had happened.
    if (attempt > 0 && (await readIntakeNote(db, note.name))?.value === next.value) {
      return { note: next, added: { added: rows.length, duplicates: 0 } }
    }
    return db.transaction(async (tx) => {
      if (!(await replace(tx, note, next))) return undefined
      return { note: next, added: await addMany(tx, db.dialect, rows) }
    })
  })
}

async function replace(db: Pick<Driver, 'run'>, known: IntakeNote, next: IntakeNote): Promise<boolean> {
  const { changed } = await db.run('UPDATE setting SET value = ? WHERE name = ? AND value = ?', [
    ...[next.value, known.name, known.value],
  ])
  return changed > 0
}

function noteOf(name: string, { upTo, rejected }: IntakeProgress): IntakeNote {
  const nonce = randomBytes(6).toString('hex')
  const said = rejected.length === 0 ? { upTo, nonce } : { upTo, rejected, nonce }
  return { name, upTo, rejected, value: JSON.stringify(said) }
}

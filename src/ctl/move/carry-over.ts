/**
 * The carrying of a move from one database to another: of what is held for it here, batch by batch.
 *
 * What is noted there decides. Up to the noted id, what is held here has been written there, and only has to be deleted; what
 * is above has not. Somebody else may carry on the same move: of two that write a batch one finds the note changed.
 */

import { Complaint, EXIT } from '../../exit.ts'
import { again } from '../../queue/again.ts'
import type { Dialect, Driver } from '../../queue/driver.ts'
import { STATUS } from '../../queue/status.ts'
import { uniqueTaken } from '../../queue/store/insert-stored.ts'
import { beginMoveNote, forgetMoveNote, type MoveNote, readMoveNote, takeOver } from '../../queue/store/move-in.ts'
import {
  type BegunMove,
  begunMoves,
  deleteMoved,
  forgetMove,
  type HeldPage,
  letStay,
  type Move,
  nameOfMove,
  nextHeld,
  wasHeld,
} from '../../queue/store/move-out.ts'
import { isWhole, readStored, type StoredTask } from '../../queue/store/stored-task.ts'
import { isoTime } from '../../time/time-text.ts'
import { PATIENCE_MS } from '../patience.ts'
import type { MoveEvents } from './move.ts'

const BATCH = 250

export class CarryOver {
  readonly #source: Driver
  readonly #target: Driver
  readonly #events: MoveEvents
  readonly duplicates: number[] = []
  readonly refused: { id: number; reason: string }[] = []
  moved = 0
  /** Of those, they had been tried before. */
  tried = 0

  constructor(source: Driver, target: Driver, events: MoveEvents) {
    this.#source = source
    this.#target = target
    this.#events = events
  }

  /** Moves all that is held for a move, and forgets it. */
  async carry(begun: BegunMove): Promise<'all' | 'stopped'> {
    const { move } = begun
    for (let known: BegunMove | undefined = begun; known !== undefined; known = await this.#stillBegun(move)) {
      const note = await this.#carryBatches(known)
      if (note === undefined) return 'stopped'
      await forgetMoveNote(this.#target, move, note, PATIENCE_MS)
      if (await forgetMove(this.#source, known, PATIENCE_MS)) break
    }
    return 'all'
  }

  async #stillBegun(move: Move): Promise<BegunMove | undefined> {
    const name = nameOfMove(move)
    return (await begunMoves(this.#source)).find((it) => nameOfMove(it.move) === name)
  }

  /** @returns the note at the end; undefined when it was stopped before */
  async #carryBatches({ move, from, upTo }: BegunMove): Promise<MoveNote | undefined> {
    let note = await this.#openNote(move, from)
    let past = Math.max(from - 1, note.upTo)
    while (!this.#events.stop.aborted) {
      const behind = past
      const { ids, reached } = await patiently(this.#source, (db) => nextHeld(db, move, behind, upTo, BATCH))
      const tasks = (await patiently(this.#source, (db) => readStored(db, ids))).filter(isHeldFor(move))
      const next = tasks.length === 0 ? note : await this.#handOver(move, note, tasks)
      if (next === undefined) {
        note = await this.#openNote(move, from)
        past = Math.max(from - 1, note.upTo)
      } else {
        note = next
        if (reached === undefined) return note
        past = reached
      }
    }
    return undefined
  }

  async #openNote(move: Move, from: number): Promise<MoveNote> {
    const note = await settledNote(this.#source, this.#target, move, from)
    if (!note.isClosed) return note
    throw new Complaint(
      EXIT.busy,
      'This move is being taken back. Give "queuectl move --back --to-url …" to its end first.',
    )
  }

  /**
   * What is refused there is let go here before any note goes past it.
   *
   * @returns undefined when somebody else has changed the note
   */
  async #handOver(move: Move, note: MoveNote, tasks: readonly StoredTask[]): Promise<MoveNote | undefined> {
    const values = tasks.flatMap(({ uniqueKey }) => uniqueKey ?? [])
    const taken = await patiently(this.#target, (db) => uniqueTaken(db, values))
    const isTaken = ({ uniqueKey }: StoredTask) => uniqueKey !== null && taken.has(uniqueKey)
    await this.#keepDuplicates(move, tasks.filter(isTaken))
    const rest = Map.groupBy(
      tasks.filter((task) => !isTaken(task)),
      (task) => obstacle(task, this.#target.dialect),
    )
    for (const [reason, refused] of rest) if (reason !== undefined) await this.#keepRefused(move, refused, reason)
    const goes = rest.get(undefined) ?? []
    if (goes.length === 0) return note
    try {
      return await this.#handAll(move, note, goes)
    } catch (error) {
      if (error instanceof Complaint) throw error
      if (goes.length > 1) return await this.#handEach(move, note, goes)
      if (this.#target.dialect.isDuplicate(error)) await this.#keepDuplicates(move, goes)
      else await this.#keepRefused(move, goes, error instanceof Error ? error.message : String(error))
      return note
    }
  }

  async #handAll(move: Move, note: MoveNote, tasks: readonly StoredTask[]): Promise<MoveNote | undefined> {
    const ids = tasks.map(({ id }) => id)
    const next = await takeOver(this.#target, move, note, tasks.map(asItWillBe), Math.max(...ids), PATIENCE_MS)
    if (next === undefined) return undefined
    await deleteMoved(this.#source, move, ids, PATIENCE_MS)
    this.moved += tasks.length
    this.tried += tasks.filter(({ attempts }) => attempts > 0).length
    this.#events.onProgress(this.moved)
    return next
  }

  /** One of them is refused: which one is found by giving them one by one. */
  async #handEach(move: Move, note: MoveNote, tasks: readonly StoredTask[]): Promise<MoveNote | undefined> {
    let now: MoveNote | undefined = note
    for (const task of tasks) {
      now = await this.#handOver(move, now, [task])
      if (now === undefined) return undefined
    }
    return now
  }

  async #keepDuplicates(move: Move, tasks: readonly StoredTask[]): Promise<void> {
    if (tasks.length === 0) return
    const ids = tasks.map(({ id }) => id)
    await letStay(this.#source, move, ids, PATIENCE_MS)
    this.duplicates.push(...ids)
  }

  async #keepRefused(move: Move, tasks: readonly StoredTask[], reason: string): Promise<void> {
    if (tasks.length === 0) return
    const ids = tasks.map(({ id }) => id)
    await letStay(this.#source, move, ids, PATIENCE_MS)
    this.refused.push(...ids.map((id) => ({ id, reason })))
  }
}

/** The note as it is, when what was written there, and nobody has come to delete, is deleted here. */
export async function settledNote(source: Driver, target: Driver, move: Move, from: number): Promise<MoveNote> {
  const note =
    (await patiently(target, (db) => readMoveNote(db, move))) ?? (await beginMoveNote(target, move, PATIENCE_MS))
  let past: number | undefined = from - 1
  while (past !== undefined && past < note.upTo) {
    const behind: number = past
    const page: HeldPage = await patiently(source, (db) => nextHeld(db, move, behind, note.upTo, BATCH))
    if (page.ids.length > 0) await deleteMoved(source, move, page.ids, PATIENCE_MS)
    past = page.reached
  }
  return note
}

/** A database that is away for a moment does not end a move. */
function patiently<T>(db: Driver, ask: (db: Driver) => Promise<T>): Promise<T> {
  return again(db.dialect, { forMs: PATIENCE_MS }, () => ask(db))
}

/** What would be another value there, without a word: a text that is none, a time that the column cannot hold. */
function obstacle(task: StoredTask, { latestMs }: Dialect): string | undefined {
  if (!isWhole(task)) return 'its param is no UTF-8 text'
  const latest = Math.max(task.runAt, task.expiresAt ?? 0)
  return latest > latestMs ? `its time is after ${isoTime(latestMs)}` : undefined
}

function isHeldFor(move: Move): (task: StoredTask) => boolean {
  const name = nameOfMove(move)
  return ({ heldFor }) => heldFor?.startsWith(name) === true
}

/** As it was before it was held for the move. */
function asItWillBe(task: StoredTask): StoredTask {
  const waiting = task.runAt > Date.now() ? STATUS.scheduled : STATUS.ready
  return { ...task, heldFor: null, status: wasHeld(task.heldFor) ? STATUS.held : waiting }
}

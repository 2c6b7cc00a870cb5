/**
 * Moving the items of a list into the queue, so that none is lost and none becomes two tasks, whoever dies in between.
 *
 *     list ──take──▶ list:taken ──one transaction: tasks, and the note──▶ let go
 *
 * The note in the database says up to which number items are tasks; it is written with them or not at all. Every step may be
 * done again: items are let go by their numbers, and tasks are added by a write that names the note as it was read before the items
 * were. So any number of intakes may take from one list, and what one that died had taken, the others carry on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../exit.ts'
import type { DayLog } from '../../log/day-log.ts'
import { type AgainOptions, again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import { addTaken, claimIntakeNote, type IntakeNote, readIntakeNote } from '../../queue/store/intake-note.ts'
import { wakeFile, wakeWorkers } from '../../queue/wake-file.ts'
import { readItem } from './item.ts'
import type { Mapping } from './mapping.ts'
import { RedisList, RedisLost, type Side, type TakenItems } from './redis-list.ts'
import type { RedisPlace } from './redis-place.ts'

export interface IntakeOptions {
  readonly db: Driver
  /** The database's name for itself. */
  readonly installation: string
  readonly place: RedisPlace
  readonly list: string
  readonly from: Side
  readonly mapping: Mapping
  /** Leave when the list is empty. */
  readonly once: boolean
  readonly log: DayLog
  /** When it is aborted, what is on its way is seen to its end, and no more is taken. */
  readonly stop: AbortSignal
  /** A sentence for a person who watches. */
  readonly say: (sentence: string) => void
}

export interface IntakeSummary {
  readonly items: number
  readonly added: number
  /** An unfinished task has their unique value. */
  readonly duplicates: number
  readonly rejected: number
}

/** A list that may be taken from. */
interface Claimed {
  /** What tells it from every other. */
  readonly id: string
  readonly note: IntakeNote
}

const BATCH_ITEMS = 500
/** Longer, and a stop would be felt; it is also how soon what a dead intake had taken is carried on. */
const WAIT_SECONDS = 1
const SHORTEST_WAIT_MS = 50
const LONGEST_WAIT_MS = 2_000
/** With `once`, for a server that does not answer. */
const PATIENCE_MS = 10_000

export class Intake {
  readonly #options: IntakeOptions
  readonly #wakeFile: string
  readonly #patience: AgainOptions
  #lostSince: number | undefined
  #counts: IntakeSummary = { items: 0, added: 0, duplicates: 0, rejected: 0 }

  constructor(options: IntakeOptions) {
    const { installation, mapping, once, log, stop, say } = options
    this.#options = options
    this.#wakeFile = wakeFile(installation, mapping.queue)
    this.#patience = {
      forMs: once ? PATIENCE_MS : Number.POSITIVE_INFINITY,
      giveUp: stop,
      onLost: ({ message }) => {
        log.event('database-lost', { reason: message })
        say(`The database does not answer (${message}). Waiting for it; what was taken stays in ${options.list}:taken.`)
      },
      onBack: () => log.event('database-back', {}),
    }
  }

  get summary(): IntakeSummary {
    return this.#counts
  }

  /**
   * Until it is to stop, or the list is empty and that is enough.
   *
   * @throws Complaint when a server refuses, or is away for longer than is waited
   */
  async run(): Promise<void> {
    const { stop } = this.#options
    for (let tries = 0; ; tries++) {
      try {
        await this.#serve(() => {
          tries = 0
        })
        return
      } catch (error) {
        if (!(error instanceof RedisLost)) throw error
        this.#lost(error)
        const waitMs = Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** Math.min(tries, 10))
        await sleep(waitMs, undefined, { signal: stop }).catch(() => {})
      }
    }
  }

  /** Over one connection. @returns when nothing is left to be done */
  async #serve(onServed: () => void): Promise<void> {
    const { place, list: name, from, once, stop } = this.#options
    const list = await RedisList.connect(place, name)
    try {
      let claimed: Claimed | undefined
      for (;;) {
        const afterClaim = claimed === undefined
        const { id, note }: Claimed = claimed ?? (await this.#claim(list))
        const isLeaving = stop.aborted
        const asked = { from: isLeaving ? undefined : from, most: BATCH_ITEMS, afterClaim }
        const taken = await list.advance(id, note, asked)
        if (taken === undefined) {
          claimed = undefined
          continue
        }
        claimed = { id, note }
        this.#found(onServed)
        if (taken.items.length > 0) claimed = await this.#store(claimed, taken)
        else if (isLeaving || once) return
        else await list.wait(from, WAIT_SECONDS)
      }
    } finally {
      list.close()
    }
  }

  /** The note is claimed behind the list: what somebody took over an earlier connection cannot be added any more then. */
  async #claim(list: RedisList): Promise<Claimed> {
    const { db, installation } = this.#options
    const id = await list.claim(installation)
    return { id, note: await claimIntakeNote(db, id, this.#patience) }
  }

  /** @returns undefined where the note is not there any more */
  async #store({ id, note }: Claimed, { done, items }: TakenItems): Promise<Claimed | undefined> {
    const { db, mapping, log, list } = this.#options
    const now = Date.now()
    const read = items.map((item, index) => ({
      number: done + 1 + index,
      item: readItem(item, mapping, now, db.dialect.latestMs),
    }))
    const rows = read.flatMap(({ item }) => (item.kind === 'task' ? item.row : []))
    const rejected = read.flatMap(({ number, item }) =>
      item.kind === 'rejected' ? { number, reason: item.reason } : [],
    )
    const progress = { upTo: done + items.length, rejected: rejected.map(({ number }) => number) }
    const stored = await addTaken(db, note, rows, progress, this.#patience)
    if (stored === undefined) {
      // Another intake was faster: what it has noted holds, and the items are looked at again.
      const known = await again(db.dialect, this.#patience, () => readIntakeNote(db, note.name))
      return known && { id, note: known }
    }
    if (rows.length > 0) wakeWorkers(this.#wakeFile)
    const { added, duplicates } = stored.added
    this.#count({ items: items.length, added, duplicates, rejected: rejected.length })
    log.eventSoon('items-taken', { list, 'up-to': progress.upTo, added, duplicates, rejected: rejected.length })
    for (const { number, reason } of rejected) this.#tellRejected(number, reason)
    return { id, note: stored.note }
  }

  #tellRejected(number: number, reason: string): void {
    const { list, log, say } = this.#options
    log.eventSoon('item-rejected', { list, item: number, reason })
    say(`Item ${number} of ${list} is no task and goes to ${list}:rejected. ${reason}`)
  }

  #count(more: IntakeSummary): void {
    const { items, added, duplicates, rejected } = this.#counts
    this.#counts = {
      items: items + more.items,
      added: added + more.added,
      duplicates: duplicates + more.duplicates,
      rejected: rejected + more.rejected,
    }
  }

  /** @throws Complaint when it is not waited for any longer */
  #lost({ message }: RedisLost): void {
    const { place, log, say, once, stop } = this.#options
    const isNew = this.#lostSince === undefined
    this.#lostSince ??= performance.now()
    if (isNew) log.event('redis-lost', { reason: message })
    if (stop.aborted || (once && performance.now() - this.#lostSince >= PATIENCE_MS)) {
      throw away(place, message)
    }
    if (isNew) say(`Redis ${place.text} does not answer (${message}). Waiting for it.`)
  }

  #found(onServed: () => void): void {
    onServed()
    if (this.#lostSince === undefined) return
    const seconds = Math.round((performance.now() - this.#lostSince) / 1_000)
    this.#lostSince = undefined
    this.#options.log.event('redis-back', { seconds })
  }
}

export function away(place: RedisPlace, reason: string): Complaint {
  return new Complaint(
    EXIT.unavailable,
    `Redis ${place.text} does not answer (${reason}). Look at the server; what is in the list stays there.`,
  )
}

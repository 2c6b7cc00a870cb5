/**
 * Adding up what a worker has booked, for statistics.
 *
 * It is added up in memory and written about once a second, and at the end. Nothing waits for it, and nothing fails with it: what
 * cannot be written now is kept and written later. A worker that is killed takes its last second with it.
 */
import { Complaint, EXIT } from '../exit.ts'
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import { durationClass } from '../queue/duration-class.ts'
import type { Finish } from '../queue/store/finish.ts'
import { addTally, type TallyCounts, type TallyKey, type TallySum } from '../queue/store/tally.ts'

const WRITE_EVERY_MS = 1_000
const PATIENCE_MS = 2_000

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export class Tally {
  readonly #db: Driver
  #sums = new Map<string, TallyKey & Mutable<TallyCounts>>()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(db: Driver) {
    this.#db = db
  }

  /** @param lost  those of them that were refused, because the claim was lost */
  add(booked: readonly Finish[], lost: readonly Finish[]): void {
    for (const finish of booked) if (!lost.includes(finish)) this.#addUp(sumOf(finish))
    this.#writeLater()
  }

  /** Resolves when everything added so far is written, or cannot be for now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
    await this.#writing
  }

  #writeLater(): void {
    if (this.#sums.size > 0) this.#timer ??= setTimeout(() => this.flush(), WRITE_EVERY_MS).unref()
  }

  async #write(): Promise<void> {
    const sums = [...this.#sums.values()]
    if (sums.length === 0) return
    this.#sums = new Map()
    try {
      await again(this.#db.dialect, { forMs: PATIENCE_MS }, () => addTally(this.#db, sums))
    } catch (error) {
      if (!willPass(error)) return
      for (const sum of sums) this.#addUp(sum)
      this.#writeLater()
    }
  }

  #addUp(sum: TallySum): void {
    const key = `${sum.queue}\0${sum.task}\0${sum.ending}\0${sum.durationClass}`
    const known = this.#sums.get(key)
    if (known === undefined) return void this.#sums.set(key, { ...sum })
    known.attempts += sum.attempts
    known.ranMs += sum.ranMs
    known.cpuMs += sum.cpuMs
    known.outputBytes += sum.outputBytes
  }
}

/** What was booked for a worker that has died: written at once, or not at all. */
export async function tallyOnce(db: Driver, booked: readonly Finish[], lost: readonly Finish[]): Promise<void> {
  const tally = new Tally(db)
  tally.add(booked, lost)
  await tally.flush()
}

function sumOf({ queue, task, next, outcome, ranMs, cpuMs, output }: Finish): TallySum {
  // A program that was done ran, however short that was. 0 is for what never ran.
  const ms = outcome === 'ok' ? Math.max(1, whole(ranMs)) : whole(ranMs)
  return {
    queue,
    task,
    ending: next.kind === 'again' ? 'retried' : next.kind,
    durationClass: durationClass(ms),
    attempts: 1,
    ranMs: ms,
    cpuMs: whole(cpuMs),
    outputBytes: output?.bytes ?? 0,
  }
}

function whole(number: number): number {
  return Math.max(0, Math.round(number)) || 0
}

/** What a database refuses for what is in it would be refused again. */
function willPass(error: unknown): boolean {
  return error instanceof Complaint && error.exitCode !== EXIT.badData
}

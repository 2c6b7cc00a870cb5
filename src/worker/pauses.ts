/**
 * What is paused, as a worker knows it: asked for once a second, and before anything is claimed.
 *
 * A pause of the queue stops the claims; of a task program it only takes the program's tasks out of what is claimed. Whoever
 * asks sweeps as well: what is set aside for pauses that are over is let go, some at a time.
 */
import type { DayLog } from '../log/day-log.ts'
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import { isExecQueue } from '../queue/exec-queue.ts'
import {
  isOfQueue,
  pauseOfQueue,
  type QueuePause,
  type QueuePauseRow,
  queuePauseRows,
} from '../queue/store/queue-pause.ts'
import { LettingGo } from '../queue/store/set-aside.ts'
import { runningMs } from '../time/running.ts'
import { isoTime } from '../time/time-text.ts'

/** How often it is asked. */
const LOOK_MS = 1_000
const PATIENCE_MS = 30_000
/** Batches that are let go after each look. */
const MOST_BATCHES = 5
/** When all that is held has been looked at. */
const NEXT_ROUND_MS = 5_000

export class Pauses {
  readonly #db: Driver
  readonly #queue: string
  readonly #lettingGo: LettingGo
  readonly #note: DayLog['event']
  #rows: readonly QueuePauseRow[] = []
  #ofQueue: QueuePause | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #isLettingGo = false
  #nextRoundAt = Number.NEGATIVE_INFINITY

  /** @param note  that the queue is paused, or is not any more */
  constructor(db: Driver, queue: string, note: DayLog['event']) {
    this.#db = db
    this.#queue = queue
    this.#lettingGo = new LettingGo(db, PATIENCE_MS)
    this.#note = note
  }

  /** The pause of the whole queue. */
  get ofQueue(): QueuePause | undefined {
    return this.#ofQueue
  }

  /** Those of task programs in the queue. */
  get ofPrograms(): readonly QueuePauseRow[] {
    return this.#rows
  }

  isPaused({ task, isLetGo = false }: { readonly task: string; readonly isLetGo?: boolean }): boolean {
    return this.#rows.length > 0 && !isLetGo && this.#rows.some(({ pause }) => pause.task === task)
  }

  /**
   * Asks, unless that was done within the last second. Runs of a job's command are paused with their job.
   *
   * @param onLost  with it a database that does not answer is asked again, and whoever asks already is waited for
   */
  async look(onLost?: (error: Error) => void): Promise<void> {
    if (onLost === undefined && this.#looking !== undefined) return
    while (this.#looking !== undefined) await this.#looking
    if (isExecQueue(this.#queue) || runningMs() - this.#lookedAt < LOOK_MS) return
    const looking = this.#lookNow(onLost)
    this.#looking = looking.then(
      () => this.#ended(),
      () => this.#ended(),
    )
    const rows = await looking
    // What is let go may be all that there is to claim. The next look does not wait for it.
    if (onLost === undefined) void this.#letGo(rows).catch(() => {})
    else await this.#letGo(rows)
  }

  #ended(): void {
    this.#looking = undefined
  }

  async #lookNow(onLost: ((error: Error) => void) | undefined): Promise<readonly QueuePauseRow[]> {
    const askedAt = runningMs()
    const patience = onLost === undefined ? { forMs: 0 } : { forMs: PATIENCE_MS, onLost }
    const rows = await again(this.#db.dialect, patience, () => queuePauseRows(this.#db))
    this.#lookedAt = askedAt
    const inForce = rows.filter(({ overMs }) => overMs === undefined)
    this.#rows = inForce.filter(({ pause }) => pause.task !== undefined && isOfQueue(pause, this.#queue))
    const pauses = inForce.map(({ pause }) => pause)
    this.#setOfQueue(pauseOfQueue(pauses, this.#queue))
    return rows
  }

  #setOfQueue(pause: QueuePause | undefined): void {
    const before = this.#ofQueue
    this.#ofQueue = pause
    if (before !== undefined && pause === undefined) this.#note('queue-resumed', {})
    if (before !== undefined || pause === undefined) return
    const { by, reason, until } = pause
    this.#note('queue-paused', { by, reason, until: isoTime(until) ?? undefined })
  }

  async #letGo(rows: readonly QueuePauseRow[]): Promise<void> {
    if (this.#isLettingGo) return
    this.#isLettingGo = true
    try {
      await this.#letSomeGo(rows)
    } finally {
      this.#isLettingGo = false
    }
  }

  async #letSomeGo(rows: readonly QueuePauseRow[]): Promise<void> {
    const isOver = rows.some(({ overMs }) => overMs !== undefined)
    if (isOver && runningMs() < this.#nextRoundAt) return
    for (let batches = 0; batches < MOST_BATCHES; batches++) {
      if ((await this.#lettingGo.step(rows)) !== undefined) continue
      this.#nextRoundAt = isOver ? runningMs() + NEXT_ROUND_MS : Number.NEGATIVE_INFINITY
      return
    }
  }
}

/**
 * The work of one worker: claim, run, book, until its part of the queue is empty.
 *
 * One loop decides (refill? start? leave?) and then sleeps until something has happened; each slot serves itself from the
 * supply in the meantime. Three words for three things: `drain` claims no more and lets programs finish, `stop` ends the
 * programs, and what ignores that is killed with its group.
 */
import type { DayLog } from '../log/day-log.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { startTimer, type Timer } from '../time/timer.ts'
import { Bell } from './bell.ts'
import { Heed } from './heed.ts'
import { OUTAGE_PATIENCE_MS, Outage } from './outage.ts'
import { type Counts, Results } from './results.ts'
import { type AttemptResult, type AttemptSettings, Slot } from './slot.ts'
import { Supply, type SupplyOptions, SWEEP_MS } from './supply.ts'
import { makeWorkerDirectory, removeWorkerDirectory } from './worker-directory.ts'

export interface WorkOptions extends Omit<SupplyOptions, 'workerId'> {
  readonly log: DayLog
  /** Stay when the part is empty, and look again every second. */
  readonly watch: boolean
  /** This worker's own directory, for the files of its slots; it is made here. */
  readonly directory: string
  /** Whether our lease is known to last: nothing is claimed or started without. */
  readonly holdsLease: () => boolean
  readonly attempts: AttemptSettings
}

export interface WorkSummary extends Counts {
  /** Why it left. */
  readonly ending: 'empty' | 'limit' | 'paused' | 'drained'
  /** What made the worker leave early, when something did. */
  readonly problem: unknown
  /** Nothing of it is left to be cleared up by others: all is booked, logged or given back. */
  readonly isClean: boolean
}

/** How long a worker that leaves offers its last results to a database that does not answer. */
const LEAVING_PATIENCE_MS = 10_000
const CHECK_MS = 250

export class Work {
  readonly #options: WorkOptions
  readonly #supply: Supply
  readonly #results: Results
  readonly #bell = new Bell()
  readonly #outage: Outage
  readonly #heed: Heed
  readonly #slots: Slot[]
  readonly #idle: Slot[]
  #draining = false
  /** Not heard from the database for so long that our lease may end. */
  #suspended = false
  #gaveBack = true
  #problem: unknown
  #graceTimer: Timer | undefined

  /** @throws Complaint when the state directory cannot be written */
  constructor(options: WorkOptions) {
    const { db, log, concurrency, directory, attempts, watch } = options
    const patienceMs = watch ? Number.POSITIVE_INFINITY : OUTAGE_PATIENCE_MS
    this.#options = options
    this.#outage = new Outage(db.dialect, patienceMs, {
      onLost: (reason) => this.#event('database-lost', { reason }),
      onBack: (seconds) => this.#event('database-back', { seconds }),
    })
    const onDatabaseLost = (error: Error, triedAt?: number) => this.#outage.begin(error, triedAt)
    this.#supply = new Supply({ ...options, workerId: attempts.workerId }, onDatabaseLost)
    makeWorkerDirectory(directory)
    this.#slots = Array.from({ length: concurrency }, (_, number) => new Slot(directory, number, attempts))
    this.#heed = new Heed(db, this.#slots, this.#supply)
    this.#idle = this.#slots.toReversed() // the one that was idle for the shortest time is taken first
    this.#results = new Results(db, log, attempts, patienceMs, {
      onClaimLost: ({ id, attempt, outcome }) => this.#event('claim-lost', { id, attempt, outcome }),
      onDatabaseLost,
      onDatabaseBack: () => this.#outage.end(),
      onBooked: (batch) => this.#supply.booked(batch),
      onReduced: ({ id, attempt }, { message }) => this.#event('result-reduced', { id, attempt, reason: message }),
      onFailed: (error) => this.#fail(error),
    })
  }

  get summary(): WorkSummary {
    const ending = this.#draining ? 'drained' : this.#supply.ending
    return { ...this.#results.counts, ending, problem: this.#problem, isClean: this.#isClean() }
  }

  async run(): Promise<WorkSummary> {
    const check = setInterval(() => {
      for (const slot of this.#slots) slot.checkOutput()
      void this.#supply.heedPauses().then((hasDropped) => hasDropped && this.#bell.ring())
    }, CHECK_MS)
    try {
      while (!this.#isFinished()) {
        if (this.#draining) await this.#giveBack()
        else if (this.#mayStart() && this.#supply.wantsRefill(this.#running())) void this.#refill()
        while (this.#mayStart() && this.#supply.canStart && this.#idle.length > 0)
          void this.#serve(this.#idle.pop() as Slot)
        if (this.#mayStart()) void this.#heed.look()
        if (!this.#isFinished()) await this.#bell.wait(SWEEP_MS)
        if (!this.#draining && this.#outage.complaint !== undefined) this.#fail(this.#outage.complaint)
      }
      if (this.#draining) this.#results.leaveWithin(LEAVING_PATIENCE_MS)
      await this.#results.end()
    } finally {
      clearInterval(check)
      this.#graceTimer?.cancel()
      await this.#closeSlots()
    }
    return this.summary
  }

  /** Claims no more; what was claimed and not started is given back, programs have the grace period to finish. */
  drain(reason: string): void {
    if (this.#draining) return
    this.#draining = true
    this.#event('drain', { reason, running: this.#running(), 'given-back': this.#supply.waiting })
    const { graceMs } = this.#options.attempts
    this.#graceTimer = startTimer(graceMs, () => this.stop('the grace period is over'))
    this.#results.leaveWithin(graceMs + LEAVING_PATIENCE_MS)
    this.#bell.ring()
  }

  /** Ends the programs; their tasks will be run again. */
  stop(reason: string, event: 'stop' | 'lease-lost' = 'stop'): void {
    this.drain(reason)
    this.#graceTimer?.cancel()
    this.#event(event, { reason, running: this.#running() })
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' })
  }

  /** Our lease will end: programs must have ended before, and nothing is claimed or started until `resume`. */
  suspend(reason: string, withinMs: number): void {
    this.#suspended = true
    this.#outage.begin(new Error(reason))
    this.#event('lease-expiring', { reason, running: this.#running() })
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' }, Math.min(this.#options.attempts.graceMs, withinMs))
  }

  /** The lease is ours again, and was nobody else's in the meantime. */
  resume(): void {
    this.#suspended = false
    this.#outage.end()
    this.#bell.ring()
  }

  #isFinished(): boolean {
    if (this.#supply.isRefilling || this.#supply.waiting > 0 || this.#running() > 0) return false
    return this.#draining || this.#supply.isLimitReached || (!this.#options.watch && this.#supply.isEmpty)
  }

  #mayStart(): boolean {
    return !this.#draining && !this.#suspended && this.#options.holdsLease()
  }

  async #refill(): Promise<void> {
    try {
      await this.#supply.refill(this.#running(), async () => {
        if (this.#running() > 0) return false
        await this.#results.flush()
        return true
      })
      this.#outage.end()
    } catch (error) {
      if (this.#outage.isCause(error)) this.#outage.begin(error)
      else this.#fail(error)
    }
    this.#bell.ring()
  }

  /** One slot, task after task. The runner has its next line before anything is written about the last one. */
  async #serve(slot: Slot): Promise<void> {
    let starting: ClaimedTask | undefined
    let ended: { task: ClaimedTask; result: AttemptResult } | undefined
    try {
      for (;;) {
        starting = this.#mayStart() ? this.#supply.take() : undefined
        if (this.#supply.wantsRefill(this.#running())) this.#bell.ring()
        const running = starting === undefined ? undefined : slot.run(starting)
        if (ended !== undefined) this.#supply.ended(ended.task, this.#results.add(ended.task, ended.result))
        ended = undefined
        if (starting === undefined || running === undefined) {
          if (this.#mayStart() && this.#supply.canStart) continue // what has ended made way for it
          break
        }
        ended = { task: starting, result: await running }
        starting = undefined
        if (slot.needsSettling(ended.result.output)) {
          this.#supply.ended(ended.task, this.#results.add(ended.task, ended.result))
          ended = undefined
          if (!(await this.#settle(slot))) break
        }
      }
    } catch (error) {
      if (starting !== undefined) this.#supply.putBack(starting)
      this.#fail(error)
    }
    this.#idle.push(slot)
    this.#bell.ring()
  }

  /** A slot's files are begun anew only when all that stands in them is booked and logged. */
  async #settle(slot: Slot): Promise<boolean> {
    await this.#results.flush()
    if (!this.#results.isSound) return false
    await slot.settle()
    return true
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#supply.giveBack()
    } catch (error) {
      this.#gaveBack = false
      this.#problem ??= error
    }
  }

  /** With everything booked and logged, nothing of this worker is left; otherwise its files tell what is known. */
  async #closeSlots(): Promise<void> {
    const isClean = this.#isClean()
    await Promise.all(this.#slots.map((slot) => slot.close(isClean)))
    if (isClean) removeWorkerDirectory(this.#options.directory)
  }

  #isClean(): boolean {
    return this.#results.isSound && this.#gaveBack
  }

  /** The first problem is the one that is told; what runs is seen to its end. */
  #fail(error: unknown): void {
    this.#problem ??= error
    this.drain(error instanceof Error ? error.message : String(error))
  }

  #running(): number {
    return this.#slots.length - this.#idle.length
  }

  /** The log itself may be what fails: then that is the problem, and what runs is seen to its end without it. */
  #event(...event: Parameters<DayLog['event']>): void {
    try {
      this.#options.log.event(...event)
    } catch (error) {
      this.#problem ??= error
      this.#draining = true
    }
  }
}

/**
 * The work of one worker: claim, run, book, until its part of the queue is empty.
 *
 * One loop decides (refill? start? leave?) and then sleeps until something has happened; each slot serves itself from the
 * supply in the meantime. Three words for three things: `drain` claims no more and lets programs finish, `stop` ends the
 * programs, and what ignores that is killed with its group.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DayLog } from '../log/day-log.ts'
import { startTimer, type Timer } from '../time/timer.ts'
import { Bell } from './bell.ts'
import { Heed } from './heed.ts'
import { IdleProbe } from './idle-probe.ts'
import { OUTAGE_PATIENCE_MS, Outage } from './outage.ts'
import { Results } from './results.ts'
import { Service } from './service.ts'
import { Slot } from './slot.ts'
import { Supply, SWEEP_MS } from './supply.ts'
import type { WorkOptions, WorkSummary } from './work-options.ts'
import { makeWorkerDirectory, removeWorkerDirectory } from './worker-directory.ts'

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
  readonly #service: Service
  readonly #idle: Slot[]
  readonly #probe: IdleProbe | undefined
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
    if (watch)
      this.#probe = new IdleProbe(
        { ...options, installation: attempts.installation, claims: () => this.#supply.claims },
        (isDue) => this.#hear(isDue),
      )
    this.#results = new Results(db, log, attempts, patienceMs, {
      onClaimLost: ({ id, attempt, outcome }) => this.#event('claim-lost', { id, attempt, outcome }),
      onDatabaseLost,
      onDatabaseBack: () => this.#outage.end(),
      onBooked: (batch) => this.#supply.booked(batch),
      onReduced: ({ id, attempt }, { message }) => this.#event('result-reduced', { id, attempt, reason: message }),
      onFailed: (error) => this.#fail(error),
    })
    this.#service = new Service(this.#slots, this.#supply, this.#results, {
      mayStart: () => this.#mayStart(),
      running: () => this.#running(),
      onNews: () => this.#bell.ring(),
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
        await this.#serveIdle()
        if (this.#mayStart()) void this.#heed.look()
        this.#listen()
        if (!this.#isFinished()) await this.#bell.wait(SWEEP_MS)
        if (!this.#draining && this.#outage.complaint !== undefined) this.#fail(this.#outage.complaint)
      }
      if (this.#draining) this.#results.leaveWithin(LEAVING_PATIENCE_MS)
      await Promise.all([this.#results.end(), ...this.#slots.map((slot) => slot.closeRunners())])
    } finally {
      clearInterval(check)
      this.#service.end()
      this.#probe?.end()
      this.#graceTimer?.cancel()
      await this.#closeSlots()
    }
    return this.summary
  }

  /** Claims no more; what was claimed and not started is given back, programs have the grace period to finish. */
  drain(reason: string): void {
    if (this.#draining) return
    this.#draining = true
    this.#service.recall()
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

  #listen(): void {
    const isIdle = this.#mayStart() && !this.#outage.isUnderWay && this.#supply.awaitsNews(this.#running())
    this.#probe?.set(isIdle)
    if (isIdle && this.#probe !== undefined) this.#idle.at(-1)?.prepare()
  }

  #hear(isDue: boolean): void {
    this.#supply.lookAgain(isDue)
    this.#bell.ring()
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

  /** Starting a runner takes a while: the first ones are at work while the others are started. */
  async #serveIdle(): Promise<void> {
    while (this.#mayStart() && this.#supply.canStart && this.#idle.length > 0) {
      void this.#serve(this.#idle.pop() as Slot)
      await nextTurn()
    }
  }

  async #serve(slot: Slot): Promise<void> {
    await this.#service.serve(slot)
    this.#idle.push(slot)
    this.#bell.ring()
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

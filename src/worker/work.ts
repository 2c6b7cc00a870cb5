/**
 * The work of one worker: claim, run, book, until its part of the queue is empty.
 *
 * One loop decides (refill? start? leave?) and then sleeps until something has happened; each slot serves itself from the
 * supply in the meantime. `drain` claims no more and lets programs finish, `stop` ends them, and what ignores that is killed
 * with its group; `handOver` leaves without them.
 */
import type { DayLog } from '../log/day-log.ts'
import { Bell } from './bell.ts'
import { Heed } from './heed.ts'
import { IdleProbe } from './idle-probe.ts'
import { LEAVING_PATIENCE_MS, Leaving } from './leaving.ts'
import { OUTAGE_PATIENCE_MS, Outage } from './outage.ts'
import { SWEEP_MS } from './promotion.ts'
import { Results } from './results.ts'
import { Service } from './service.ts'
import { Slot } from './slot.ts'
import { Supply } from './supply.ts'
import type { WorkOptions, WorkSummary } from './work-options.ts'
import { makeWorkerDirectory, removeWorkerDirectory } from './worker-directory.ts'

export class Work {
  readonly #options: WorkOptions
  readonly #supply: Supply
  readonly #results: Results
  readonly #bell = new Bell()
  readonly #outage: Outage
  readonly #heed: Heed
  readonly #slots: Slot[]
  readonly #service: Service
  readonly #probe: IdleProbe | undefined
  readonly #leaving = new Leaving()
  /** Not heard from the database for so long that our lease may end. */
  #suspended = false
  #gaveBack = true
  #problem: unknown

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
    if (watch)
      this.#probe = new IdleProbe(
        { ...options, installation: attempts.installation, claims: () => this.#supply.claims },
        { onNews: (isDue) => this.#hear(isDue), onNothing: () => this.#supply.hasSeenNothing() },
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
      onNews: () => this.#bell.ring(),
      onFailed: (error) => this.#fail(error),
    })
  }

  get summary(): WorkSummary {
    const ending = this.#leaving.ending ?? this.#supply.ending
    const { left } = this.#leaving
    return { ...this.#results.counts, ending, left, problem: this.#problem, isClean: this.#isClean() }
  }

  /** What it does, for whoever looks at the list of processes: `idle`, `running 3`, `draining`. */
  get state(): string {
    if (this.#leaving.word !== undefined) return this.#leaving.word
    if (this.#suspended || this.#outage.isUnderWay) return 'waiting for the database'
    if (this.#service.running > 0) return `running ${this.#service.running}`
    return this.#options.pauses.ofQueue === undefined ? 'idle' : 'paused'
  }

  async run(): Promise<WorkSummary> {
    this.#heed.begin(() => this.#bell.ring())
    try {
      while (!this.#isFinished()) {
        // The first program is started before more is asked for; and what it leaves behind is no reason to ask.
        const isWanted = this.#supply.wantsRefill(this.#service.running)
        const serving = this.#service.serveIdle()
        if (this.#leaving.isUnderWay) await this.#giveBack()
        else if (isWanted && this.#mayStart() && this.#supply.wantsRefill(this.#service.running)) void this.#refill()
        await serving
        if (this.#mayStart() || this.#leaving.isUnderWay) void this.#heed.look()
        this.#listen()
        if (!this.#isFinished()) await this.#bell.wait(Math.min(SWEEP_MS, this.#leaving.lookMs))
        if (!this.#leaving.isUnderWay && this.#outage.complaint !== undefined) this.#fail(this.#outage.complaint)
      }
      if (this.#leaving.isUnderWay) this.#results.leaveWithin(LEAVING_PATIENCE_MS)
      if (this.#leaving.handsOver) await this.#leavePrograms()
      if (this.#leaving.left === 0)
        await Promise.all([this.#results.end(), ...this.#slots.map((slot) => slot.closeRunners())])
    } finally {
      this.#heed.end()
      this.#service.end()
      this.#probe?.end()
      this.#leaving.end()
      await this.#closeSlots()
    }
    return this.summary
  }

  /**
   * Claims no more; what was claimed and not started is given back.
   *
   * @param graceMs  how long programs have to finish; Infinity for as long as they take
   */
  drain(reason: string, graceMs = this.#options.attempts.graceMs): void {
    if (this.#leaving.begin()) {
      this.#service.recall()
      this.#event('drain', { reason, running: this.#service.running, 'given-back': this.#supply.waiting })
      this.#bell.ring()
    }
    if (graceMs === Number.POSITIVE_INFINITY) return
    this.#leaving.endProgramsAfter(graceMs, () => this.stop('the grace period is over'))
    this.#results.leaveWithin(graceMs + LEAVING_PATIENCE_MS)
  }

  /** Leaves in a moment, without its programs. */
  handOver(reason: string): void {
    this.drain(reason, Number.POSITIVE_INFINITY)
    this.#leaving.handOver()
    this.#bell.ring()
  }

  /** Ends the programs; their tasks will be run again. */
  stop(reason: string, event: 'stop' | 'lease-lost' = 'stop'): void {
    this.drain(reason)
    this.#leaving.stop()
    this.#event(event, { reason, running: this.#service.running })
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' })
  }

  /** Kills the programs; their tasks will be run again. */
  kill(reason: string): void {
    this.stop(reason)
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' }, 0)
  }

  /** Our lease will end: programs must have ended before, and nothing is claimed or started until `resume`. */
  suspend(reason: string, withinMs: number): void {
    this.#suspended = true
    this.#outage.begin(new Error(reason))
    this.#event('lease-expiring', { reason, running: this.#service.running })
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' }, Math.min(this.#options.attempts.graceMs, withinMs))
  }

  /** The lease is ours again, and was nobody else's in the meantime. */
  resume(): void {
    this.#suspended = false
    this.#outage.end()
    this.#bell.ring()
  }

  #isFinished(): boolean {
    if (this.#supply.isRefilling || this.#supply.waiting > 0) return false
    if (this.#service.running > 0)
      return this.#leaving.mayLeavePrograms(this.#slots.every(({ several }) => several === undefined))
    return this.#leaving.isUnderWay || this.#supply.isLimitReached || (!this.#options.watch && this.#supply.isEmpty)
  }

  #mayStart(): boolean {
    return !this.#leaving.isUnderWay && !this.#suspended && this.#options.holdsLease()
  }

  #listen(): void {
    if (this.#probe === undefined) return
    const isIdle = this.#mayStart() && !this.#outage.isUnderWay && this.#supply.awaitsNews(this.#service.running)
    this.#probe.set(isIdle)
    if (isIdle) this.#service.prepare()
  }

  #hear(isDue: boolean): void {
    this.#supply.lookAgain(isDue)
    this.#bell.ring()
  }

  async #refill(): Promise<void> {
    try {
      await this.#supply.refill(this.#service.running, async () => {
        if (this.#service.running > 0) return false
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

  async #giveBack(): Promise<void> {
    try {
      await this.#supply.giveBack()
    } catch (error) {
      this.#gaveBack = false
      this.#problem ??= error
    }
  }

  /** From now on the journals tell how they end. A seat that cannot be freed is free when our process has ended. */
  async #leavePrograms(): Promise<void> {
    this.#leaving.left = this.#service.running
    this.#service.leave()
    await this.#results.end()
    await this.#options.freeSeats().catch(() => {})
  }

  /** With everything booked and logged, nothing of this worker is left; otherwise its files tell what is known. */
  async #closeSlots(): Promise<void> {
    const isClean = this.#isClean()
    if (this.#leaving.left === 0) await Promise.all(this.#slots.map((slot) => slot.close(isClean)))
    if (isClean) removeWorkerDirectory(this.#options.directory)
  }

  #isClean(): boolean {
    return this.#results.isSound && this.#gaveBack && this.#leaving.left === 0
  }

  /** The first problem is the one that is told; what runs is seen to its end. */
  #fail(error: unknown): void {
    this.#problem ??= error
    this.drain(error instanceof Error ? error.message : String(error))
  }

  #event(...event: Parameters<DayLog['event']>): void {
    try {
      this.#options.log.event(...event)
    } catch (error) {
      this.#problem ??= error
      this.#leaving.begin()
    }
  }
}

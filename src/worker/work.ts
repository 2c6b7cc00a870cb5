/**
 * The work of one worker: claim, run, book, until its part of the queue is empty.
 *
 * One loop decides (refill? start? leave?) and then sleeps until something has happened; each slot serves itself from the
 * supply in the meantime. Three words for three things: `drain` claims no more and lets programs finish, `stop` ends the
 * programs, and what ignores that is killed with its group.
 */
import { rmSync } from 'node:fs'
import type { DayLog } from '../log/day-log.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { startTimer, type Timer } from '../time/timer.ts'
import { Booking } from './booking.ts'
import { finishOf, logAttempt } from './record.ts'
import { type AttemptResult, type AttemptSettings, Slot } from './slot.ts'
import { Supply, type SupplyOptions, SWEEP_MS } from './supply.ts'

export interface WorkOptions extends Omit<SupplyOptions, 'workerId'> {
  readonly log: DayLog
  /** Stay when the part is empty, and look again every second. */
  readonly watch: boolean
  /** This worker's own directory for the files of its slots. */
  readonly stateDirectory: string
  readonly attempts: AttemptSettings
}

export interface WorkSummary {
  readonly done: number
  readonly retried: number
  readonly failed: number
  /** Results that were refused because the row was no longer ours. */
  readonly lost: number
  readonly ending: Ending
  /** What made the worker leave early, when something did. */
  readonly problem: unknown
}

/** Why the worker left. */
export type Ending = 'empty' | 'limit' | 'drained'

const OUTPUT_CHECK_MS = 250
/** How long a result that is known is offered to a database that does not answer. */
const BOOKING_PATIENCE_MS = 600_000

export class Work {
  readonly #options: WorkOptions
  readonly #supply: Supply
  readonly #booking: Booking
  readonly #slots: Slot[]
  readonly #idle: Slot[]
  readonly #count = { done: 0, retried: 0, failed: 0, lost: 0 }
  #draining = false
  #logFailed = false
  #problem: unknown
  #wake: () => void = () => {}
  #graceTimer: Timer | undefined

  /** @throws Complaint when the state directory cannot be written */
  constructor(options: WorkOptions) {
    const { db, concurrency, stateDirectory, attempts } = options
    const onDatabaseLost = (error: Error) => this.#event('database-lost', { reason: error.message })
    this.#options = options
    this.#supply = new Supply({ ...options, workerId: attempts.workerId }, onDatabaseLost)
    this.#slots = Array.from({ length: concurrency }, (_, number) => new Slot(stateDirectory, number, attempts))
    this.#idle = [...this.#slots]
    this.#booking = new Booking(db, BOOKING_PATIENCE_MS, {
      onClaimLost: ({ id, attempt, outcome }) => {
        this.#count.lost++
        this.#event('claim-lost', { id, attempt, outcome })
      },
      onDatabaseLost,
      onFailed: (error) => this.#fail(error),
    })
  }

  get summary(): WorkSummary {
    const ending = this.#draining ? 'drained' : this.#supply.isLimitReached ? 'limit' : 'empty'
    return { ...this.#count, ending, problem: this.#problem }
  }

  async run(): Promise<WorkSummary> {
    const outputCheck = setInterval(() => {
      for (const slot of this.#slots) slot.checkOutput()
    }, OUTPUT_CHECK_MS)
    try {
      while (!this.#isFinished()) {
        if (this.#draining) await this.#giveBack()
        else if (this.#supply.wantsRefill(this.#running())) void this.#refill()
        while (!this.#draining && this.#supply.waiting > 0 && this.#idle.length > 0)
          void this.#serve(this.#idle.pop() as Slot)
        if (!this.#isFinished()) await this.#somethingHappens()
      }
      await this.#booking.flush()
    } finally {
      clearInterval(outputCheck)
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
    this.#graceTimer = startTimer(this.#options.attempts.graceMs, () => this.stop('the grace period is over'))
    this.#wake()
  }

  /** Ends the programs; their tasks will be run again. */
  stop(reason: string): void {
    this.drain(reason)
    this.#graceTimer?.cancel()
    this.#event('stop', { reason, running: this.#running() })
    for (const slot of this.#slots) slot.stop({ kind: 'stopped' })
  }

  #isFinished(): boolean {
    if (this.#supply.isRefilling || this.#supply.waiting > 0 || this.#running() > 0) return false
    return this.#draining || this.#supply.isLimitReached || (!this.#options.watch && this.#supply.isEmpty)
  }

  async #refill(): Promise<void> {
    try {
      await this.#supply.refill(async () => {
        if (this.#running() > 0) return false
        await this.#booking.flush()
        return true
      })
    } catch (error) {
      this.#fail(error)
    }
    this.#wake()
  }

  /** One slot, task after task. The runner has its next line before anything is written about the last one. */
  async #serve(slot: Slot): Promise<void> {
    let starting: ClaimedTask | undefined
    let ended: { task: ClaimedTask; result: AttemptResult } | undefined
    try {
      for (;;) {
        starting = this.#draining ? undefined : this.#supply.take()
        if (this.#supply.wantsRefill(this.#running())) this.#wake()
        const running = starting === undefined ? undefined : slot.run(starting)
        if (ended !== undefined) this.#record(ended.task, ended.result)
        ended = undefined
        if (starting === undefined || running === undefined) break
        ended = { task: starting, result: await running }
        starting = undefined
        if (slot.needsSettling(ended.result.output)) {
          this.#record(ended.task, ended.result)
          ended = undefined
          if (!(await this.#settle(slot))) break
        }
      }
    } catch (error) {
      if (starting !== undefined) this.#supply.putBack(starting)
      this.#fail(error)
    }
    this.#idle.push(slot)
    this.#wake()
  }

  /** A slot's files are begun anew only when all that stands in them is booked and logged. */
  async #settle(slot: Slot): Promise<boolean> {
    await this.#booking.flush()
    if (this.#booking.failed || this.#logFailed) return false
    await slot.settle()
    return true
  }

  #record(task: ClaimedTask, result: AttemptResult): void {
    const { log, attempts } = this.#options
    const finish = finishOf(task, attempts.workerId, result, attempts.terms)
    if (result.runnerLost) this.#event('runner-lost', { id: task.id })
    let output = null
    try {
      output = logAttempt(log, task, result, finish, attempts.terms)
    } catch (error) {
      this.#logFailed = true
      this.#fail(error)
    }
    this.#booking.add({ ...finish, output })
    if (finish.next.kind === 'done') this.#count.done++
    else if (finish.next.kind === 'failed') this.#count.failed++
    else this.#count.retried++
  }

  async #giveBack(): Promise<void> {
    try {
      await this.#supply.giveBack()
    } catch (error) {
      this.#problem ??= error
    }
  }

  /** With everything booked and logged, nothing of this worker is left; otherwise its files keep what is known. */
  async #closeSlots(): Promise<void> {
    const booked = !this.#booking.failed && !this.#logFailed
    await Promise.all(this.#slots.map((slot) => slot.close(booked)))
    if (booked) rmSync(this.#options.stateDirectory, { recursive: true, force: true })
  }

  /** The first problem is the one that is told; what runs is seen to its end. */
  #fail(error: unknown): void {
    this.#problem ??= error
    this.drain(error instanceof Error ? error.message : String(error))
  }

  #running(): number {
    return this.#slots.length - this.#idle.length
  }

  #somethingHappens(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, SWEEP_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
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

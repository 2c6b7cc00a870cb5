/**
 * The supply: tasks that are claimed and not started yet.
 *
 * It is refilled before it is empty, so that no slot waits for the database, and it is small enough that little has to be
 * given back. When slots are idle while all that waits is behind running tasks of the same lanes, other lanes are asked
 * for. It also knows when the part of the queue is empty: a claim that found nothing while no program was running that
 * could have added something.
 */
import { claim } from '../queue/store/claim.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { KeysInTurn } from './keys-in-turn.ts'
import { LookAhead } from './look-ahead.ts'
import { Promotion, SWEEP_MS } from './promotion.ts'
import { Returns } from './returns.ts'
import { Waiting } from './waiting.ts'
import type { SupplyOptions } from './work-options.ts'

/** How long a database that does not answer is asked again. */
const PATIENCE_MS = 30_000

export class Supply {
  readonly #options: SupplyOptions
  readonly #onDatabaseLost: (error: Error) => void
  readonly #lookAhead: LookAhead
  readonly #inTurn: KeysInTurn | undefined
  readonly #waiting: Waiting | KeysInTurn
  readonly #returns: Returns
  readonly #promotion: Promotion
  #claimed = 0
  #refilling = false
  /** The last claim found nothing: when that was, and whether no program was running. */
  #empty: { readonly at: number; readonly idle: boolean } | undefined
  #noOtherLanesAt = Number.NEGATIVE_INFINITY

  constructor(options: SupplyOptions, onDatabaseLost: (error: Error) => void) {
    this.#options = options
    this.#onDatabaseLost = onDatabaseLost
    this.#lookAhead = new LookAhead(options.concurrency, options.batch)
    this.#returns = new Returns(options.db, options.workerId)
    this.#promotion = new Promotion(options.db, onDatabaseLost)
    this.#inTurn = options.perKey === undefined ? undefined : new KeysInTurn(options.perKey)
    this.#waiting = this.#inTurn ?? new Waiting()
  }

  /** What is claimed and neither started nor given back. */
  get waiting(): number {
    return this.#waiting.tasks.length + this.#returns.count
  }

  /** The tasks that are to be started, in no order. */
  get claimed(): readonly ClaimedTask[] {
    return this.#waiting.tasks
  }

  /** One of them could be started now. */
  get canStart(): boolean {
    return this.#waiting.canStart
  }

  /** Tasks that were claimed, less those given back. */
  get claims(): number {
    return this.#claimed
  }

  get isRefilling(): boolean {
    return this.#refilling
  }

  /** As many tasks were claimed as were asked for. */
  get isLimitReached(): boolean {
    return this.#remaining() === 0
  }

  /** There is nothing more to claim, and nothing is running that could add to it; or all of it is paused. */
  get isEmpty(): boolean {
    return this.#empty?.idle === true || this.#options.pauses.ofQueue !== undefined
  }

  /** There is room for another program, and nothing is known that could be claimed for it. @param running  programs that run now */
  awaitsNews(running: number): boolean {
    const hasWork = this.#inTurn === undefined ? this.waiting > 0 : this.canStart
    if (this.#refilling || this.#empty === undefined || hasWork) return false
    return running < this.#options.concurrency && !this.isLimitReached && this.#options.pauses.ofQueue === undefined
  }

  /** Somebody has just seen that nothing of the queue is ready, and nothing scheduled due: a look would find that, too. */
  hasSeenNothing(): void {
    if (this.#empty !== undefined) this.#empty = { ...this.#empty, at: performance.now() }
  }

  /** There may be something to claim after all; with `isDue` scheduled tasks have to become ready first. */
  lookAgain(isDue: boolean): void {
    this.#empty = undefined
    if (isDue) this.#promotion.hurry()
  }

  /** Why there was nothing more to be started. */
  get ending(): 'limit' | 'paused' | 'empty' {
    if (this.isLimitReached) return 'limit'
    return this.#options.pauses.ofQueue === undefined ? 'empty' : 'paused'
  }

  /** Its lane is busy until `ended` or `putBack`. */
  take(): ClaimedTask | undefined {
    return this.#waiting.take()
  }

  /** A task that was taken and could not be started after all. */
  putBack(task: ClaimedTask): void {
    this.#waiting.putBack(task)
  }

  /** @param finished  done, failed or cancelled: those behind it go on. Otherwise they are given back, and wait for it. */
  ended(task: ClaimedTask, finished: boolean): void {
    this.#returns.add(this.#waiting.ended(task, finished))
  }

  booked(claims: readonly Pick<ClaimedTask, 'id' | 'claimToken'>[]): void {
    for (const claim of claims) this.#waiting.booked(claim)
  }

  /** Of what is paused nothing is started any more. @returns whether something is to be given back for that */
  async heedPauses(): Promise<boolean> {
    await this.#options.pauses.look().catch(() => {}) // whoever claims or books says that the database is away
    return this.#dropPaused()
  }

  /** Gives back those of these tasks that have not been started, and what waits behind them in their lanes. */
  async drop(ids: readonly number[]): Promise<void> {
    this.#returns.add(this.#waiting.drop(ids))
    await this.#return()
  }

  /** @param running  programs that run now */
  wantsRefill(running: number): boolean {
    if (this.#refilling) return false
    return this.#returns.count > 0 || this.#wanted(running) !== 'nothing'
  }

  /**
   * @param running  programs that run now
   * @param idle     no program is running, and every result is booked
   */
  async refill(running: number, idle: () => Promise<boolean>): Promise<void> {
    this.#refilling = true
    try {
      await this.#return()
      await this.#options.pauses.look(this.#onDatabaseLost)
      const wanted = this.#wanted(running)
      if (wanted === 'nothing') return
      const askedAt = performance.now()
      const wasIdle = await idle()
      await this.#promotion.sweep()
      const found = await this.#claim(wanted === 'other lanes')
      const now = performance.now()
      this.#lookAhead.claimed(now, now - askedAt)
      if (found === 'some') this.#empty = undefined
      else if (found === 'all') this.#empty = { at: now, idle: false }
      else if (wanted === 'other lanes') this.#noOtherLanesAt = now
      else this.#empty = { at: now, idle: wasIdle }
    } finally {
      this.#refilling = false
    }
  }

  /** Everything that has not been started. Where the database does not take it back, our lease will end. */
  async giveBack(): Promise<void> {
    this.#returns.add(this.#waiting.dropAll())
    try {
      await this.#return()
    } catch (error) {
      this.#returns.forget()
      throw error
    }
  }

  #wanted(running: number): 'nothing' | 'anything' | 'other lanes' {
    if (this.isLimitReached || this.#options.pauses.ofQueue !== undefined) return 'nothing'
    const now = performance.now()
    const waiting = this.#waiting.tasks.length
    const isStuck = waiting > 0 && running < this.#options.concurrency && !this.canStart
    const asksForLanes = this.#inTurn === undefined && now - this.#noOtherLanesAt >= SWEEP_MS
    if (isStuck && asksForLanes) return 'other lanes'
    if (waiting > this.#lookAhead.lowWater && !(isStuck && this.#inTurn)) return 'nothing'
    if (this.#inTurn?.wantsMore) this.#empty = undefined
    if (this.#empty === undefined) return 'anything'
    const lastChance = running === 0 && !this.#empty.idle
    return lastChance || now - this.#empty.at >= SWEEP_MS ? 'anything' : 'nothing'
  }

  /** @returns `some` when there may be more behind what was claimed or set aside; `all` when there is none that may be claimed now */
  async #claim(otherLanes: boolean): Promise<'some' | 'all' | 'none'> {
    const { db, queue, buckets, workerId, filter, pauses } = this.#options
    const told = new Set<'all' | 'more'>()
    const limit = Math.min(this.#lookAhead.size, this.#remaining())
    const tasks = await claim(db, {
      ...{ queue, buckets, workerId, filter, limit },
      unfinished: this.#waiting.look(),
      pauses: pauses.ofPrograms,
      avoid: otherLanes ? new Set(this.#waiting.busy) : new Set(),
      turns: this.#inTurn?.turns,
      expectsFew: this.#lookAhead.expectsFew,
      expectsOne: this.#lookAhead.expectsOne,
      onLooked: (few) => this.#lookAhead.looked(few),
      patienceMs: PATIENCE_MS,
      onLost: this.#onDatabaseLost,
      onAll: () => told.add('all'),
      onSetAside: () => told.add('more'),
      onUnsure: (token) => this.#returns.addUnsure(token),
    })
    this.#claimed += tasks.length
    this.#lookAhead.found(tasks.length)
    this.#returns.add(this.#waiting.add(tasks))
    this.#dropPaused() // the pause may be younger than the claim
    if (told.has('more') || this.#inTurn?.wantsMore) return 'some'
    if (tasks.length === 0) return 'none'
    return told.has('all') || (this.#inTurn !== undefined && tasks.length < limit) ? 'all' : 'some'
  }

  #dropPaused(): boolean {
    const { pauses } = this.#options
    const isPaused = (task: ClaimedTask) => pauses.ofQueue !== undefined || pauses.isPaused(task)
    const paused = this.#waiting.tasks.filter(isPaused).map(({ id }) => id)
    if (paused.length > 0) this.#returns.add(this.#waiting.drop(paused))
    return paused.length > 0
  }

  async #return(): Promise<void> {
    this.#claimed -= await this.#returns.giveBack()
  }

  #remaining(): number {
    return (this.#options.limit ?? Number.POSITIVE_INFINITY) - this.#claimed
  }
}

/**
 * Serving the slots of a worker: each takes task after task from the supply, until there is none for it.
 *
 * A slot's runner has its next commands before anything is written about the last ones. Of short silent programs it is told
 * several at once (`pace.ts`), never so many that the others would have nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Ending } from './attempt.ts'
import { AHEAD_MS, MOST_AHEAD, Pace } from './pace.ts'
import type { Results } from './results.ts'
import type { Slot } from './slot.ts'
import type { Supply } from './supply.ts'

export interface ServiceEvents {
  /** Whether anything may be started now. */
  mayStart(): boolean
  /** Something has changed that the worker should look at. */
  onNews(): void
  onFailed(error: unknown): void
}

/** How often it is looked whether a program has turned out long that others wait behind. */
const LOOK_MS = 25

export class Service {
  readonly #slots: readonly Slot[]
  /** The one that was idle for the shortest time is taken first. */
  readonly #idle: Slot[]
  readonly #supply: Supply
  readonly #results: Results
  readonly #events: ServiceEvents
  readonly #pace = new Pace()
  #looking: NodeJS.Timeout | undefined
  #hasLeft = false

  constructor(slots: readonly Slot[], supply: Supply, results: Results, events: ServiceEvents) {
    this.#slots = slots
    this.#idle = slots.toReversed()
    this.#supply = supply
    this.#results = results
    this.#events = events
  }

  /** How many slots are at work. */
  get running(): number {
    return this.#slots.length - this.#idle.length
  }

  /** Starting a runner takes a while: the first ones are at work while the others are started. */
  async serveIdle(): Promise<void> {
    while (this.#events.mayStart() && this.#supply.canStart && this.#idle.length > 0) {
      void this.#serveUntilIdle(this.#idle.pop() as Slot)
      await nextTurn()
    }
  }

  /** The next program will be started at once. */
  prepare(): void {
    this.#idle.at(-1)?.prepare()
  }

  async #serveUntilIdle(slot: Slot): Promise<void> {
    await this.#serve(slot)
    this.#idle.push(slot)
    this.#events.onNews()
  }

  /** Resolves when there is nothing for this slot; what went wrong is told. */
  async #serve(slot: Slot): Promise<void> {
    let starting: readonly ClaimedTask[] = []
    let ended: readonly Ending[] = []
    try {
      for (;;) {
        starting = this.#events.mayStart() ? this.#take(slot) : []
        if (this.#supply.wantsRefill(this.running)) this.#events.onNews()
        const running = starting.length === 0 ? undefined : this.#run(slot, starting)
        this.#add(ended)
        ended = []
        if (running === undefined) {
          if (this.#events.mayStart() && this.#supply.canStart) continue // what has ended made way for it
          break
        }
        ended = await running
        if (this.#hasLeft) return
        starting = []
        if (slot.needsSettling(ended.at(-1)?.result.output)) {
          this.#add(ended)
          ended = []
          if (!(await this.#settle(slot))) break
        }
      }
    } catch (error) {
      if (this.#hasLeft) return
      this.#putBack(starting)
      this.#events.onFailed(error)
    }
  }

  /** What was told ahead is taken back: it is to be given back, or to wait. */
  recall(): void {
    for (const { several } of this.#slots) several?.recall()
  }

  /** What ends from now on is left to whoever adopts it. */
  leave(): void {
    this.#hasLeft = true
  }

  end(): void {
    clearInterval(this.#looking)
  }

  async #run(slot: Slot, tasks: readonly ClaimedTask[]): Promise<readonly Ending[]> {
    const [task] = tasks
    if (task === undefined) return []
    if (tasks.length === 1) return [{ task, result: await slot.run(task) }]
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS)
    return slot.runAll(tasks, (returned) => {
      this.#putBack(returned)
      this.#events.onNews()
    })
  }

  #look(): void {
    for (const { several } of this.#slots) several?.look()
    if (this.#slots.some(({ several }) => several !== undefined)) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  #add(ended: readonly Ending[]): void {
    for (const { task, result } of ended) {
      this.#pace.note(task.task, result.ranMs, result.output.kind !== 'none')
      this.#supply.ended(task, this.#results.add(task, result))
    }
  }

  #take(slot: Slot): readonly ClaimedTask[] {
    const first = this.#supply.take()
    if (first === undefined) return []
    const tasks = [first]
    let ms = slot.canRunAhead && slot.mayRunAhead(first) ? this.#pace.ofShort(first.task) : undefined
    if (ms === undefined) return tasks
    const most = Math.min(MOST_AHEAD, 1 + Math.floor(this.#supply.claimed.length / this.#slots.length))
    while (tasks.length < most) {
      const next = this.#supply.take()
      if (next === undefined) break
      const nextMs = slot.mayRunAhead(next) ? this.#pace.ofShort(next.task) : undefined
      if (nextMs === undefined || ms + nextMs > AHEAD_MS) {
        this.#supply.putBack(next)
        break
      }
      ms += nextMs
      tasks.push(next)
    }
    return tasks
  }

  /** In their old order. */
  #putBack(tasks: readonly ClaimedTask[]): void {
    for (const task of tasks.toReversed()) this.#supply.putBack(task)
  }

  /** A slot's files are begun anew only when all that stands in them is booked and logged. */
  async #settle(slot: Slot): Promise<boolean> {
    await this.#results.flush()
    if (!this.#results.isSound) return false
    await slot.settle()
    return true
  }
}

/**
 * What a worker has to give back: tasks that wait in vain for their turn, and rows that may bear a claim of which the answer
 * was lost.
 */
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import { giveBack } from '../queue/store/give-back.ts'
import { runningTasks } from '../queue/store/running.ts'
import { runningMs } from '../time/running.ts'

/** How long a database that does not answer is asked again. */
const PATIENCE_MS = 30_000
/** More rows than a worker ever has under its claims. */
const ALL_OURS = 10_000
/** A statement of which the answer was lost may be on its way to the server for as long as TCP tries to deliver it. */
const UNSURE_FOR_MS = 20 * 60_000
const LOOK_FOR_UNSURE_MS = 2_000

export class Returns {
  readonly #db: Driver
  readonly #workerId: number
  readonly #tasks: ClaimedTask[] = []
  /** Tokens of claims of which the answer was lost for good, and since when: rows may bear them, now or later. */
  readonly #unsure = new Map<number, number>()
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(db: Driver, workerId: number) {
    this.#db = db
    this.#workerId = workerId
  }

  /** How much there is to do now. */
  get count(): number {
    return this.#tasks.length + (this.#isToLook ? this.#unsure.size : 0)
  }

  add(tasks: readonly ClaimedTask[]): void {
    this.#tasks.push(...tasks)
  }

  addUnsure(token: number): void {
    this.#unsure.set(token, runningMs())
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  /** @returns how many tasks were given back; when it throws, they are still to be */
  async giveBack(): Promise<number> {
    if (this.#isToLook) await this.#giveBackUnsure()
    const tasks = this.#tasks.splice(0)
    try {
      await giveBack(this.#db, tasks, PATIENCE_MS)
      return tasks.length
    } catch (error) {
      this.#tasks.unshift(...tasks)
      throw error
    }
  }

  /** They are left to whoever comes after us. */
  forget(): void {
    this.#tasks.length = 0
    this.#unsure.clear()
  }

  get #isToLook(): boolean {
    return this.#unsure.size > 0 && runningMs() - this.#lookedAt >= LOOK_FOR_UNSURE_MS
  }

  async #giveBackUnsure(): Promise<void> {
    const lookedAt = runningMs()
    const ours = await again(this.#db.dialect, { forMs: PATIENCE_MS }, () =>
      runningTasks(this.#db, this.#workerId, ALL_OURS),
    )
    const unsure = ours.filter(({ claimToken }) => this.#unsure.has(claimToken))
    await giveBack(this.#db, unsure, PATIENCE_MS)
    this.#lookedAt = lookedAt
    for (const [token, since] of this.#unsure) if (lookedAt - since > UNSURE_FOR_MS) this.#unsure.delete(token)
  }
}

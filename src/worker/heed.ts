/**
 * Heeding what becomes of our tasks while we have them: was one cancelled, or taken from us, was its program paused, does it
 * flood its output file?
 *
 * What was asked of them is asked once a second, of tasks that wait and of programs that have run for a moment: a tiny program
 * is over before the answer would be there.
 */
import type { Driver } from '../queue/driver.ts'
import { asked } from '../queue/store/asked.ts'
import { SWEEP_MS } from './promotion.ts'
import type { Slot } from './slot.ts'
import type { Supply } from './supply.ts'

const HEED_AFTER_MS = 1_000
const CHECK_MS = 250

export class Heed {
  readonly #db: Driver
  readonly #slots: readonly Slot[]
  readonly #supply: Supply
  #lookedAt = performance.now()
  #looking = false
  #check: NodeJS.Timeout | undefined

  constructor(db: Driver, slots: readonly Slot[], supply: Supply) {
    this.#db = db
    this.#slots = slots
    this.#supply = supply
  }

  /** @param onDropped  called when there is something to be given back, because it is paused */
  begin(onDropped: () => void): void {
    this.#check = setInterval(() => {
      for (const slot of this.#slots) slot.checkOutput()
      void this.#supply.heedPauses().then((hasDropped) => hasDropped && onDropped())
    }, CHECK_MS)
  }

  end(): void {
    clearInterval(this.#check)
  }

  /** Stops programs that must not go on, and drops tasks that must not be started; at most once a second. */
  async look(): Promise<void> {
    if (this.#looking || performance.now() - this.#lookedAt < SWEEP_MS) return
    this.#looking = true
    try {
      await this.#lookNow()
    } catch {
      // whoever claims or books says that the database is away
    } finally {
      this.#lookedAt = performance.now()
      this.#looking = false
    }
  }

  async #lookNow(): Promise<void> {
    const running = this.#slots.flatMap((slot) => {
      const now = slot.running
      return now !== undefined && now.ms >= HEED_AFTER_MS ? [{ slot, task: now.task }] : []
    })
    const claims = [...running.map(({ task }) => task), ...this.#supply.claimed]
    if (claims.length === 0) return
    const { cancelled, lost } = await asked(this.#db, claims)
    for (const { slot, task } of running) {
      if (slot.running?.task !== task) continue // it has ended meanwhile
      if (cancelled.includes(task.id)) slot.stop({ kind: 'cancelled' })
      else if (lost.includes(task.id)) slot.stop({ kind: 'stopped' })
    }
    await this.#supply.drop([...cancelled, ...lost])
  }
}

/**
 * Hearing of others' writes without asking for them: a file that every commit writes to is watched.
 *
 * It is written a moment before the commit can be seen, so after an event the database is asked a few times, at growing
 * distances, whether anybody else has committed. What this overlooks is late and never lost: a full look comes every second.
 */
import { type FSWatcher, watch } from 'node:fs'
import type { Writes } from '../queue/driver.ts'

/** From an event to the first look, and from one look to the next. */
const LOOKS_MS = [1, 3, 10, 30, 100, 300]

export class WriteWatch {
  readonly #writes: Writes
  readonly #onWrite: () => void
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #isHeeded = false
  #isLooking = false
  #looks = 0
  #version: number | undefined

  /** @param onWrite  somebody else has committed something */
  constructor(writes: Writes, onWrite: () => void) {
    this.#writes = writes
    this.#onWrite = onWrite
  }

  /** Makes the watch anew where it has ended. @returns whether writes will be heard of from now on */
  begin(): boolean {
    this.#isHeeded = true
    if (this.#watcher === undefined) this.#watch()
    if (this.#watcher !== undefined) void this.#look()
    return this.#watcher !== undefined
  }

  /** Nothing is told any more. The next event ends the watch: our own writes cause many. */
  pause(): void {
    this.#isHeeded = false
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  end(): void {
    this.pause()
    this.#forget()
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#writes.file, { persistent: false }, (event) => this.#heard(event))
      this.#watcher.on('error', () => this.#forget())
    } catch {
      this.#forget() // no such file, no watch left on this system
    }
  }

  #heard(event: 'rename' | 'change'): void {
    if (event === 'rename' || !this.#isHeeded) this.#forget() // the one that takes its place is watched at the next beginning
    if (!this.#isHeeded) return
    if (this.#timer !== undefined && this.#looks === 1) return // the first look is about to come
    clearTimeout(this.#timer)
    this.#looks = 0
    this.#lookLater()
  }

  #lookLater(): void {
    const ms = LOOKS_MS[this.#looks]
    if (ms === undefined) return
    this.#looks++
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#lookLater()
      void this.#look()
    }, ms)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const version = await this.#writes.version().catch(() => this.#version) // whoever claims says that the database is away
    this.#isLooking = false
    const isNew = this.#version !== undefined && version !== this.#version
    this.#version = version
    if (isNew && this.#isHeeded) this.#onWrite()
  }

  #forget(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}

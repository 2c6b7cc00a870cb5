/**
 * Watching the wake file of a queue: see `queue/wake-file.ts`.
 *
 * Whatever becomes of the file, deleted, replaced, refused, never to be made, costs nothing but the earlier look.
 */
import {
  closeSync,
  constants,
  type FSWatcher,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  rmSync,
  watch,
} from 'node:fs'

/** Others on this host may change it, and not read it. */
const MODE = 0o622
/** How often it is looked at whether the file is still the one that is watched. */
const LOOK_MS = 1_000

export class WakeWatch {
  readonly #file: string
  readonly #onWake: () => void
  #watcher: FSWatcher | undefined
  #watched: number | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #isMaker = false

  constructor(file: string, onWake: () => void) {
    this.#file = file
    this.#onWake = onWake
  }

  /** To be called again and again: makes the file and watches it, when that has to be done anew. */
  keep(): void {
    const now = performance.now()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    try {
      const ino = this.#look() ?? this.#make()
      if (ino === this.#watched) return
      this.#forget()
      this.#watcher = watch(this.#file, { persistent: false }, (event) => this.#heard(event))
      this.#watcher.on('error', () => this.#forget())
      this.#watched = ino
    } catch {
      this.#forget() // no such directory, no right to it, no watch left on this system
    }
  }

  end(): void {
    this.#forget()
    try {
      if (this.#isMaker) rmSync(this.#file, { force: true }) // another one that watches makes it anew
    } catch {
      // it is empty, and in memory
    }
  }

  #heard(event: 'rename' | 'change'): void {
    if (event === 'rename') this.#forget()
    this.#onWake()
  }

  /** @returns its inode; neither by way of a link nor over a file that is there */
  #make(): number {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    const descriptor = openSync(this.#file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE)
    this.#isMaker = true
    try {
      fchmodSync(descriptor, MODE)
      return fstatSync(descriptor).ino
    } finally {
      closeSync(descriptor)
    }
  }

  /** @returns its inode; undefined where there is none */
  #look(): number | undefined {
    const stats = lstatSync(this.#file, { throwIfNoEntry: false })
    if (stats !== undefined && !stats.isFile()) throw new Error('something else has its name')
    return stats?.ino
  }

  #forget(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    this.#watched = undefined
  }
}

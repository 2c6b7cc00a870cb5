/**
 * What `ps` shows of a worker: `do-queue: mail 3/10 (idle)`.
 *
 * The state is looked at a few times a second and written when it is another one, so a task costs nothing. A title has as much
 * room as the command line had that the process was started with; where that is too little, the state is left out.
 */
import { readFileSync } from 'node:fs'
import { describeShards } from '../shards.ts'
import type { Plan } from './do-queue-plan.ts'

const LOOK_MS = 200

export class Title {
  readonly #room = roomOf()
  #shown = ''
  #name = 'do-queue'
  #timer: NodeJS.Timeout | undefined

  /** @param shards  those that it holds, or asks for */
  name({ queue, total }: Pick<Plan, 'queue' | 'total'>, shards: readonly number[]): void {
    this.#name = `do-queue: ${queue} ${describeShards(shards, total)}`
  }

  show(state: string): void {
    const whole = `${this.#name} (${state})`
    const title = whole.length > this.#room ? this.#name : whole
    if (title === this.#shown) return
    this.#shown = title
    process.title = title
  }

  /** Shows what it says, until another state is shown or it is ended. */
  follow(state: () => string): void {
    clearInterval(this.#timer)
    this.show(state())
    this.#timer = setInterval(() => this.show(state()), LOOK_MS).unref()
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

/** Bytes; all there are where there is no /proc. */
function roomOf(): number {
  try {
    return readFileSync('/proc/self/cmdline').length - 1
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

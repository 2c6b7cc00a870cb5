/**
 * The live board: looks, draws, and does what keys ask for, until somebody leaves.
 *
 * Keys and drawing never wait for the database. While it does not answer, the board shows what it knew, says how old that is,
 * and goes on when it is back. A look that takes long is followed by a long pause, so that the board's own questions are
 * never what keeps a database busy.
 */

import { type Act, type BoardState, firstState, press, type Question } from '../../../ctl/top/board-state.ts'
import type { BoardFacts, Wanted } from '../../../ctl/top/facts.ts'
import { frame } from '../../../ctl/top/frame.ts'
import { isBegun, keysIn, REST_OF_SEQUENCE_MS } from '../../../ctl/top/keys.ts'
import { isPaused } from '../../../ctl/top/problems.ts'
import { choicesOf } from '../../../ctl/top/sections.ts'
import { EXIT } from '../../../exit.ts'
import { enterFullScreen, type FullScreen } from '../../full-screen.ts'
import { exitCodeOf } from '../../leaving.ts'
import { painted } from './top-paint.ts'

export interface BoardOptions {
  readonly place: string
  readonly zone: string
  readonly intervalMs: number
  readonly first: Wanted
  /** @returns what is, or why the database cannot say */
  readonly look: (wanted: Wanted) => Promise<Look>
  /** @returns a sentence: what came of it */
  readonly change: (question: Question) => Promise<string>
}

export type Look =
  | { readonly kind: 'facts'; readonly facts: BoardFacts }
  | { readonly kind: 'away'; readonly why: string }

/** After a look, so many times as long as it took is waited at least. */
const PAUSE_PER_LOOK = 4
const AGE_SHOWN_EVERY_MS = 1_000

/** @param facts  of the first look */
export function runBoard(facts: BoardFacts, options: BoardOptions): Promise<number> {
  return new Board(facts, options).run()
}

class Board {
  readonly #options: BoardOptions
  readonly #screen: FullScreen
  readonly #left = Promise.withResolvers<number>()
  #facts: BoardFacts
  #state: BoardState
  #lookedAt = performance.now()
  #away: string | undefined
  #isOver = false
  /** Ends the pause between two looks. */
  #wake: () => void = () => {}
  #isWanted = false
  #begun = ''
  #rest: NodeJS.Timeout | undefined

  constructor(facts: BoardFacts, options: BoardOptions) {
    this.#options = options
    this.#facts = facts
    this.#state = firstState(options.first, options.intervalMs)
    this.#screen = enterFullScreen({
      onInput: (bytes) => this.#type(bytes),
      onRedraw: () => this.#draw(),
      onEnd: (signal) => this.#leave(exitCodeOf(signal)),
    })
  }

  async run(): Promise<number> {
    const ageing = setInterval(() => this.#draw(), AGE_SHOWN_EVERY_MS)
    try {
      this.#draw()
      return await Promise.race([this.#left.promise, this.#lookOn()])
    } finally {
      clearInterval(ageing)
      clearTimeout(this.#rest)
      this.#isOver = true
      this.#wake()
      this.#screen.leave()
    }
  }

  async #lookOn(): Promise<never> {
    let tookMs = 0
    for (;;) {
      await this.#pause(Math.max(this.#state.intervalMs, tookMs * PAUSE_PER_LOOK))
      if (this.#isOver) return await new Promise<never>(() => {})
      const startedAt = performance.now()
      const look = await this.#options.look(this.#state.open[0])
      tookMs = performance.now() - startedAt
      if (look.kind === 'facts') {
        this.#facts = look.facts
        this.#lookedAt = performance.now()
      }
      this.#away = look.kind === 'away' ? look.why : undefined
      this.#draw()
    }
  }

  /** Until it is time to look again, or somebody wants to see something else. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#isWanted ? 0 : ms)
    this.#isWanted = false
    this.#wake = resolve
    await promise
    clearTimeout(timer)
  }

  #lookNow(): void {
    this.#isWanted = true
    this.#wake()
  }

  /** What has come of a sequence of bytes is kept for a moment: the rest of it may be on its way. */
  #type(bytes: string): void {
    clearTimeout(this.#rest)
    const all = this.#begun + bytes
    this.#begun = isBegun(all) ? all : ''
    if (this.#begun === '') {
      this.#press(all)
      return
    }
    this.#rest = setTimeout(() => {
      this.#begun = ''
      this.#press(all)
    }, REST_OF_SEQUENCE_MS)
  }

  #press(bytes: string): void {
    for (const key of keysIn(bytes)) {
      const choices = choicesOf(this.#facts, this.#state)
      const { state, act } = press(this.#state, key, { choices, isPaused: (queue) => isPaused(this.#facts, queue) })
      this.#state = state
      if (act !== undefined) this.#do(act)
      if (this.#isOver) return
    }
    this.#draw()
  }

  #do(act: Act): void {
    switch (act.kind) {
      case 'leave':
        this.#leave(EXIT.ok)
        break
      case 'suspend':
        this.#screen.suspend()
        break
      case 'repaint':
        this.#screen.forget()
        break
      case 'look':
        this.#lookNow()
        break
      case 'change':
        void this.#change(act)
    }
  }

  async #change(question: Question): Promise<void> {
    const said = await this.#options.change(question)
    this.#state = { ...this.#state, said }
    this.#draw()
    this.#lookNow()
  }

  #leave(code: number): void {
    this.#isOver = true
    this.#left.resolve(code)
  }

  #draw(): void {
    if (this.#isOver) return
    const { place, zone } = this.#options
    const ageMs = performance.now() - this.#lookedAt
    const lines = frame(this.#facts, this.#state, { place, zone, ageMs, away: this.#away }, this.#screen.size)
    this.#screen.draw(lines.map(painted))
  }
}

/**
 * How long the programs of a worker take, and whether they print: which of them are worth being told several at once.
 *
 * Only what is short and silent runs ahead of its result: behind a program that is not short others would wait, and one that
 * prints ends a message, because what stands in the output file must belong to one program.
 */
interface Program {
  meanMs: number
  /** In a row, without a word. */
  silent: number
  /** So many are enough to be taken for silent. */
  enough: number
}

/** All that is told at once lasts no longer than this, as far as one can tell. */
export const AHEAD_MS = 64
export const MOST_AHEAD = 16
/** Longer programs gain nothing. */
const SHORT_MS = 12
const WEIGHT_OF_LAST = 0.2
const SILENT_AT_FIRST = 4
const SILENT_AFTER_A_WORD = 64

export class Pace {
  readonly #programs = new Map<string, Program>()

  /** @param name  of the task */
  note(name: string, ranMs: number, hasPrinted: boolean): void {
    const known = this.#programs.get(name)
    if (known === undefined) {
      this.#programs.set(name, {
        meanMs: ranMs,
        silent: hasPrinted ? 0 : 1,
        enough: hasPrinted ? SILENT_AFTER_A_WORD : SILENT_AT_FIRST,
      })
      return
    }
    known.meanMs += (ranMs - known.meanMs) * WEIGHT_OF_LAST
    known.silent = hasPrinted ? 0 : known.silent + 1
    if (hasPrinted) known.enough = SILENT_AFTER_A_WORD
  }

  /** How long it takes, in milliseconds; undefined when that is not known, when it is long, or when it prints. */
  ofShort(name: string): number | undefined {
    const known = this.#programs.get(name)
    return known !== undefined && known.silent >= known.enough && known.meanMs <= SHORT_MS ? known.meanMs : undefined
  }
}

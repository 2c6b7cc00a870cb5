/**
 * When the programs of one message began and ended, as far as it can be known from outside: it is seen now and then how many
 * have ended. Between two sights they are taken to have lasted equally long; one that was still running at a sight has all the
 * time up to the next.
 */

export class Timeline {
  readonly #sights: { readonly at: number; readonly ended: number }[]

  /** @param from  on the clock of `performance.now()` */
  constructor(from: number) {
    this.#sights = [{ at: from, ended: 0 }]
  }

  /** @param ended  how many have ended at that time */
  mark(at: number, ended: number): void {
    this.#sights.push({ at, ended })
  }

  /** When each of the first so many began and ended. */
  spans(count: number): { readonly from: number; readonly to: number }[] {
    const spans = []
    let from = this.endOf(0)
    for (let ended = 1; ended <= count; ended++) {
      const to = this.endOf(ended)
      spans.push({ from, to })
      from = to
    }
    return spans
  }

  /** When that many had ended. */
  endOf(count: number): number {
    const after = this.#sights.findIndex(({ ended }) => ended >= count)
    const next = this.#sights.at(after)
    const last = this.#sights[after - 1]
    if (next === undefined || last === undefined) return next?.at ?? 0
    return last.at + ((next.at - last.at) * (count - last.ended)) / (next.ended - last.ended)
  }
}

/** Whole milliseconds of a sum for each part, by their weights; together they are the sum. */
export function shareOut(sum: number, weights: readonly number[]): number[] {
  const all = weights.reduce((total, weight) => total + weight, 0)
  let weighed = 0
  let given = 0
  return weights.map((weight, i) => {
    weighed += weight
    const upTo = i === weights.length - 1 || all === 0 ? sum : Math.round((sum * weighed) / all)
    const share = upTo - given
    given = upTo
    return share
  })
}

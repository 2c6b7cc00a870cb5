/**
 * Random numbers that a seed brings back: mulberry32, which is small and good enough to choose moments by.
 */
export interface Random {
  /** From 0 up to, and without, 1. */
  next(): number
  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number
  oneOf<T>(choices: readonly T[]): T
  /** One of these, each as often as its weight says. */
  weighed<T>(choices: readonly (readonly [weight: number, choice: T])[]): T
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    oneOf: (choices) => choices[below(choices.length)] as (typeof choices)[0],
    weighed(choices) {
      let left = below(choices.reduce((sum, [weight]) => sum + weight, 0))
      for (const [weight, choice] of choices) {
        if (left < weight) return choice
        left -= weight
      }
      throw new RangeError('There is nothing to choose from.')
    },
  }
}

/** A number of rows that was not counted to its end. */
export interface Bounded {
  readonly count: number
  readonly isExact: boolean
  /** It is not exact, and there are more than `count`; otherwise it is an estimate. */
  readonly isLeast: boolean
}

export const NONE: Bounded = { count: 0, isExact: true, isLeast: false }

/** @param counted  rows, of which one more than `cap` were looked for */
export function upTo(cap: number, counted: number): Bounded {
  const isExact = counted <= cap
  return { count: Math.min(counted, cap), isExact, isLeast: !isExact }
}

/** Rounded to what can be known of it. */
export function estimate(count: number): Bounded {
  return { count: Math.round(Number(count.toPrecision(2))), isExact: false, isLeast: false }
}

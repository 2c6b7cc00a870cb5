/**
 * Random cron expressions from a seed, so that a failure can be repeated: run again with `SEED=` that number.
 */

export const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_000)

/** How much more than usual a random test does: `FUZZ=20` for a long run. */
export const EFFORT = Number(process.env.FUZZ ?? 1)

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** A whole number from `first` to `last`. */
  between(first: number, last: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return first + (((mixed ^ (mixed >>> 14)) >>> 0) % (last - first + 1))
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.between(0, items.length - 1)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
}

/** Dates and hours that the expressions should often name, or they would rarely be due in a short window. */
export interface Nearby {
  readonly hours: readonly number[]
  readonly days: readonly number[]
  readonly months: readonly number[]
}

/** Any expression we accept. */
export function randomCron(random: Random, near: Nearby): string {
  return [
    randomField(random, 0, 59, [0, 15, 30, 45]),
    randomField(random, 0, 23, near.hours),
    random.pick([
      () => randomField(random, 1, 31, near.days),
      () => random.pick(['*', '?', 'L', 'LW', 'L-3,15W', `L-${random.between(1, 30)}`, `${random.between(1, 31)}W`]),
    ])(),
    random.pick(['*', '*', '*', ...near.months.map(String), 'nov-apr', 'mar,apr,sep,oct,nov']),
    random.pick([
      () => randomField(random, 0, 6, [0, 1, 5, 6]),
      () => random.pick(['*', '*', '?', 'sun', 'sat-sun', 'mon-fri', '5-7', '7', '*/7', 'fri-mon']),
      () => random.pick([`${random.between(0, 7)}L`, `${random.between(0, 7)}#${random.between(1, 5)}`, 'sun#2,satL']),
    ])(),
  ].join(' ')
}

/** Only expressions that croner reads as we do: it counts any step as a wildcard, and only a bare `*` as a star. */
export function randomPlainCron(random: Random, near: Nearby): string {
  const list = (first: number, last: number, often: readonly number[]) =>
    [0, 1].map(() => random.pick([random.between(first, last), ...often])).join(',')
  return [
    random.pick([() => list(0, 59, [0, 30]), () => '*/15', () => '7-9'])(),
    random.pick([() => list(0, 23, near.hours), () => '*', () => '1-3'])(),
    random.pick([
      () => list(1, 31, near.days),
      () => '*',
      () => '*',
      () => 'L',
      () => 'LW',
      () => '15W',
      () => '1-20',
    ])(),
    random.pick(['*', '*', ...near.months.map(String)]),
    random.pick(['*', '*', '0', '1-5', 'sat,sun', '5L', 'fri#2', '0#5', '7']),
  ].join(' ')
}

function randomField(random: Random, first: number, last: number, often: readonly number[]): string {
  const value = () => random.pick([random.between(first, last), ...often])
  const step = () => random.between(1, last - first + 1)
  return random.pick([
    () => '*',
    () => `*/${step()}`,
    () => `${value()}`,
    () => `${value()},${value()}`,
    () => `${value()}-${value()}`,
    () => `${value()}-${value()}/${step()}`,
    () => `*/${step()},${value()}`,
    () => `${value()},*/${step()}`,
  ])()
}

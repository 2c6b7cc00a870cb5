/**
 * What a bench found out: one quantity of several sides, measured in turn in every round, and how many times the rival's it is.
 *
 * Seconds of one machine say little on another, and little an hour later on the same one; so what counts is the ratio of two
 * sides within a round. Tables and plots in the documentation are made of this and of nothing else.
 */
import { type Spread, spread, table } from './statistics.ts'

export interface Comparison {
  /** Within the bench: `concurrency-4`. */
  readonly id: string
  /** What was done: `5,000 tiny programs, concurrency 4`. */
  readonly title: string
  /** Of the samples: `tasks/s`, `CPU ms`, `MB`. */
  readonly unit: string
  /** Which of two values is the better one. */
  readonly better: 'more' | 'less'
  /** The name of the side whose value the others are divided by. */
  readonly rival: string
  readonly sides: readonly Side[]
  readonly goals?: readonly Goal[]
}

export interface Side {
  readonly name: string
  /** Measured for the project itself, rather than to compare with. */
  readonly ours: boolean
  /** One a round, in the order of the rounds. */
  readonly samples: readonly number[]
}

/** What a side is to reach: a ratio to a rival, or, where `unit` is given, a value in it. */
export interface Goal {
  readonly side: string
  /** Another side than the comparison's own rival. */
  readonly rival?: string
  readonly atLeast?: number
  readonly atMost?: number
  /** Where the value itself is the goal. */
  readonly unit?: string
}

/** @throws Error when there is no such side */
export function sideOf({ id, sides }: Comparison, name: string): Side {
  const side = sides.find((one) => one.name === name)
  if (side === undefined) throw new Error(`${id} has no side ${name}.`)
  return side
}

/** How many times the rival's value a side's is, round by round. */
export function ratioOf(comparison: Comparison, name: string, rival = comparison.rival): Spread {
  const { samples } = sideOf(comparison, rival)
  return spread(sideOf(comparison, name).samples.map((value, round) => value / (samples[round] ?? Number.NaN)))
}

/** What the goal is held against. */
export function reached(comparison: Comparison, { side, rival, unit }: Goal): Spread {
  return unit === undefined ? ratioOf(comparison, side, rival) : spread(sideOf(comparison, side).samples)
}

export function isMet(comparison: Comparison, goal: Goal): boolean {
  const { median } = reached(comparison, goal)
  return median >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && median <= (goal.atMost ?? Number.POSITIVE_INFINITY)
}

/** A table for the terminal: every side, its spread, its ratio; and below it, what was to be reached. */
export function comparisonText(comparison: Comparison): string {
  const { title, unit, rival, sides, goals = [] } = comparison
  const head = ['', unit, 'min', 'max', `× ${rival}`, 'min', 'max']
  const rows = sides.map(({ name, samples }) => [
    name,
    ...figures(spread(samples)),
    ...figures(ratioOf(comparison, name)),
  ])
  return `\n${title}\n${table([head, ...rows])}${goals.map((goal) => goalText(comparison, goal)).join('')}`
}

/** `reached  do-queue: 1.04 × xargs, at least 1 was to be reached` */
export function goalText(comparison: Comparison, goal: Goal): string {
  const { side, atLeast, atMost } = goal
  const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  const { median } = reached(comparison, goal)
  const result = isMet(comparison, goal) ? 'reached' : 'MISSED '
  return `  ${result}  ${side}: ${figure(median)} ${whatOf(comparison, goal)}, ${bound} was to be reached\n`
}

/** All that one side is to reach, for a cell of a table: `at least 1 × xargs: reached; …`. */
export function goalsText(comparison: Comparison, name: string): string {
  const those = (comparison.goals ?? []).filter(({ side }) => side === name)
  const words = those.map((goal) => {
    const bound = goal.atLeast === undefined ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`
    const result = isMet(comparison, goal) ? 'reached' : `**missed** (${figure(reached(comparison, goal).median)})`
    return `${bound} ${whatOf(comparison, goal)}: ${result}`
  })
  return words.join('; ')
}

function whatOf(comparison: Comparison, { unit, rival = comparison.rival }: Goal): string {
  return unit ?? `× ${rival}`
}

function figures({ median, min, max }: Spread): string[] {
  return [median, min, max].map(figure)
}

/** Three digits that mean something. */
export function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  return value.toFixed(digits)
}

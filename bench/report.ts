/**
 * What every bench leaves behind: one shape of JSON, in bench/results/<name>.json, of which the documentation's figures are made.
 *
 * Whoever reads it later must be able to judge it and to make it again: so it says when, by which commit, on what machine, with
 * which versions and options, and has the value of every side in every round.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Comparison, type Goal, goalText, isMet } from './comparison.ts'
import { type Machine, machine, machineText } from './machine.ts'

/** What a bench returns. */
export interface Found {
  readonly options: object
  readonly comparisons: readonly Comparison[]
  /** Of programs that this bench alone uses: `{ php: '8.2.36' }`. */
  readonly versions?: Readonly<Record<string, string>>
}

export interface Bench {
  /** Prints as it goes. */
  run(args: readonly string[]): Promise<Found>
}

export interface Report extends Found {
  readonly bench: string
  /** When it began, ISO 8601. */
  readonly at: string
  /** Of the checkout, `+` when something was changed in it. */
  readonly commit: string
  readonly machine: Machine
}

export const RESULTS = join(import.meta.dirname, 'results')

/** Runs it, prints on what and what was reached, and keeps all of it. */
export async function report(name: string, { run }: Bench, args: readonly string[]): Promise<Report> {
  const about = { bench: name, at: new Date().toISOString(), commit: commit(), machine: machine() }
  process.stdout.write(`${name}: commit ${about.commit}, ${about.at}\n${machineText(about.machine)}\n`)
  const made: Report = { ...about, ...(await run(args)), machine: about.machine }
  mkdirSync(RESULTS, { recursive: true })
  const file = join(RESULTS, `${name}.json`)
  writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`)
  process.stdout.write(`\n${reachedText(made)}Every round: ${file}\n`)
  return made
}

/** Every goal of a bench with its comparison. */
export function goalsOf({ comparisons }: Found): { readonly comparison: Comparison; readonly goal: Goal }[] {
  return comparisons.flatMap((comparison) => (comparison.goals ?? []).map((goal) => ({ comparison, goal })))
}

function reachedText(found: Found): string {
  const goals = goalsOf(found)
  if (goals.length === 0) return ''
  const missed = goals.filter(({ comparison, goal }) => !isMet(comparison, goal))
  const those = missed.map(({ comparison, goal }) => `  ${comparison.id}:${goalText(comparison, goal)}`)
  return `${goals.length - missed.length} of ${goals.length} goals reached.\n${those.join('')}`
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}

/**
 * What a soak did and what it found, as a table.
 */
import { grouped } from '../../src/amount.ts'
import type { Finding } from './audit.ts'
import type { Round } from './round.ts'

/** Numbers by name, added up over all rounds. */
export class Report {
  readonly #done: Record<string, number> = {}
  readonly #figures: Record<string, number> = {}
  readonly #counts: Record<string, number> = {}
  readonly #findings: Record<string, number> = {}

  add({ deeds, figures, verdict }: Round): void {
    for (const { kind } of deeds) increase(this.#done, kind, 1)
    for (const [name, value] of Object.entries(figures)) increase(this.#figures, name, value)
    for (const [name, value] of Object.entries(verdict.counts)) increase(this.#counts, name, value)
    for (const { kind } of verdict.findings) increase(this.#findings, kind, 1)
  }

  get isClean(): boolean {
    return Object.keys(this.#findings).length === 0
  }

  get text(): string {
    const { runs = 0, seconds = 1 } = this.#figures
    return [
      section('What was done to it', this.#done),
      section('What it did', { ...this.#figures, 'runs per second': runs / seconds }),
      section('What became of the tasks', this.#counts),
      this.isClean ? 'No finding.\n' : section('What was found', this.#findings),
    ].join('\n')
  }
}

const MOST_LINES = 20

/** One line for each finding, as long as there are few. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings.slice(0, MOST_LINES).map(({ kind, what }) => `  ${kind}: ${what}\n`)
  const more = findings.length - lines.length
  return lines.join('') + (more > 0 ? `  … and ${more} more\n` : '')
}

function increase(numbers: Record<string, number>, name: string, by: number): void {
  numbers[name] = (numbers[name] ?? 0) + by
}

function section(title: string, numbers: Readonly<Record<string, number>>): string {
  const lines = Object.entries(numbers).map(([name, value]) => `  ${name.padEnd(52)}${figure(value).padStart(10)}\n`)
  return `${title}\n${lines.join('')}`
}

function figure(value: number): string {
  return Number.isInteger(value) ? grouped(value) : value.toFixed(1)
}

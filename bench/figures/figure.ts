/**
 * What of a bench's report is kept in docs/figures/<name>.json: what the documentation draws, and nothing of the place it was made at.
 */
import type { Comparison } from '../comparison.ts'
import type { Report } from '../report.ts'

/** Of the values of a round: more digits than these are noise. */
const DIGITS = 4

export function trimmed(report: Report): Report {
  const { bench, at, commit, machine, versions, options, comparisons } = report
  return {
    ...{ bench, at, commit, machine },
    ...(versions === undefined ? {} : { versions }),
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => saysNoPlace(value))),
    comparisons: comparisons.map(trimmedComparison),
  }
}

/** Another build is compared by its directory, which is nobody else's. */
function trimmedComparison(comparison: Comparison): Comparison {
  return {
    ...comparison,
    sides: comparison.sides
      .filter(({ name }) => saysNoPlace(name))
      .map((side) => ({ ...side, samples: side.samples.map((value) => Number(value.toPrecision(DIGITS))) })),
  }
}

function saysNoPlace(value: unknown): boolean {
  return value !== null && !/(?:^|[\s"])\/\w/.test(JSON.stringify(value) ?? '')
}

/**
 * A quick part of the benches, for every change: has something become several times slower than it is meant to be?
 *
 * Only ratios to a rival of the same run are held against limits, never seconds, and the limits leave room for a machine that
 * does other things besides. What is beyond its limit is measured once more, and fails when it is beyond it again. What this
 * machine has no server for is left out, and said.
 */
import { canInstallServer, findServer, installServer } from '../test/helpers/server-program.ts'
import { type Comparison, figure, ratioOf, sideOf } from './comparison.ts'
import { GUARDED, type Guarded, type Limit } from './guard-limits.ts'
import { readOptions } from './options.ts'
import type { Bench, Found } from './report.ts'
import { table } from './statistics.ts'

interface Verdict {
  readonly limit: Limit
  readonly comparison: Comparison
  readonly isBeyond: boolean
}

const BEYOND_A_LIMIT = 1

export async function run(args: readonly string[]): Promise<Found> {
  readOptions(args, {})
  const startedAt = performance.now()
  const hasServer = await needServer()
  const parts = GUARDED.filter(({ needsServer = false }) => hasServer || !needsServer)
  const verdicts: Verdict[] = []
  for (const part of parts) {
    const first = await judge(part)
    verdicts.push(...(first.some(({ isBeyond }) => isBeyond) ? better(first, await judge(part)) : first))
  }
  print(verdicts)
  process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s in all.\n`)
  if (verdicts.some(({ isBeyond }) => isBeyond)) process.exitCode = BEYOND_A_LIMIT
  // The benches' own goals are for a quiet machine.
  return { options: {}, comparisons: verdicts.map(({ comparison: { goals: _, ...comparison } }) => comparison) }
}

async function needServer(): Promise<boolean> {
  if (findServer() !== undefined) return true
  if (!canInstallServer()) {
    process.stdout.write('What needs MariaDB is left out: no mariadbd or mysqld was found.\n')
    return false
  }
  await installServer()
  return true
}

async function judge({ bench, args, limits }: Guarded): Promise<Verdict[]> {
  process.stdout.write(`\n== ${bench} ${args.join(' ')}\n`)
  const { run: runBench } = (await import(`./${bench}.ts`)) as Bench
  const { comparisons } = await runBench(args)
  return limits.flatMap((limit) => {
    const comparison = limit.comparison(comparisons)
    if (comparison === undefined) throw new Error(`${bench} has no comparison for "${limit.what}".`)
    sideOf(comparison, limit.side)
    return [{ limit, comparison, isBeyond: isBeyond(comparison, limit) }]
  })
}

function isBeyond(comparison: Comparison, { side, atLeast = 0, atMost = Number.POSITIVE_INFINITY }: Limit): boolean {
  const { median } = ratioOf(comparison, side)
  return !(median >= atLeast && median <= atMost)
}

/** Of what was beyond its limit at first, the second try counts. */
function better(first: readonly Verdict[], second: readonly Verdict[]): Verdict[] {
  return first.map((verdict, i) => (verdict.isBeyond ? (second[i] ?? verdict) : verdict))
}

function print(verdicts: readonly Verdict[]): void {
  const rows = verdicts.map(({ limit: { what, side, atLeast, atMost, why }, comparison, isBeyond: beyond }) => {
    const { median, min, max } = ratioOf(comparison, side)
    const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
    return [what, figure(median), figure(min), figure(max), bound, beyond ? `BEYOND: ${why}` : 'ok']
  })
  process.stdout.write(`\n${table([['', 'ratio', 'min', 'max', 'limit', ''], ...rows])}`)
}

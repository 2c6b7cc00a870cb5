/** What the times of the bench `latency` come to. */
import type { Comparison, Goal, Side } from '../comparison.ts'
import { spread } from '../statistics.ts'

/** A way for tasks to get to a worker: `do-queue, MariaDB, library`. */
export interface Way {
  readonly name: string
  readonly ours: boolean
  /** Milliseconds of each task, a list for each round. */
  readonly rounds: number[][]
  /** How long the call that adds the task took: the same shape. */
  readonly accepted: number[][]
}

/** What a worker and its server use while there is nothing to do, in % of a core, one figure a round. */
export interface Idle {
  readonly name: string
  readonly ours: boolean
  readonly worker: number[]
  readonly server: number[]
}

const LIBRARY = /library$/
const P50_LIBRARY_MS = 5
const P50_INSERT_MS = 25
const P99_MS = 100
const IDLE_PERCENT = 1

export function latencyComparisons(ways: readonly Way[], idle: readonly Idle[]): Comparison[] {
  const all = ways.map((way) => ({ ...way, rounds: [way.rounds.flat()] }))
  const count = all[0]?.rounds[0]?.length ?? 0
  const ours = ways.filter((way) => way.ours)
  const p50: Goal[] = ours.map(({ name }) => goal(name, LIBRARY.test(name) ? P50_LIBRARY_MS : P50_INSERT_MS, 'ms'))
  const p99: Goal[] = ours.map(({ name }) => goal(name, P99_MS, 'ms'))
  return [
    comparison(
      'p50',
      'Task added to program started, an idle worker: median of each round',
      'ms',
      times(ways, 50),
      p50,
    ),
    comparison('p99', `The same: 99th percentile of all ${count}`, 'ms', times(all, 99), p99),
    comparison(
      'accepted',
      'The call that adds the task: median of each round',
      'ms',
      times(ways.map(acceptedOf), 50),
      [],
    ),
    comparison('min', `The same: the shortest of all ${count}`, 'ms', times(all, 0), []),
    comparison('max', `The same: the longest of all ${count}`, 'ms', times(all, 100), []),
    comparison(
      'idle-worker',
      'CPU of a worker that waits',
      '% of a core',
      idle.map(({ name, ours, worker }) => ({ name, ours, samples: worker })),
      idle.filter((one) => one.ours).map(({ name }) => goal(name, IDLE_PERCENT, '% of a core')),
    ),
    comparison(
      'idle-server',
      'CPU of its server meanwhile, with what it uses by itself',
      '% of a core',
      idle.map(({ name, ours, server }) => ({ name, ours, samples: server })),
      [],
    ),
  ]
}

function acceptedOf(way: Way): Way {
  return { ...way, rounds: way.accepted }
}

function goal(side: string, atMost: number, unit: string): Goal {
  return { side, atMost, unit }
}

function comparison(
  id: string,
  title: string,
  unit: string,
  sides: readonly Side[],
  goals: readonly Goal[],
): Comparison {
  return { id, title, unit, better: 'less', rival: rivalOf(sides), sides, goals }
}

/** The best of the other queues that something was seen of; where there is none, the first of ours. */
function rivalOf(sides: readonly Side[]): string {
  const others = sides.filter(({ ours, samples }) => !ours && samples.every((sample) => sample > 0))
  const best = others.toSorted((a, b) => spread(a.samples).median - spread(b.samples).median)[0] ?? sides[0]
  return best?.name ?? ''
}

function times(ways: readonly Way[], percent: number): Side[] {
  return ways.map(({ name, ours, rounds }) => ({
    name,
    ours,
    samples: rounds.map((round) => percentile(round, percent)),
  }))
}

/** The nearest rank. */
function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** What `npm run bench -- claim` tells: a comparison for each size, and for each number of workers one of the sizes. */
import { grouped } from '../src/amount.ts'
import type { Crew, Work } from './claim-turns.ts'
import type { WayName } from './claim-ways.ts'
import type { Comparison, Side } from './comparison.ts'

/** The table as it was for some rounds, and what was done on it. */
export interface State {
  /** Ready rows. */
  readonly ready: number
  /** Nothing is finished or scheduled beside them. */
  readonly isBare: boolean
  readonly done: readonly { readonly crew: Crew; readonly rounds: readonly Work[] }[]
  /** Rows and entries of indexes that one claim reads. */
  readonly reads: ReadonlyMap<WayName, number>
}

const NAMES: Readonly<Record<WayName, string>> = {
  ours: 'do-queue',
  old: 'id % N, by hand',
  'skip-locked': 'SKIP LOCKED, by hand',
}
const RIVAL = NAMES['skip-locked']
const TASKS_PER_SECOND = 3_440
const MOST_GROWTH = 2

export function comparisonsOf(states: readonly State[], batch: number): Comparison[] {
  const beside = states.filter(({ isBare }) => !isBare)
  const crews = states[0]?.done.map(({ crew }) => crew).filter(({ way }) => way === 'ours') ?? []
  return [
    ...beside.map((state) => claimTimes(state, 'ready', 0.99)),
    ...crews.map(({ workers }) => growth(states, workers)),
    ...beside.map(throughput),
    ...beside.map((state) => claimTimes(state, 'median', 0.5)),
    ...beside.map((state) => reads(state, batch)),
  ]
}

/** How long a claim takes, where all ways have as many workers. */
function claimTimes({ ready, done }: State, id: string, share: number): Comparison {
  const rivals = done.filter(({ crew }) => crew.way !== 'ours')
  const workers = rivals[0]?.crew.workers
  const sides = [...done.filter(({ crew }) => crew.way === 'ours' && crew.workers === workers), ...rivals]
  return {
    id: `${id}-${ready}`,
    title: `A claim of ${grouped(ready)} ready rows, ${workers} workers, ${share === 0.5 ? 'median' : 'p99'}`,
    unit: 'ms',
    better: 'less',
    rival: RIVAL,
    sides: sides.map(({ crew, rounds }) => side(crew, rounds, ({ claimMs }) => percentile(claimMs, share))),
  }
}

/** The p99 of ours at every size, times what it is at the smallest. */
function growth(states: readonly State[], workers: number): Comparison {
  const nameOf = ({ ready, isBare }: State) => `${grouped(ready)} ready${isBare ? ', nothing beside' : ''}`
  const sizes = states.filter(({ isBare }) => !isBare).toSorted((a, b) => a.ready - b.ready)
  const [smallest, ...larger] = sizes.map(nameOf)
  return {
    id: `growth-${workers}`,
    title: `A claim of do-queue as the table grows, ${workersText(workers)}, p99`,
    unit: 'ms',
    better: 'less',
    rival: smallest ?? '',
    sides: states.map((state) => {
      const rounds = state.done.find(({ crew }) => crew.way === 'ours' && crew.workers === workers)?.rounds ?? []
      return { name: nameOf(state), ours: true, samples: rounds.map(({ claimMs }) => percentile(claimMs, 0.99)) }
    }),
    goals: larger.map((name) => ({ side: name, atMost: MOST_GROWTH })),
  }
}

function throughput({ ready, done }: State): Comparison {
  const sides = done.map(({ crew, rounds }) => ({
    ...side(crew, rounds, ({ rowsPerSecond }) => rowsPerSecond),
    name: `${NAMES[crew.way]}, ${workersText(crew.workers)}`,
  }))
  const ours = sides.filter((one) => one.ours)
  return {
    id: `throughput-${ready}`,
    title: `Claimed and finished, ${grouped(ready)} ready rows`,
    unit: 'tasks/s',
    better: 'more',
    rival: sides.find(({ name }) => name.startsWith(RIVAL))?.name ?? '',
    sides,
    goals: ours.map(({ name }) => ({ side: name, atLeast: TASKS_PER_SECOND, unit: 'tasks/s' })),
  }
}

function reads({ ready, reads }: State, batch: number): Comparison {
  return {
    id: `reads-${ready}`,
    title: `Rows and entries of indexes read by a claim of ${batch} (id % N: 200) from ${grouped(ready)}, one of four workers`,
    unit: 'rows',
    better: 'less',
    rival: RIVAL,
    sides: [...reads].map(([way, count]) => ({ name: NAMES[way], ours: way === 'ours', samples: [count] })),
  }
}

function side({ way }: Crew, rounds: readonly Work[], value: (work: Work) => number): Side {
  return { name: NAMES[way], ours: way === 'ours', samples: rounds.map(value) }
}

function workersText(workers: number): string {
  return workers === 1 ? '1 worker' : `${workers} workers`
}

/** @param ascending  at least one */
function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN
}

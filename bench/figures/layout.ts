/**
 * What of each bench the documentation draws, what it folds away, and what stands in the README.
 *
 * A bench that is not named here has its first comparison drawn and all its tables shown.
 */

export interface Layout {
  /** Comparisons with a plot of bars, by their ids. */
  readonly drawn: readonly RegExp[]
  /** Those of them of which the value is drawn, instead of the ratio. */
  readonly byValue?: readonly RegExp[]
  /** Comparisons whose tables are opened by a click. */
  readonly folded?: readonly RegExp[]
  /** A plot of how something grows, of the comparisons whose ids end with how much there was. */
  readonly growing?: readonly GrowingLayout[]
}

export interface GrowingLayout {
  /** Of the plot: `spawn-<id>.svg`. */
  readonly id: string
  readonly title: string
  /** Its group `size` is a number; what else is in the id stands in the name of a series. */
  readonly of: RegExp
  readonly sizes: string
}

export interface Headline {
  readonly bench: string
  readonly comparison: string
  readonly side: string
  /** Others than the comparison's own rival; of several the medians stand beside each other. */
  readonly rivals?: readonly string[]
  /** The value counts, not a ratio. */
  readonly byValue?: boolean
  readonly says: string
}

export const LAYOUTS: Readonly<Record<string, Layout>> = {
  spawn: { drawn: [/^concurrency-\d+$/], folded: [/^concurrency-\d+-/] },
  real: { drawn: [/^throughput$/], folded: [/^cpu$/] },
  peers: { drawn: [/^[a-z]+-\d+$/], folded: [/-(?:started|enqueue|cpu)$/] },
  latency: { drawn: [/^p50$/, /^idle-worker$/], byValue: [/./], folded: [/^(?:min|max|idle-server)$/] },
  tick: { drawn: [/./] },
  warm: { drawn: [/./] },
  start: { drawn: [/^empty-queue$/, /^idle-memory$/] },
  add: { drawn: [/^bulk$/, /^single$/] },
  claim: {
    drawn: [/^growth-4$/],
    folded: [/^(?:median|reads)-/, /^growth-(?!4$)/],
    growing: [
      {
        ...{ id: 'p99', of: /^ready-(?<size>\d+)$/, sizes: 'ready tasks' },
        title: 'How long a claim takes as the table grows: 99th percentile',
      },
    ],
  },
  purge: { drawn: [/-claim-p99$/], folded: [/-claim-p50$/] },
  operate: { drawn: [], folded: [/./] },
}

/** In the order of the README; what was not measured is left out. */
export const HEADLINES: readonly Headline[] = [
  {
    ...{
      bench: 'spawn',
      comparison: 'concurrency-4',
      side: 'do-queue',
      rivals: ['xargs', 'posix_spawn', 'old PHP loop'],
    },
    says: 'Tiny programs a second, four at a time, each booked durably',
  },
  {
    ...{ bench: 'peers', comparison: 'nothing-4', side: 'do-queue' },
    rivals: ['graphile-worker', 'pg-boss', 'BullMQ', 'Celery'],
    says: 'The same beside other queues, from enqueued to finished',
  },
  {
    ...{ bench: 'claim', comparison: 'ready-10000000', side: 'do-queue' },
    rivals: ['id % N, by hand', 'SKIP LOCKED, by hand'],
    says: 'The 99th percentile of a claim of up to 500 among ten million ready tasks, four workers',
  },
  { bench: 'real', comparison: 'throughput', side: 'do-queue', says: 'Programs of 20 to 50 ms a second' },
  {
    bench: 'warm',
    comparison: 'php',
    side: 'warm',
    says: 'A small PHP program that stays for many tasks: tasks a second',
  },
  {
    ...{ bench: 'latency', comparison: 'p50', side: 'do-queue, MariaDB, library', byValue: true },
    says: 'From a task being added to its program being started, an idle worker',
  },
  {
    ...{
      bench: 'add',
      comparison: 'bulk',
      side: 'queue.addMany',
      rivals: ['INSERT, 1,000 rows a statement', 'LOAD DATA LOCAL INFILE'],
    },
    says: 'Tasks a second added in bulk by the library, each of them checked',
  },
  { bench: 'tick', comparison: 'nothing-due', side: 'SQLite', says: 'CPU of a minute in which nothing is due, SQLite' },
  { bench: 'tick', comparison: 'nothing-due', side: 'MariaDB', says: 'The same, MariaDB' },
  {
    ...{ bench: 'memory', comparison: 'resident', side: 'and 1,000 MB of output' },
    says: 'Memory of a worker after 100,000 tasks and 1 GB of output',
  },
  {
    ...{ bench: 'start', comparison: 'empty-queue', side: '10 × do-queue, MariaDB' },
    says: 'CPU of ten starts of do-queue on an empty queue, MariaDB',
  },
]

/** The plot of the README: the first of these that there is. */
export const HEADLINE_PLOTS: readonly string[] = ['peers-nothing-4', 'spawn-concurrency-4']

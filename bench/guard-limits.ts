/**
 * What `npm run bench -- guard` measures and how far off it may be. Each limit is about three times worse than what is to be
 * reached on a quiet machine: it does not see a tenth lost, and is not wrong on a busy one.
 */
import type { Comparison } from './comparison.ts'

/** A bench, small. */
export interface Guarded {
  readonly bench: string
  readonly args: readonly string[]
  readonly needsServer?: boolean
  readonly limits: readonly Limit[]
}

export interface Limit {
  readonly what: string
  /** The one of the bench's comparisons that it is about. */
  readonly comparison: (all: readonly Comparison[]) => Comparison | undefined
  /** Whose ratio to the comparison's rival it is. */
  readonly side: string
  readonly atLeast?: number
  readonly atMost?: number
  /** What was lost when it is beyond. */
  readonly why: string
}

export const GUARDED: readonly Guarded[] = [
  {
    bench: 'spawn',
    args: ['--tasks', '500', '--concurrency', '4', '--rounds', '5', '--rivals', 'xargs'],
    needsServer: true,
    limits: [
      {
        what: 'spawn: tiny programs a second, without the start, × xargs',
        ...{ comparison: withId('concurrency-4-without-start'), side: 'do-queue', atLeast: 0.35 },
        why: 'a task costs several times what forking it costs: its way through worker/runner.ts, or its statements',
      },
      {
        what: 'spawn: CPU of everything, with the start, × xargs',
        ...{ comparison: withId('concurrency-4-cpu'), side: 'do-queue', atMost: 4.5 },
        why: 'a task, or the start of do-queue, takes CPU that it has never taken',
      },
    ],
  },
  {
    bench: 'tick',
    args: ['--rounds', '3', '--runs', '3'],
    needsServer: true,
    limits: [
      {
        what: 'tick: CPU of a minute in which nothing is due, SQLite, × node -e 0',
        ...{ comparison: withId('nothing-due'), side: 'SQLite', atMost: 3.5 },
        why: 'a quiet minute loads what it does not need, or is not seen to be quiet',
      },
      {
        what: 'tick: the same, MariaDB, × node -e 0',
        ...{ comparison: withId('nothing-due'), side: 'MariaDB', atMost: 6.5 },
        why: 'a quiet minute loads more of mysql2 than it needs, or asks the database more',
      },
    ],
  },
  {
    bench: 'start',
    args: ['--rounds', '3', '--of', 'cpu'],
    needsServer: true,
    limits: [
      {
        what: 'start: CPU of ten idle do-queues, SQLite, × ten node -e 0',
        ...{ comparison: withId('empty-queue'), side: '10 × do-queue, SQLite', atMost: 5 },
        why: 'do-queue loads what an empty queue does not need',
      },
      {
        what: 'start: CPU of one with ten shards, SQLite, × ten node -e 0',
        ...{ comparison: withId('empty-queue'), side: 'one with 10 shards, SQLite', atMost: 1 },
        why: 'each shard of one process costs what a process does',
      },
    ],
  },
  {
    bench: 'guard-claim',
    args: ['--rounds', '7'],
    limits: [
      {
        what: 'claim: one of 100,000 ready rows, × one of 1,000',
        ...{ comparison: withId('claim'), side: '100,000 ready', atMost: 4 },
        why: 'a claim reads rows that it does not take: see the plan of the look',
      },
    ],
  },
  {
    bench: 'add',
    args: ['--tasks', '10000', '--singles', '50', '--commands', '1', '--rounds', '3'],
    needsServer: true,
    limits: [
      {
        what: 'add: tasks in bulk by the library, × INSERT by hand',
        ...{ comparison: withId('bulk'), side: 'queue.addMany', atLeast: 0.3 },
        why: 'tasks added in bulk are not sent in batches, or each of them costs a statement',
      },
    ],
  },
  {
    bench: 'warm',
    args: ['--languages', 'Node', '--tasks', '500', '--cold-tasks', '40', '--rounds', '3', '--database', 'sqlite'],
    limits: [
      {
        what: 'warm: tasks a second of a Node program that stays, × one that is started for each',
        ...{ comparison: withId('mjs'), side: 'warm', atLeast: 3 },
        why: 'a warm program is started for each task, or waits for its next one',
      },
    ],
  },
]

function withId(id: string): Limit['comparison'] {
  return (all) => all.find((one) => one.id === id)
}

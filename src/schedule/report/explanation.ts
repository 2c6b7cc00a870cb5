/**
 * What is asked about a slot of a job, and the form of the answer: a sentence first, then the facts.
 */
import type { Calendar } from '../calendar/job-calendar.ts'
import type { PlannedJob } from '../language/plan.ts'

/** What became of a slot; these words are part of what `why --json` promises. */
export type Case =
  | 'not-due'
  | 'not-yet'
  | 'undecided' // its tick is under way, or about to come
  | 'starting'
  | 'running'
  | 'ran'
  | 'ran-late'
  | 'run-failed'
  | 'enqueued'
  | 'waiting'
  | 'empty'
  | 'overlap'
  | 'paused'
  | 'stopped'
  | 'load'
  | 'condition'
  | 'blocked'
  | 'missed'
  | 'not-started' // the system refused to start it
  | 'new-job'
  | 'before-ledger'
  | 'no-tick'
  | 'unknown'
  | 'always'

export type Fact = readonly [label: string, value: string]

export interface Explanation {
  readonly case: Case
  readonly sentence: string
  readonly facts: readonly Fact[]
}

export interface Question {
  readonly job: PlannedJob
  /** When it is due: its own words, or those of the job that it comes after. */
  readonly calendar: Calendar
  /** The minute that is asked about: UTC milliseconds. */
  readonly slotAt: number
  readonly now: number
  /** The host that asks. */
  readonly host: string
  /** Slots of the job around the minute, as far as there are any. */
  readonly previous: number | undefined
  readonly next: number | undefined
}

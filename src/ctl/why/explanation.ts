/**
 * The form of an answer to "why has it not run": a sentence, the facts behind it, and the command to type next.
 */

/** How a task stands; these words are part of what `why --json` promises. */
export type Case =
  // There is no such row, or one that we did not write.
  | 'unknown-id'
  | 'status-by-hand'
  // It is over.
  | 'done'
  | 'cancelled'
  | 'failed'
  | 'failed-never-retry' // its program said so: exit code 65
  | 'failed-signal'
  | 'failed-timeout'
  | 'failed-output' // it wrote more than it may
  | 'failed-not-started' // there was no program to start
  | 'failed-expired'
  | 'failed-crashed' // its worker's policy is to fail then
  | 'failed-quarantined' // it died too often in a row
  // A worker has it.
  | 'running'
  | 'claimed' // its worker has not begun it
  | 'cancelling'
  | 'worker-died' // a worker of this host
  | 'worker-silent' // one of another host, whose lease is not over
  | 'worker-expired' // its lease is over, and nobody has cleared up yet
  | 'no-worker-row'
  // It waits.
  | 'expired' // it fails when it is its turn
  | 'held'
  | 'held-crashed'
  | 'held-pause'
  | 'held-move'
  | 'not-due'
  | 'retry' // for another attempt
  | 'queue-paused'
  | 'task-paused'
  | 'key-busy'
  | 'key-full' // as many of its key run as may, while keys take turns
  | 'no-program'
  | 'not-promoted' // due, and nobody is there to make it ready
  | 'no-worker'
  | 'no-shard' // workers are there, and none of them for its bucket
  | 'no-job' // no worker, and no job of the schedule starts any
  | 'job-paused'
  | 'job-stopped'
  | 'job-not-started' // the job was due, and did not start
  | 'waits-for-job' // its next slot is to come
  | 'waits-for-tick'
  | 'no-tick'
  | 'behind' // others come first
  | 'workers-busy'
  | 'not-taken' // a worker is there, has nothing to do, and does not take it
  | 'next'

export type Fact = readonly [label: string, value: string]

export interface Explanation {
  readonly case: Case
  readonly sentence: string
  readonly facts: readonly Fact[]
  readonly next?: NextStep
}

export interface NextStep {
  /** `to run it now` */
  readonly what: string
  readonly command: string
}

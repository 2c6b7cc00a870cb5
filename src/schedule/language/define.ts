/**
 * The shape of `schedule.ts`: what a schedule and its jobs may say.
 *
 * `defineSchedule` returns what it is given. It is there for its types, so that a misspelled option, a missing queue or
 * an impossible duration is an error in the editor. What is written here is read, checked and filled in by `plan.ts`.
 */
import type { CrashPolicy } from '../../queue/crash-policy.ts'
import type { Duration } from './literals.ts'
import type { When } from './when.ts'

export interface Schedule {
  /** The zone whose clock the jobs go by, such as `Europe/Berlin`, or `system` for the machine's own. */
  readonly timezone: string
  /** What a job has that does not say otherwise. */
  readonly defaults?: JobOptions
  /** By id: letters, digits, dots, dashes and underscores. The id is the job's identity; a renamed job is a new one. */
  readonly jobs: Readonly<Record<string, Job>>
}

export interface Job extends JobOptions {
  /** When the job is due; a list is the union of its parts. */
  readonly when: When | readonly When[]
  /** The queue that is worked when the job is due. */
  readonly queue: string
  /** Why the job does not run at present. Leave it out to let the job run. */
  readonly paused?: string
}

/** What can be said for one job or, as a default, for all. */
export interface JobOptions {
  readonly timezone?: string
  /** Workers that share the queue, 1 to 60; 1 unless told. */
  readonly shards?: number
  /** Programs that each worker runs at a time, 1 to 1000. */
  readonly concurrency?: number
  /** Tasks that a worker claims at a time, 1 to 1000. */
  readonly batch?: number
  /** How long one program may run. */
  readonly timeout?: Duration
  /** How long a program that was asked to stop may take before it is killed. */
  readonly grace?: Duration
  /** Delays before the second, third, … attempt: `2m,10m,1h`; empty for one attempt only. */
  readonly retry?: string
  /**
   * What becomes of a task whose attempt vanished, by a power cut or a lost host: `retry` runs it again, `hold` keeps it
   * until a person has looked, `fail` fails it. `retry` unless told.
   */
  readonly crash?: CrashPolicy
  /** How long a worker goes on claiming tasks. */
  readonly maxTime?: Duration
}

export function defineSchedule(schedule: Schedule): Schedule {
  return schedule
}

/**
 * The shape of `schedule.ts`: what a schedule and its jobs may say.
 *
 * `defineSchedule` returns what it is given. It is there for its types, so that a misspelled option, a job without work, an
 * `after` that names no job or an impossible duration is an error in the editor. What is written here is read, checked and
 * filled in by `plan.ts`.
 */
import type { CrashPolicy } from '../../queue/crash-policy.ts'
import type { NewTask } from '../../queue/new-task.ts'
import type { ClockTime, Duration } from './literals.ts'
import type { After, Always, When } from './when.ts'

export interface Schedule<Id extends string = string> {
  /** The zone whose clock the jobs go by, such as `Europe/Berlin`, or `system` for the machine's own. */
  readonly timezone: string
  /** What a job has that does not say otherwise. */
  readonly defaults?: JobOptions
  /** By id: letters, digits, dots, dashes and underscores. The id is the job's identity; a renamed job is a new one. */
  readonly jobs: Readonly<Record<Id, Job<NoInfer<Id>>>>
}

/** A job does one of three things: it works a queue, runs a command, or adds tasks. */
export type Job<Id extends string = string> = QueueJob<Id> | ExecJob<Id> | EnqueueJob<Id>

/** Starts workers for a queue; an empty queue starts none. */
export interface QueueJob<Id extends string = string>
  extends JobBase<Id>,
    Omit<JobOptions, 'overlap' | 'hosts' | CommandOption> {
  readonly queue: string
  /** Due again while it is still at work. Each shard has one worker, so both at once is for commands. */
  readonly overlap?: Exclude<Overlap, 'allow'>
  /** Each shard has one worker, whatever the hosts. */
  readonly hosts?: Exclude<JobOptions['hosts'], 'each'>
  readonly exec?: never
  readonly enqueue?: never
}

/** Runs a command: no shell, one word each. It finds `JOB_ID` and `JOB_SLOT` in its environment, and no standard input. */
export interface ExecJob<Id extends string = string> extends JobBase<Id>, Omit<JobOptions, QueueOption> {
  readonly exec: readonly [string, ...string[]]
  readonly queue?: never
  readonly enqueue?: never
}

/** Adds tasks to queues. The slot and its tasks are written together: all of them once, or nothing. */
export interface EnqueueJob<Id extends string = string>
  extends JobBase<Id>,
    Omit<JobOptions, QueueOption | RunOption | CommandOption> {
  readonly enqueue: (context: JobContext) => readonly NewTask[] | Promise<readonly NewTask[]>
  readonly queue?: never
  readonly exec?: never
}

type QueueOption = 'shards' | 'processes' | 'concurrency' | 'batch' | 'perKey' | 'maxTime' | 'warm'
type CommandOption = 'env' | 'directory'
type RunOption = 'overlap' | 'timeout' | 'grace' | 'retry' | 'crash' | 'nice' | 'stopAt'

interface JobBase<Id extends string> {
  /** When the job is due; a list is the union of its parts. */
  readonly when: JobWhen<Id> | readonly [JobWhen<Id>, ...JobWhen<Id>[]]
  /** When it is not, although `when` says so. */
  readonly except?: When | readonly When[]
  /** Whether it may start, asked when it is due: `true`, or the reason why not (`false` will do). At most 5 seconds. */
  readonly onlyIf?: (context: JobContext) => boolean | string | Promise<boolean | string>
  /** Why the job does not run at present. Leave it out to let the job run. */
  readonly paused?: string
}

type JobWhen<Id extends string> = When | After<Id> | Always

/** What can be said for one job or, as a default, for all that it makes sense for. */
export interface JobOptions {
  readonly timezone?: string
  /** Workers that share the queue, 1 to 60, or a function of what waits there; 1 unless told. */
  readonly shards?: number | ((context: JobContext) => number | Promise<number>)
  /** Into how many processes the shards are packed; one for each unless told. */
  readonly processes?: number
  /** Programs that each worker runs at a time, 1 to 1000. */
  readonly concurrency?: number
  /** Tasks that a worker claims at a time, 1 to 1000. */
  readonly batch?: number
  /**
   * Of the tasks of one `shard_key` so many run at once, 1 to 1000, whatever the workers, and keys take turns; what is tried again
   * keeps no later task of its key waiting. Without it the tasks of a key run one at a time, in the order of their ids.
   */
  readonly perKey?: number
  /**
   * Its task programs serve many tasks in one process each, whatever their names; with limits, after which one is replaced.
   * See docs/warm-programs.md for what they have to do.
   */
  readonly warm?: boolean | Warm
  /** Variables that the command finds in its environment besides; they go before the tick's own. Not shown by `ps`. */
  readonly env?: Readonly<Record<string, string>>
  /** Where the command begins, and relative paths of it: `~` is the home directory. The project's directory unless told. */
  readonly directory?: string
  /** How long one program, or the command, may run. */
  readonly timeout?: Duration
  /** How long a program that was asked to stop may take before it is killed. */
  readonly grace?: Duration
  /**
   * Delays before the second, third, … attempt: `2m,10m,1h`; empty for one attempt only. A command has one attempt unless
   * told, a task of a queue those that `QUEUE_RETRY` gives.
   */
  readonly retry?: string
  /**
   * What becomes of a task whose attempt vanished, by a power cut or a lost host: `retry` runs it again, `hold` keeps it
   * until a person has looked, `fail` fails it. `retry` unless told.
   */
  readonly crash?: CrashPolicy
  /** How long a worker goes on claiming tasks. */
  readonly maxTime?: Duration
  /** The time of the day at which workers are asked to leave, and a command to end. */
  readonly stopAt?: ClockTime
  /** Which hosts start it: `one` of all (unless told), `each`, or one of those that are named. */
  readonly hosts?: 'one' | 'each' | readonly [string, ...string[]]
  /** Nothing is started while the load average of the last minute, for each core, is above this. */
  readonly maxLoad?: number
  /** Due again while it is still at work: `skip` (unless told), `queue` one run, `replace` the old one, `allow` both. */
  readonly overlap?: Overlap
  /** What becomes of slots that nobody was there for: the `latest` runs, up to an hour late, unless told. */
  readonly catchUp?: CatchUp
  /** Starts up to so much later: each job by its own share, always the same. */
  readonly spread?: Duration
  /** The priority of its processes, -20 to 19; higher is humbler. */
  readonly nice?: number
  /** Who hears of it when it fails, works again, or is silent. */
  readonly notify?: Notify
}

export type Overlap = 'skip' | 'queue' | 'replace' | 'allow'

export interface Warm {
  /** How many tasks one process serves; 1000 unless told. */
  readonly tasks?: number
  /** How old a process may be when it is given a task; `1h` unless told. */
  readonly age?: Duration
  /** How large it may be when it has answered, such as `512M`; `256M` unless told. */
  readonly memory?: string
}

export interface CatchUp {
  /** `latest` runs the newest missed slot, `all` runs them in their order, `none` runs none. */
  readonly policy: 'latest' | 'all' | 'none'
  /** How late a slot may still be run: `1h` unless told, at most `7d`. */
  readonly within?: Duration
  /** With `all`: at most so many, the newest; 10 unless told. */
  readonly max?: number
}

export interface Notify {
  /** Run with the message as JSON on its standard input. */
  readonly command?: readonly [string, ...string[]]
  /** Is sent the message by POST, as JSON. */
  readonly url?: string
  /** Also when it has not run well for so long. */
  readonly silence?: Duration
}

/** What the functions of a job are told. It is frozen. */
export interface JobContext {
  readonly job: string
  /** The minute it is due at. */
  readonly slot: Date
  /** That minute on the clock of the job's zone: `2026-11-20T02:30`. */
  readonly local: string
  readonly now: Date
  readonly timezone: string
  readonly host: string
  /** Load average of the last minute for each core. */
  readonly load: number
  /** Ready tasks of its queue, counted up to 100,000; 0 for a job without one. */
  readonly pending: number
  /** Since when the oldest of those that are next in turn has waited; 0 when there is none. */
  readonly oldestSeconds: number
  /** Workers of the job, or runs of its command, that are at work. */
  readonly running: number
  /** The slot it was last started for. */
  readonly last: LastRun | undefined
}

export interface LastRun {
  readonly slot: Date
  /** Undefined while it runs, and for a job whose end nobody waits for. */
  readonly endedAt: Date | undefined
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'unknown' | undefined
  readonly exitCode: number | null
}

export function defineSchedule<const Id extends string>(schedule: Schedule<Id>): Schedule<Id> {
  return schedule
}

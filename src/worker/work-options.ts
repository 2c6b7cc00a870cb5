/** What a worker is told when it begins, and what it tells when it leaves. */
import type { DayLog } from '../log/day-log.ts'
import type { Driver } from '../queue/driver.ts'
import type { TaskFilter } from '../queue/store/filter.ts'
import type { AttemptSettings } from './attempt.ts'
import type { ProbeOptions } from './idle-probe.ts'
import type { Pauses } from './pauses.ts'
import type { Counts } from './results.ts'

/** What it claims. */
export interface SupplyOptions {
  readonly db: Driver
  readonly queue: string
  /** The buckets of the shards this worker holds. */
  readonly buckets: readonly number[]
  readonly workerId: number
  /** Programs at once. */
  readonly concurrency: number
  /** At most so many rows are claimed at once. */
  readonly batch: number
  /** At most so many tasks in all; undefined for no limit. */
  readonly limit: number | undefined
  readonly filter: TaskFilter
  readonly pauses: Pauses
  /** So many tasks of one key run at once, and keys take turns; without, each key is a lane. */
  readonly perKey?: number | undefined
}

export interface WorkOptions extends Omit<SupplyOptions, 'workerId'> {
  readonly log: DayLog
  /** Stay when the part is empty, and look again every second; of what is new hear earlier. */
  readonly watch: boolean
  readonly probeMs?: ProbeOptions['probeMs']
  /** This worker's own directory, for the files of its slots; it is made here. */
  readonly directory: string
  /** Whether our lease is known to last: nothing is claimed or started without. */
  readonly holdsLease: () => boolean
  /** Lets others have our shards, while our programs run on. */
  readonly freeSeats: () => Promise<void>
  readonly attempts: AttemptSettings
}

export interface WorkSummary extends Counts {
  /** Why it left. */
  readonly ending: 'empty' | 'limit' | 'paused' | 'drained' | 'handed over'
  /** Programs that run on without it. */
  readonly left: number
  /** What made the worker leave early, when something did. */
  readonly problem: unknown
  /** Nothing of it is left to be cleared up by others: all is booked, logged or given back. */
  readonly isClean: boolean
}

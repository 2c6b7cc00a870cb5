/** What a worker is told when it begins, and what it tells when it leaves. */
import type { DayLog } from '../log/day-log.ts'
import type { AttemptSettings } from './attempt.ts'
import type { ProbeOptions } from './idle-probe.ts'
import type { Counts } from './results.ts'
import type { SupplyOptions } from './supply.ts'

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

/**
 * What the board is made of: facts of one look, and what a person has opened.
 */
import type { Bounded } from '../../queue/store/bounded.ts'
import type { QueuePause } from '../../queue/store/queue-pause.ts'
import type { RunningClaim, RunningTask } from '../../queue/store/running-now.ts'
import type { WorkerProcess } from '../../queue/store/stop.ts'
import type { TickRow } from '../../queue/store/tick-row.ts'
import type { Explanation } from '../why/explanation.ts'
import type { Problem } from './problems.ts'
import type { Pace } from './pulse.ts'
import type { QueueDetail } from './queue-detail.ts'

export interface QueueFacts {
  readonly queue: string
  readonly ready: Bounded
  readonly scheduled: Bounded
  readonly running: Bounded
  readonly held: Bounded
  readonly failed: Bounded
  readonly oldestReadyMs: number | undefined
  readonly pace: Pace
}

export interface WorkerFacts extends WorkerProcess {
  /** Tasks that it has claimed. */
  readonly running: number
  /** Those of them that it has not begun; undefined when that is not known here. */
  readonly waiting: number | undefined
  /** It was of this host, and its process has ended. */
  readonly isGone: boolean
}

export interface RunningFacts extends RunningClaim, RunningTask {
  /** Whether its program has begun; undefined when that is not known here. */
  readonly hasBegun: boolean | undefined
  /** `web-1:1234`; undefined when its row is gone. */
  readonly worker: string | undefined
}

export interface BoardFacts {
  /** By the database's clock: UTC milliseconds. */
  readonly now: number
  readonly queues: readonly QueueFacts[]
  readonly workers: readonly WorkerFacts[]
  /** The longest running; of a queue that is open also what waits in the hands of a worker. */
  readonly running: readonly RunningFacts[]
  readonly pauses: readonly QueuePause[]
  readonly ticks: readonly TickRow[]
  /** What others than the queues know of; see `LookOptions`. */
  readonly troubles: readonly Problem[]
  readonly detail: Detail | undefined
}

export type Detail = ({ readonly kind: 'queue' } & QueueDetail) | TaskDetail

/** Why a task stands as it does. */
export interface TaskDetail extends Pick<Explanation, 'sentence' | 'facts' | 'next'> {
  readonly kind: 'task'
  readonly id: number
}

/** What a person has opened. */
export type Wanted =
  | { readonly kind: 'board' }
  | { readonly kind: 'queue'; readonly queue: string }
  | { readonly kind: 'task'; readonly id: number }

export function isSame(a: Wanted, b: Wanted): boolean {
  if (a.kind === 'queue') return b.kind === 'queue' && a.queue === b.queue
  return a.kind === b.kind && (a.kind !== 'task' || (b.kind === 'task' && a.id === b.id))
}

/** What one host can tell of the workers that are there. */
export interface HostFacts {
  /** When its program began, in UTC milliseconds by the clock of this host; undefined for a worker of another host. */
  begunAt(claim: RunningClaim): number | 'waits' | undefined
  isGone(workerId: number): boolean
}

export function hostAndPid({ host, pid }: Pick<WorkerProcess, 'host' | 'pid'>): string {
  return `${host}:${pid}`
}

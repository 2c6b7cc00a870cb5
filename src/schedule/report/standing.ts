/**
 * How each job stands, as the database has it: what was decided for it last, who is at work for it, what keeps it back.
 */
import type { Driver } from '../../queue/driver.ts'
import { pauseOfQueue, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type LedgerSlot, lastSlots } from '../../queue/store/read-slot.ts'
import { EVERY, holds, type Stop, stops, type WorkerProcess, workersUnder } from '../../queue/store/stop.ts'
import { tickRows } from '../../queue/store/tick-row.ts'
import type { PlannedJob } from '../language/plan.ts'
import { isAtWork } from '../stop/drain-workers.ts'
import type { Ticks } from './silence.ts'

export interface Standing {
  readonly last: LedgerSlot | undefined
  /** Workers of its queue, or those that run its command. */
  readonly workers: readonly WorkerProcess[]
  /** What keeps it from being started on this host. */
  readonly stops: readonly Stop[]
  /** What keeps its queue from being worked. */
  readonly queuePause?: QueuePause | undefined
}

export interface Standings {
  readonly of: (job: PlannedJob) => Standing
  readonly ticks: Ticks
}

const EVERYBODY = { job: EVERY, host: EVERY }
const NOTHING: Standing = { last: undefined, workers: [], stops: [] }

export async function readStandings(db: Driver, jobs: readonly PlannedJob[], host: string): Promise<Standings> {
  const last = await lastSlots(
    db,
    jobs.map(({ id }) => id),
  )
  const workers = (await workersUnder(db, EVERYBODY)).filter(isAtWork)
  const inForce = await stops(db)
  const pauses = await queuePauses(db)
  return {
    of: (job) => ({
      last: last.get(job.id),
      workers: workers.filter((worker) => worker.job === job.id || worksQueueOf(job, worker)),
      stops: inForce.filter((stop) => holds(stop, job.id, host)),
      queuePause: job.work.kind === 'queue' ? pauseOfQueue(pauses, job.work.queue) : undefined,
    }),
    ticks: await tickRows(db),
  }
}

/** What can be said without a database. */
export const NO_STANDINGS: Standings = { of: () => NOTHING, ticks: { ticks: [], now: 0 } }

/** A worker that a person started holds shards of the queue all the same. */
function worksQueueOf({ work }: PlannedJob, worker: WorkerProcess): boolean {
  return work.kind === 'queue' && worker.job === undefined && worker.queue === work.queue
}

/**
 * All that the database knows about one slot of a job: what a person would look up to tell why it ran or did not.
 */
import type { Driver } from '../../queue/driver.ts'
import { execQueue } from '../../queue/exec-queue.ts'
import { type Around, ledgerAround } from '../../queue/store/ledger-around.ts'
import { pauseOfQueue, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { type LedgerSlot, lastSlots, slotsOf } from '../../queue/store/read-slot.ts'
import { readTask, type TaskFacts } from '../../queue/store/read-task.ts'
import type { JobSeatHolder } from '../../queue/store/seat.ts'
import { type Stop, stops } from '../../queue/store/stop.ts'
import { type KnownJob, knownJobs, tickRows } from '../../queue/store/tick-row.ts'
import type { PlannedJob } from '../language/plan.ts'
import { livingHolders } from '../tick/facts.ts'
import type { Ticks } from './silence.ts'

export interface Evidence {
  /** What was decided for the slot: a row for each place, the one of all hosts first. */
  readonly rows: readonly LedgerSlot[]
  /** The tasks that those rows name. */
  readonly tasks: ReadonlyMap<number, TaskFacts>
  /** Earlier slots that were started, the newest first: what may have been in the way. */
  readonly earlier: readonly LedgerSlot[]
  /** The same slot of the job that it comes after. */
  readonly upstream: LedgerSlot | undefined
  readonly last: LedgerSlot | undefined
  readonly holders: readonly JobSeatHolder[]
  readonly around: Around
  readonly ticks: Ticks
  readonly known: KnownJob | undefined
  readonly stops: readonly Stop[]
  /** What keeps the queue of the job from being worked. */
  readonly queuePause?: QueuePause | undefined
}

/** A slot has one row for each host at most, and those that people asked for. */
const MOST_PLACES = 200
const EARLIER = 20

export async function gatherEvidence(db: Driver, job: PlannedJob, slotAt: number): Promise<Evidence> {
  const { id, after, work } = job
  const rows = await slotsOf(db, { job: id, from: slotAt, to: slotAt }, MOST_PLACES)
  const tasks = new Map<number, TaskFacts>()
  for (const { taskId } of rows) {
    const task = taskId === undefined ? undefined : await readTask(db, taskId)
    if (task !== undefined) tasks.set(task.id, task)
  }
  const upstream = after === undefined ? [] : await slotsOf(db, { job: after.job, from: slotAt, to: slotAt }, 1)
  const earlier = await slotsOf(db, { job: id, to: slotAt - 1 }, EARLIER)
  return {
    rows,
    tasks,
    earlier: earlier.filter(({ verdict }) => verdict === 'started'),
    upstream: upstream[0],
    last: (await lastSlots(db, [id])).get(id),
    holders: await holdersOf(db, job),
    around: await ledgerAround(db, slotAt),
    ticks: await tickRows(db),
    known: (await knownJobs(db)).find(({ job }) => job === id),
    stops: await stops(db),
    queuePause: work.kind === 'queue' ? pauseOfQueue(await queuePauses(db), work.queue) : undefined,
  }
}

/** Of a command, who runs it counts where it never ends: else its row says how it stands. */
async function holdersOf(db: Driver, { id, work, always }: PlannedJob): Promise<readonly JobSeatHolder[]> {
  if (work.kind === 'queue') return livingHolders(db, work.queue)
  return work.kind === 'exec' && always ? livingHolders(db, execQueue(id)) : []
}

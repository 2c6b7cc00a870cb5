/**
 * A tick: one minute of the schedule.
 *
 * For each job that is due, the tick inserts the slot's row in the ledger; whoever's insert succeeds owns the slot, so two
 * ticks of one minute, on one host or two, start a job once. Every decision is made before anything is started, and stands
 * in the ledger with its reason.
 */
import type { DayLog } from '../../log/day-log.ts'
import type { Driver } from '../../queue/driver.ts'
import { readyBuckets } from '../../queue/store/count.ts'
import { promote } from '../../queue/store/promote.ts'
import { type SeatHolder, seatHolders } from '../../queue/store/seat.ts'
import { claimSlot, decideSlot } from '../../queue/store/slot.ts'
import { holds, stops } from '../../queue/store/stop.ts'
import { whenDue } from '../calendar/when-due.ts'
import type { PlannedJob } from '../language/plan.ts'
import { type Decision, decide } from './decide.ts'
import { type Launched, type Launcher, launchWorker } from './launch.ts'

/** Where a decision is made. */
export interface Place {
  readonly host: string
  /** Whether a seat's holder is known to be dead, though its lease is not over. */
  readonly isGone: (holder: SeatHolder) => boolean
}

export interface TickOptions extends Place {
  /** UTC milliseconds of a whole minute, taken when the command began. */
  readonly minute: number
  readonly log: DayLog
  readonly launcher: Launcher
}

export interface TickReport {
  readonly started: readonly Launched[]
  /** One sentence for each job that could not be started. */
  readonly failures: readonly string[]
}

export interface DueJob {
  readonly job: PlannedJob
  readonly decision: Decision
}

const PROMOTE_LIMIT = 1_000
const PATIENCE_MS = 20_000

/** The jobs that are due in a minute. Which of them this tick owns, the ledger says. */
export function dueJobs(jobs: readonly PlannedJob[], minute: number): PlannedJob[] {
  return jobs.filter((job) => whenDue(job.when, job.timezone, minute) !== undefined)
}

export async function tick(db: Driver, due: readonly PlannedJob[], options: TickOptions): Promise<TickReport> {
  const owned: PlannedJob[] = []
  for (const job of due) if (await claimSlot(db, slotOf(job, options), options.host)) owned.push(job)
  if (owned.length > 0) await promoteDue(db)
  const decided = await decideAll(db, owned, options)

  const started: Launched[] = []
  const failures: string[] = []
  for (const one of decided) {
    const failure = await carryOut(db, one, options, started)
    if (failure !== undefined) failures.push(failure)
  }
  return { started, failures }
}

/** What a tick would do now, without doing it. */
export async function decideAll(db: Driver, due: readonly PlannedJob[], { host, isGone }: Place): Promise<DueJob[]> {
  const inForce = due.length === 0 ? [] : await stops(db)
  const decided: DueJob[] = []
  for (const job of due) {
    const holders = await seatHolders(db, job.queue, job.shards)
    const held = holders.filter((holder) => !holder.leaseOver && !isGone(holder))
    const stop = inForce.find((one) => holds(one, job.id, host))
    decided.push({ job, decision: decide(job, { readyBuckets: await readyBuckets(db, job.queue), held, stop }) })
  }
  return decided
}

async function promoteDue(db: Driver): Promise<void> {
  while ((await promote(db, PROMOTE_LIMIT, PATIENCE_MS)) === PROMOTE_LIMIT);
}

async function carryOut(
  db: Driver,
  { job, decision }: DueJob,
  options: TickOptions,
  started: Launched[],
): Promise<string | undefined> {
  const { log, launcher } = options
  const slot = slotOf(job, options)
  if (decision.verdict !== 'started') {
    log.event('job-skipped', { job: job.id, verdict: decision.verdict, reason: decision.reason })
    await decideSlot(db, slot, decision.verdict, decision.reason)
    return undefined
  }
  try {
    const workers = []
    for (const shard of decision.shards) workers.push(await launchWorker(launcher, job, shard))
    started.push(...workers)
    log.event('job-started', { job: job.id, reason: decision.reason, pids: workers.map(({ pid }) => pid).join(',') })
    await decideSlot(db, slot, 'started', decision.reason)
    return undefined
  } catch (error) {
    const reason = (error as Error).message
    log.event('job-failed', { job: job.id, reason })
    await decideSlot(db, slot, 'failed', reason)
    return `The job "${job.id}" could not be started: ${reason}.`
  }
}

function slotOf(job: PlannedJob, { minute }: TickOptions) {
  return { job: job.id, slotAt: minute }
}

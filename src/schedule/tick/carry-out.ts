/**
 * Starting the processes of slots that stand in the ledger.
 */
import type { DayLog } from '../../log/day-log.ts'
import type { Driver } from '../../queue/driver.ts'
import { slotText } from '../../queue/exec-queue.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import { type Decided, ownSlots, type SlotKey } from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import {
  groupsOf,
  isOfCommand,
  isOfQueue,
  LaunchError,
  type Launched,
  type Launcher,
  launchRun,
  launchWorkers,
} from './launch.ts'
import { conclude, type Start } from './start.ts'

export interface CarryOutOptions {
  readonly self: ProcessIdentity
  readonly log: DayLog
  readonly launcher: Launcher
  /** The database, when it is not the one that the project names. */
  readonly url?: string | undefined
  /** Jobs that another one comes after: their slots stay open until they have ended. */
  readonly awaited: ReadonlySet<string>
  /** When what is to be started was decided: UTC milliseconds; just now, unless given. */
  readonly recordedAt?: number | undefined
}

export interface CarryOutReport {
  readonly started: readonly Launched[]
  /** Slots whose processes the system did not start, and why. */
  readonly unlaunched: readonly { readonly choice: Start; readonly reason: string }[]
}

/** Whoever stood still for longer, in a machine that slept or was too busy, may have been taken for dead. */
const SURE_MS = 10_000

/** Launches the workers of each slot, and says so in the ledger. */
export async function carryOut(
  db: Driver,
  starts: readonly Start[],
  options: CarryOutOptions,
): Promise<CarryOutReport> {
  const started: Launched[] = []
  const unlaunched: { choice: Start; reason: string }[] = []
  let { recordedAt = Date.now() } = options
  for (const start of starts) {
    const { job, key, lateMs, decision } = start
    const { deed, reason } = decision
    const facts = { job: job.id, slot: slotText(key.slotAt), ...(lateMs > 0 ? { late: `${lateMs / 60_000}m` } : {}) }
    if (deed.kind !== 'workers' || !isOfQueue(job)) {
      options.log.event('job-started', { ...facts, reason: reason === '' ? undefined : reason })
      continue
    }
    const { total, maxTimeMs } = deed
    if (Date.now() - recordedAt > SURE_MS) {
      if (!(await isOurs(db, key, options.self))) continue
      recordedAt = Date.now()
    }
    try {
      const groups = groupsOf(deed.shards, job.work.processes)
      const workers = await launchWorkers(options.launcher, job, key, groups, { total, maxTimeMs })
      started.push(...workers)
      options.log.event('job-started', { ...facts, reason, pids: workers.map(({ pid }) => pid).join(',') })
      await conclude(db, { ...key, verdict: 'started', reason, isOpen: options.awaited.has(job.id) }, options.self)
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      started.push(...error.launched)
      unlaunched.push({ choice: start, reason: error.message })
      options.log.event('job-failed', { ...facts, reason: error.message })
      await conclude(db, failedStart(start, error), options.self)
    }
  }
  return { started, unlaunched }
}

/**
 * Launches a worker for each job whose command has runs to be begun.
 *
 * @param starts  the runs that were written in this tick
 */
export async function runCommands(
  jobs: readonly PlannedJob[],
  starts: readonly Start[],
  options: CarryOutOptions,
): Promise<CarryOutReport> {
  const started: Launched[] = []
  const unlaunched: { choice: Start; reason: string }[] = []
  for (const job of jobs) {
    if (!isOfCommand(job)) continue
    try {
      started.push(await launchRun(options.launcher, job, options.url))
    } catch (error) {
      if (!(error instanceof LaunchError)) throw error
      const own = starts.filter((start) => start.job === job)
      unlaunched.push(...own.map((choice) => ({ choice, reason: error.message })))
      options.log.event('job-failed', { job: job.id, reason: error.message })
    }
  }
  return { started, unlaunched }
}

export function couldNotStart({ choice, reason }: CarryOutReport['unlaunched'][number]): string {
  return `The job "${choice.job.id}" could not be started: ${reason}.`
}

/** It is tried again in the next minutes, for as long as a slot of the job may be late. */
function failedStart({ job, key, lateMs }: Start, { message }: Error): Decided {
  const mayWait = job.catchUp.policy !== 'none' && lateMs < job.catchUp.withinMs
  const reason = `could not be started: ${message}`
  return mayWait
    ? { ...key, verdict: 'waiting', cause: 'start', reason, isOpen: true }
    : { ...key, verdict: 'failed', reason, isOpen: false }
}

async function isOurs(db: Driver, key: SlotKey, self: ProcessIdentity): Promise<boolean> {
  return (await ownSlots(db, [key], self)).length > 0
}

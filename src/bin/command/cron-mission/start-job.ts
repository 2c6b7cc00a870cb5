/**
 * Starting the workers that a job lacks, and seeing them take their seats.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { type Stop, stops, workersUnder } from '../../../queue/store/stop.ts'
import { startByHand } from '../../../schedule/by-hand/by-hand.ts'
import { markOfDaemon } from '../../../schedule/daemon/own-workers.ts'
import type { JobFunctions } from '../../../schedule/language/functions.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Launched } from '../../../schedule/tick/launch.ts'
import { beginWaitingRun } from '../../../schedule/tick/waiting-run.ts'
import { minuteOf } from '../../../time/minute.ts'
import { whoAsks } from '../../operator.ts'
import { ownUrl } from '../../own-database.ts'
import type { Settings } from '../../settings.ts'
import { launcher } from './launcher.ts'
import { isOwn, withLedger } from './ledger.ts'
import type { Logs } from './logs.ts'

export interface JobStart {
  readonly job: string
  /** The pids of the workers that were started. */
  readonly pids: readonly number[]
  /** Why none was started. */
  readonly reason: string | undefined
  /** That is as it should be: all are at work, or there is nothing to do. */
  readonly isFine: boolean
  /** Of those that were started: pid and exit code of one that ended without doing anything. */
  readonly ended: readonly (readonly [pid: number, code: number])[]
}

const LOOK_MS = 100
const SEATED_WITHIN_MS = 15_000

/** @param common  the project's database; the job's ledger may be in this host's own */
export function startJob(
  common: Driver,
  job: PlannedJob,
  settings: Settings,
  logs: Logs,
  functions: JobFunctions,
): Promise<JobStart> {
  return withLedger(job, common, settings, async (db) =>
    startIn(db, await stops(common), job, settings, logs, functions),
  )
}

async function startIn(
  db: Driver,
  inForce: readonly Stop[],
  job: PlannedJob,
  settings: Settings,
  logs: Logs,
  functions: JobFunctions,
): Promise<JobStart> {
  const self = ownIdentity()
  const usual = launcher(settings, logs, true)
  const url = isOwn(job, settings) ? ownUrl(settings) : undefined
  const environment = { ...usual.environment, ...markOfDaemon(settings.stateDirectory) }
  const carry = { self, log: logs.tick, launcher: { ...usual, environment }, awaited: new Set<string>(), url }
  const done = await startByHand(db, job, {
    ...{ slotAt: minuteOf(Date.now()), isNamed: false, by: whoAsks(), force: false },
    ...{ stops: inForce, functions },
    ...carry,
  })
  const started = async (launched: readonly Launched[]): Promise<JobStart> => {
    const ended = await seated(db, job, launched)
    const isFine = ended.every(([, code]) => code === EXIT.ok)
    return { job: job.id, pids: launched.map(({ pid }) => pid), reason: undefined, isFine, ended }
  }
  const nothing = { job: job.id, pids: [], ended: [] }
  if (done.kind === 'failed') throw new Complaint(EXIT.internal, done.sentence)
  if (done.kind === 'refused') {
    const { decision } = done
    if (decision.kind === 'no' && decision.verdict === 'overlap') {
      const waiting = await beginWaitingRun(db, job, carry)
      if (waiting.started.length > 0) return started(waiting.started)
    }
    const isFine = decision.kind === 'no' && ['empty', 'overlap'].includes(decision.verdict)
    return { ...nothing, reason: decision.reason, isFine }
  }
  return started(done.launched)
}

/** Until each has its seat or has ended. @returns those that have ended */
async function seated(db: Driver, job: PlannedJob, launched: readonly Launched[]): Promise<[number, number][]> {
  const { host } = ownIdentity()
  const ended = new Map<number, number>()
  for (const { pid, exited } of launched) void exited.then((code) => ended.set(pid, code))
  const deadline = performance.now() + SEATED_WITHIN_MS
  for (const one of launched) one.leave()
  for (;;) {
    const there = (await workersUnder(db, { job: job.id, host })).map(({ pid }) => pid)
    const isSettled = launched.every(({ pid }) => there.includes(pid) || ended.has(pid))
    if (isSettled || performance.now() >= deadline) return [...ended]
    await sleep(LOOK_MS)
  }
}

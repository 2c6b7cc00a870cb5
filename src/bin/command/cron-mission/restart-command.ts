/**
 * Restarting a command that is `always()` at work: its program is asked to end, and run again at once.
 *
 * Unlike workers of a queue, two of it must never run at the same time. So the old one ends first, and the new one is begun by the files of
 * now; in between nobody is at work.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { type StopKey, type WorkerProcess, workersUnder } from '../../../queue/store/stop.ts'
import { livingDaemons } from '../../../schedule/daemon/daemon-mark.ts'
import type { JobFunctions } from '../../../schedule/language/functions.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { ask, isAtWork } from '../../../schedule/stop/drain-workers.ts'
import { formatDuration } from '../../../time/duration.ts'
import { statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withLedger } from './ledger.ts'
import type { Logs } from './logs.ts'
import { startJob } from './start-job.ts'

/** Of one host. */
export interface CommandRestart {
  readonly job: PlannedJob
  readonly host: string
  readonly old: readonly WorkerProcess[]
}

export interface CommandRestartOptions {
  readonly settings: Settings
  readonly logs: Logs
  readonly functions: JobFunctions
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface CommandRestarted extends CommandRestart {
  /** Who runs it now; nobody yet, of another host. */
  readonly fresh: readonly WorkerProcess[]
  readonly ms: number
}

const LOOK_MS = 50
const DAEMON_MS = 1_000

/** @param before  only those that are older: UTC milliseconds */
export async function commandsToRestart(
  db: Driver,
  jobs: readonly PlannedJob[],
  host: string,
  before: number | undefined,
  settings: Settings,
): Promise<CommandRestart[]> {
  const restarts: CommandRestart[] = []
  for (const job of jobs) {
    const there = await withLedger(job, db, settings, (ledger) => atWork(ledger, { job: job.id, host }))
    const old = there.filter(({ since }) => before === undefined || since < before)
    for (const [on, workers] of Map.groupBy(old, (worker) => worker.host))
      restarts.push({ job, host: on, old: workers })
  }
  return restarts
}

/** @throws Complaint (busy) naming who does not leave, or when no other one comes */
export async function restartCommand(
  db: Driver,
  { job, host, old }: CommandRestart,
  { settings, logs, functions, timeoutMs, signal }: CommandRestartOptions,
): Promise<CommandRestarted> {
  const startedAt = performance.now()
  const line = statusLine()
  const isLate = () => signal.aborted || performance.now() - startedAt >= timeoutMs
  const isOurs = host === ownIdentity().host
  const grace = formatDuration(job.graceMs ?? settings.graceMs)
  try {
    return await withLedger(job, db, settings, async (ledger) => {
      const there = () => atWork(ledger, { job: job.id, host })
      for (const worker of old) await ask(ledger, worker, 'stop now')
      for (;;) {
        const pids = (await there()).filter((one) => old.some((worker) => isSame(one, worker))).map(({ pid }) => pid)
        if (pids.length === 0) break
        if (isLate()) throw notEnded(job, pids, signal, timeoutMs)
        line.show(() => `${job.id}: the program of ${pids.join(', ')} ends, within ${grace}`)
        await sleep(LOOK_MS)
      }
      // A daemon begins it as well: it has the first try, so that it is not begun twice.
      let startsAt = performance.now() + (livingDaemons(settings.stateDirectory).length > 0 ? DAEMON_MS : 0)
      for (;;) {
        const fresh = await there()
        if (fresh.length > 0 || !isOurs) return { job, host, old, fresh, ms: performance.now() - startedAt }
        if (isLate()) throw notBegun(job)
        if (performance.now() >= startsAt) {
          const { isFine } = await startJob(db, job, settings, logs, functions)
          if (!isFine && (await there()).length === 0) throw notBegun(job)
          startsAt = Number.POSITIVE_INFINITY
        } else {
          await sleep(LOOK_MS)
        }
      }
    })
  } finally {
    line.end()
  }
}

async function atWork(ledger: Driver, key: StopKey): Promise<WorkerProcess[]> {
  return (await workersUnder(ledger, key)).filter((worker) => worker.hasSeat && isAtWork(worker))
}

function isSame(a: WorkerProcess, b: WorkerProcess): boolean {
  return a.pid === b.pid && a.pidStart === b.pidStart && a.host === b.host
}

function notEnded({ id }: PlannedJob, pids: readonly number[], signal: AbortSignal, timeoutMs: number): Complaint {
  const until = signal.aborted ? `When ${signal.reason} ended the restart` : `After ${formatDuration(timeoutMs)}`
  return new Complaint(
    EXIT.busy,
    `${until}, the command of job "${id}" had not ended: ${pids.join(', ')} sees to that. When it has, "cron-mission start ${id}", a daemon or the next tick runs it again.`,
  )
}

function notBegun({ id }: PlannedJob): Complaint {
  return new Complaint(
    EXIT.busy,
    `The command of job "${id}" has ended and is not at work again: the log do-queue-….log says why. "cron-mission start ${id}", a daemon or the next tick tries again.`,
  )
}

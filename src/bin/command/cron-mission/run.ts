/**
 * `cron-mission run`: starts one job now, whatever its `when` says.
 */

import { join } from 'node:path'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import { stops } from '../../../queue/store/stop.ts'
import { type ByHand, startByHand } from '../../../schedule/by-hand/by-hand.ts'
import { jobFunctions } from '../../../schedule/language/functions.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { minuteOf } from '../../../time/minute.ts'
import { minuteText } from '../../../time/time-text.ts'
import { timeFlag } from '../../flags.ts'
import { whoAsks } from '../../operator.ts'
import { ownUrl } from '../../own-database.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { jobToStart, requireThisHost } from './find-job.ts'
import { launcher } from './launcher.ts'
import { withLedger } from './ledger.ts'
import { Logs } from './logs.ts'
import { type RunEnd, waitForRun, waitForWorkers } from './run-wait.ts'
import { complain } from './schedule.ts'
import { libraryUrl, type ScheduleFlags } from './schedule-path.ts'

export interface RunFlags extends ScheduleFlags {
  readonly job: string
  readonly slot?: string | undefined
  readonly wait?: boolean | undefined
  readonly force?: boolean | undefined
  readonly json?: boolean | undefined
}

type Started = Extract<ByHand, { kind: 'started' }>

/** @param minute  UTC milliseconds of the minute in which the command began */
export async function run(flags: RunFlags, settings: Settings, minute: number): Promise<number> {
  const { job, plan } = await jobToStart(flags.job, flags, settings)
  if (!flags.force) requireThisHost(job, ', or --force here')
  const named = timeFlag('slot', flags.slot, job.timezone)
  const slotAt = named === undefined ? minute : minuteOf(named)
  if (slotAt > minute)
    throw new Complaint(
      EXIT.usage,
      `--slot is ${flags.slot}, which is to come. Give a minute that is over, or leave it out.`,
    )
  const logs = new Logs(settings)
  const functions = jobFunctions(plan.path, libraryUrl(), complain)
  try {
    return await withDatabase(settings, (common) =>
      withLedger(job, common, settings, async (db) => {
        const done = await startByHand(db, job, {
          ...{ slotAt, isNamed: named !== undefined, by: whoAsks(), force: flags.force === true },
          ...{ stops: await stops(common), functions, self: ownIdentity(), log: logs.tick },
          launcher: launcher(settings, logs, flags.wait === true && job.work.kind === 'queue'),
          url: db === common ? undefined : ownUrl(settings),
        })
        if (done.kind === 'failed') throw new Complaint(EXIT.internal, done.sentence)
        if (done.kind === 'refused') return refused(job, done, flags)
        return tell(db, job, done, flags, settings, logs)
      }),
    )
  } finally {
    await functions.end()
    logs.close()
  }
}

/** An empty queue is nothing to complain about. */
function refused({ id }: PlannedJob, { decision }: Extract<ByHand, { kind: 'refused' }>, { json }: RunFlags): number {
  const { reason } = decision
  if (decision.kind === 'no' && decision.verdict === 'empty') {
    if (json) printJson({ job: id, started: false, verdict: 'empty', reason })
    else process.stdout.write(`Nothing was started: ${reason}.\n`)
    return EXIT.ok
  }
  if (decision.kind === 'no' && decision.trouble) {
    throw new Complaint(
      EXIT.badConfig,
      `The job "${id}" was not started: ${reason}. Look at its function in the schedule.`,
    )
  }
  const isFinal = decision.kind === 'no' && (decision.verdict === 'stopped' || decision.lasts)
  const force = isFinal ? '' : '; --force starts it all the same'
  throw new Complaint(EXIT.busy, `The job "${id}" was not started: ${reason}${force}.`)
}

async function tell(
  db: Driver,
  job: PlannedJob,
  started: Started,
  flags: RunFlags,
  settings: Settings,
  logs: Logs,
): Promise<number> {
  const { taskId, launched, start } = started
  const isProcess = start.decision.deed.kind !== 'tasks'
  const log = isProcess ? join(settings.logsDirectory, logs.worker.today.file) : undefined
  if (!flags.json) process.stdout.write(`${sentence(job, started, log)}\n`)
  let end: RunEnd | undefined
  if (flags.wait && taskId !== undefined) end = await waitForRun(db, taskId, settings, flags.json === true)
  else if (flags.wait && launched.length > 0) end = await waitForWorkers(launched)
  if (flags.json) printJson(facts(started, log, end))
  else if (end !== undefined) process.stdout.write(`${end.sentence}\n`)
  return end === undefined || end.isGood ? EXIT.ok : EXIT.taskFailed
}

function sentence({ id, timezone }: PlannedJob, { start, launched, taskId }: Started, log: string | undefined): string {
  const { deed, reason } = start.decision
  const slot = minuteText(timezone, start.key.slotAt)
  const pids = launched.map(({ pid }) => pid).join(', ')
  const workers = `${launched.length === 1 ? 'worker' : 'workers'} ${pids}`
  switch (deed.kind) {
    case 'tasks':
      return `Job ${id} added ${deed.rows.length === 1 ? '1 task' : `${deed.rows.length} tasks`} for ${slot}.`
    case 'run':
      return `Job ${id} is started for ${slot}: task ${taskId}, ${launched.length === 0 ? reason : workers}. "queuectl show ${taskId}" tells how it goes; its output comes into ${log}.`
    case 'workers':
      return `Job ${id} is started: ${reason}; ${workers}. They write to ${log}.`
  }
}

function facts({ start, launched, taskId }: Started, log: string | undefined, end: RunEnd | undefined) {
  const { deed, reason } = start.decision
  return {
    job: start.key.job,
    slot: slotText(start.key.slotAt),
    place: start.key.place,
    started: true,
    reason,
    pids: launched.map(({ pid }) => pid),
    shards: deed.kind === 'workers' ? deed.shards : null,
    tasks: deed.kind === 'tasks' ? deed.rows.length : null,
    task: taskId ?? null,
    log: log ?? null,
    ...(end === undefined ? {} : { outcome: end.outcome, exitCode: end.exitCode, output: end.output }),
  }
}

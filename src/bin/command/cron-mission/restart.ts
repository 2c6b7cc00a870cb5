/**
 * `cron-mission restart`: every worker is replaced by a new one, one after the other, and no shard is without.
 */
import { amount } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { EVERY, holds, stops, type WorkerProcess, workersUnder } from '../../../queue/store/stop.ts'
import { environmentOf, markOfDaemon } from '../../../schedule/daemon/own-workers.ts'
import type { CurrentPlan } from '../../../schedule/language/current-plan.ts'
import { type JobFunctions, jobFunctions } from '../../../schedule/language/functions.ts'
import { mayStartOn } from '../../../schedule/language/job-hosts.ts'
import { isAtWork } from '../../../schedule/stop/drain-workers.ts'
import { type RestartStep, restartSteps } from '../../../schedule/stop/restart-steps.ts'
import { restartWorkers, type StepEnd } from '../../../schedule/stop/rolling-restart.ts'
import { resumeCommand } from '../../../schedule/stop/stop-words.ts'
import { isOfCommand, isOfQueue, type Launched, launchWorkers } from '../../../schedule/tick/launch.ts'
import { stopTime } from '../../../schedule/tick/stop-time.ts'
import { durationFlag, pastTimeFlag, wholeNumber } from '../../flags.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { jobToStart } from './find-job.ts'
import { launcher } from './launcher.ts'
import { Logs } from './logs.ts'
import { type CommandRestarted, commandsToRestart, restartCommand } from './restart-command.ts'
import { commandFacts, commandLine, notAllReplaced, stepFacts, stepLine, untouchedLines } from './restart-text.ts'
import { complain, planNow } from './schedule.ts'
import { libraryUrl, type ScheduleFlags } from './schedule-path.ts'
import { startFacts, startLine } from './start.ts'
import { type JobStart, startJob } from './start-job.ts'

export interface RestartFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly 'all-hosts'?: boolean | undefined
  readonly 'at-once'?: string | undefined
  readonly 'started-before'?: string | undefined
  readonly timeout?: string | undefined
  readonly json?: boolean | undefined
}

/** A worker of another host hears of it at its next beat, and a tick puts it back within a minute. */
const DEFAULT_TIMEOUT_MS = 120_000
const MOST_AT_ONCE = 60
const LEAVE_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function restart(flags: RestartFlags, settings: Settings): Promise<number> {
  const timeoutMs = durationFlag('timeout', flags.timeout) ?? DEFAULT_TIMEOUT_MS
  const atOnce = wholeNumber('at-once', flags['at-once'], 1, MOST_AT_ONCE) ?? 1
  const before = pastTimeFlag('started-before', flags['started-before'], settings.timezone, Date.now())
  const plan = await planOf(flags, settings)
  const logs = new Logs(settings)
  const leaving = new AbortController()
  const leave = (signal: NodeJS.Signals) => leaving.abort(signal)
  for (const signal of LEAVE_SIGNALS) process.once(signal, leave)
  try {
    return await withDatabase(settings, async (db) => {
      const { steps, commands, untouched } = await stepsToTake(db, plan, flags, before, settings)
      const ends: StepEnd[] = []
      const startedAt = performance.now()
      const left = await restartWorkers(db, steps, {
        ...{ atOnce, timeoutMs, signal: leaving.signal },
        launch: (step) => launch(step, settings, logs),
        onStep: (end) => {
          ends.push(end)
          note(end, logs)
          if (!flags.json) printLines([stepLine(end)])
        },
      })
      const isWhole = left.length === 0 && ends.every(({ kind }) => kind === 'replaced')
      const functions = jobFunctions(plan.path, libraryUrl(), complain)
      const restarted: CommandRestarted[] = []
      const started: JobStart[] = []
      try {
        // Last: when the new version has shown that it starts.
        for (const command of isWhole ? commands : []) {
          const options = { settings, logs, functions, timeoutMs, signal: leaving.signal }
          const end = await restartCommand(db, command, options)
          restarted.push(end)
          noteCommand(end, logs)
          if (!flags.json) printLines([commandLine(end)])
        }
        if (isWhole) started.push(...(await startMissing(db, plan, flags, settings, logs, functions)))
      } finally {
        await functions.end()
      }
      const seconds = (performance.now() - startedAt) / 1_000
      if (flags.json) {
        const facts = { replaced: ends.map(stepFacts), notBegun: left.length, started: started.map(startFacts) }
        const restartedFacts = restarted.map(commandFacts)
        printJson({
          ...facts,
          restarted: restartedFacts,
          untouched: untouched.map(workerFacts),
          seconds: Number(seconds.toFixed(3)),
        })
      } else {
        const count = [...ends.map(({ step }) => step), ...restarted].flatMap(({ old }) => old).length
        const done = count === 0 ? 'No worker was at work.' : `${doneWords(count)} in ${seconds.toFixed(1)} s.`
        printLines([...untouchedLines(untouched), ...started.map(startLine), ...(isWhole ? [done] : [])])
      }
      if (!isWhole) throw notAllReplaced(ends, left, leaving.signal.reason as string | undefined, timeoutMs)
      return started.every(({ isFine }) => isFine) ? EXIT.ok : EXIT.busy
    })
  } finally {
    for (const signal of LEAVE_SIGNALS) process.off(signal, leave)
    logs.close()
  }
}

/** A schedule that cannot be read is a version that does not start. @throws Complaint (bad configuration) */
async function planOf(flags: RestartFlags, settings: Settings): Promise<CurrentPlan> {
  if (flags.job !== undefined) return (await jobToStart(flags.job, flags, settings)).plan
  const plan = await planNow(flags, settings)
  if (plan.problems.length === 0) return plan
  const problems = plan.problems.map(({ sentence }) => sentence).join(' ')
  throw new Complaint(EXIT.badConfig, `${problems} No worker was replaced; a job that can be read may be named.`)
}

/** Workers of a job that nobody knows any more are left to a person, and so are those that a person started. */
async function stepsToTake(
  db: Driver,
  { jobs }: CurrentPlan,
  flags: RestartFlags,
  before: number | undefined,
  settings: Settings,
) {
  const { host } = ownIdentity()
  const key = { job: flags.job ?? EVERY, host: flags['all-hosts'] ? EVERY : host }
  const inForce = (await stops(db)).filter(({ kind }) => kind === 'stop')
  const stopped = flags.job === undefined ? undefined : inForce.find((stop) => holds(stop, flags.job as string, host))
  if (stopped !== undefined) {
    throw new Complaint(
      EXIT.busy,
      `The job "${flags.job}" is stopped: its workers leave, and no other may come. "${resumeCommand(stopped)}" lets it be started again.`,
    )
  }
  const there = (await workersUnder(db, key)).filter(
    (worker) => isAtWork(worker) && worker.hasSeat && (before === undefined || worker.since < before),
  )
  const steps: RestartStep[] = []
  const untouched: WorkerProcess[] = []
  for (const [id, workers] of Map.groupBy(there, ({ job }) => job)) {
    const job = jobs.find((one) => one.id === id)
    const isStopped = job !== undefined && inForce.some((stop) => holds(stop, job.id, host))
    if (job?.always && isOfCommand(job) && !isStopped) continue
    if (job === undefined || !isOfQueue(job) || isStopped) {
      untouched.push(...workers)
      continue
    }
    for (const ofHost of Map.groupBy(workers, (worker) => worker.host).values())
      steps.push(...restartSteps(job, ofHost))
  }
  const endless = jobs.filter(
    (job) =>
      job.always &&
      isOfCommand(job) &&
      [undefined, job.id].includes(flags.job) &&
      !inForce.some((stop) => holds(stop, job.id, host)),
  )
  const commands = await commandsToRestart(db, endless, key.host, before, settings)
  return { steps, commands, untouched }
}

/** Those of another host its daemon or its next tick starts again. */
async function launch(step: RestartStep, settings: Settings, logs: Logs): Promise<readonly Launched[]> {
  const { job, old, total, groups } = step
  const [first] = old
  if (first === undefined || first.host !== ownIdentity().host || !mayStartOn(job, first.host)) return []
  const usual = launcher(settings, logs, true)
  const { stateDirectory, queueUrl } = settings
  const inherited = environmentOf(first, stateDirectory) ?? { ...usual.environment, ...markOfDaemon(stateDirectory) }
  const environment = { ...inherited, QUEUE_URL: queueUrl }
  const now = Date.now()
  const stopAt = stopTime(job, now)
  const times = [job.work.maxTimeMs, stopAt === undefined ? undefined : stopAt - now].filter((ms) => ms !== undefined)
  const maxTimeMs = times.length === 0 ? undefined : Math.min(...times)
  const how = { total, maxTimeMs, replace: true }
  const launched = await launchWorkers({ ...usual, environment }, job, undefined, groups, how)
  for (const one of launched) one.leave()
  return launched
}

/** The number is kept: what nobody had been at work for is started, too. */
async function startMissing(
  db: Driver,
  { jobs }: CurrentPlan,
  flags: RestartFlags,
  settings: Settings,
  logs: Logs,
  functions: JobFunctions,
): Promise<JobStart[]> {
  const { host } = ownIdentity()
  const always = jobs.filter((job) => job.always && mayStartOn(job, host) && [undefined, job.id].includes(flags.job))
  const starts: JobStart[] = []
  for (const job of always) {
    starts.push(await startJob(db, job, settings, logs, functions))
  }
  return starts.filter(({ pids, isFine }) => pids.length > 0 || !isFine)
}

function noteCommand({ job, old, fresh, ms }: CommandRestarted, logs: Logs): void {
  logs.tick.event('worker-replaced', {
    job: job.id,
    pids: old.map(({ pid }) => pid).join(','),
    by: fresh.map(({ pid }) => pid).join(','),
    outcome: 'restarted',
    ms: Math.round(ms),
  })
}

function note({ step, kind, fresh, ms }: StepEnd, logs: Logs): void {
  logs.tick.event('worker-replaced', {
    job: step.job.id,
    shards: step.groups.flat().join(','),
    pids: step.old.map(({ pid }) => pid).join(','),
    by: fresh.map(({ pid }) => pid).join(','),
    outcome: kind,
    ms: Math.round(ms),
  })
}

function doneWords(count: number): string {
  return `${amount(count, 'worker')} ${count === 1 ? 'was' : 'were'} replaced`
}

function workerFacts({ job, queue, total, shards, host, pid }: WorkerProcess) {
  return { job: job ?? null, queue, total, shards, host, pid }
}

/**
 * `do-queue`: works its part of the queue until it is empty.
 */

import { setPriority } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { grouped } from '../../amount.ts'
import { Complaint, EXIT } from '../../exit.ts'
import { ownIdentity } from '../../host/identity.ts'
import { DayLog } from '../../log/day-log.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { installationName } from '../../queue/migrate.ts'
import { openDatabase } from '../../queue/open-queue.ts'
import { countReady, readyBuckets } from '../../queue/store/count.ts'
import { peek } from '../../queue/store/peek.ts'
import type { SeatHolder } from '../../queue/store/seat.ts'
import { confirmStart } from '../../queue/store/slot.ts'
import { stopInForce } from '../../queue/store/stop.ts'
import { stopReason } from '../../schedule/stop/stop-words.ts'
import { startTimer } from '../../time/timer.ts'
import { localTime } from '../../time/zone.ts'
import { programEnvironment } from '../../worker/environment.ts'
import { JobCommand } from '../../worker/job-command.ts'
import { Pauses } from '../../worker/pauses.ts'
import { Programs } from '../../worker/program.ts'
import { keepRescuing, Rescue } from '../../worker/rescue.ts'
import { type Seats, takeSeats } from '../../worker/seats.ts'
import { Work, type WorkSummary } from '../../worker/work.ts'
import { noteLease, realStateDirectory, workerDirectoryPath } from '../../worker/worker-directory.ts'
import { printJson } from '../print.ts'
import { describeShards } from '../shards.ts'
import { refusePaused } from './do-queue-paused.ts'
import { type Plan, readPlan } from './do-queue-plan.ts'
import { type Signals, takeSignals } from './do-queue-signals.ts'
import { attempted, facts, print, showProgress } from './do-queue-summary.ts'

/** How long a worker that does not watch waits for a database that cannot be reached. */
const CONNECT_PATIENCE_MS = 10_000
const DRY_RUN_ROWS = 20

export async function main(args: string[]): Promise<number> {
  const plan = await readPlan(args)
  const { settings } = plan
  // For ps; an address of a database may hold a password.
  process.title = ['do-queue', ...args.filter((arg, i) => !arg.startsWith('--url') && args[i - 1] !== '--url')].join(
    ' ',
  )
  const db = await openDatabase(settings.queueUrl, settings.directory, {
    patienceMs: plan.dryRun ? 0 : plan.watch ? Number.POSITIVE_INFINITY : CONNECT_PATIENCE_MS,
    onWaiting: (sentence) => process.stderr.write(`do-queue: ${sentence} Waiting for it.\n`),
  })
  try {
    if (plan.dryRun) return await dryRun(db, plan)
    if (!plan.watch) await refusePaused(db, plan)
    return await workUntilEmpty(db, plan)
  } finally {
    await db.close()
  }
}

/**
 * A run of a job's command may be added while its worker is about to leave: whoever adds it sees that the seat is taken, and
 * starts no other. So the worker looks once more when its seat is free.
 */
async function workUntilEmpty(db: Driver, plan: Plan): Promise<number> {
  const first = await drainQueue(db, plan)
  let { failed } = first
  for (let last = first, idle = 0; plan.exec !== undefined && last.ending === 'empty'; ) {
    idle = attempted(last) === 0 ? idle + 1 : 0 // what is ready may be behind a run that is held
    if (idle === 2 || (await readyBuckets(db, plan.queue)).size === 0) break
    const next = await drainQueue(db, plan).catch(whenTaken)
    if (next === undefined) break
    failed += next.failed
    last = next
  }
  if (first.ending === 'paused') await refusePaused(db, plan)
  return plan.fail && failed > 0 ? EXIT.taskFailed : EXIT.ok
}

/** Another worker was started for it in the meantime. */
function whenTaken(error: unknown): undefined {
  if (!(error instanceof ShardTaken)) throw error
}

class ShardTaken extends Complaint {}

async function drainQueue(db: Driver, given: Plan): Promise<WorkSummary> {
  // The space for short-lived objects would grow sixteenfold under a steady stream of tasks, and is never given back.
  setFlagsFromString('--semi-space-growth-factor=1')
  const stateDirectory = realStateDirectory(given.settings.stateDirectory)
  const plan = { ...given, settings: { ...given.settings, stateDirectory } }
  const signals = takeSignals()
  const seats = await takeSeats(db, plan.queue, plan.total, plan.shards, {
    job: plan.job,
    stateDirectory,
    retry: plan.settings.retry,
    crash: plan.settings.crash,
    timeoutMs: plan.settings.timeoutMs ?? null,
  })
  let isClean = true
  try {
    const log = openLog(plan, seats)
    for (const holder of seats.taken) log.event('shard-taken', takenBy(holder))
    if (seats.shards.length === 0) throw busy(plan, seats.taken)
    const summary = await workSeats(db, plan, seats, log, signals)
    isClean = summary.isClean
    if (summary.problem !== undefined) throw summary.problem
    return summary
  } finally {
    await seats.leave(isClean)
    signals.end()
  }
}

async function workSeats(db: Driver, plan: Plan, seats: Seats, log: DayLog, signals: Signals): Promise<WorkSummary> {
  const { settings } = plan
  const startedAt = performance.now()
  const buckets = bucketsOf(plan.total, seats.shards)
  const installation = await installationName(db)
  const directory = workerDirectoryPath(settings.stateDirectory, installation, seats.workerId)
  // Asked when our seats can be seen already: who stops us now either finds them or has left word.
  const stop = plan.job === null ? undefined : await stopInForce(db, plan.job, ownIdentity().host)
  log.event('worker-start', {
    queue: plan.queue,
    concurrency: plan.concurrency ?? seats.shards.length,
    worker: seats.workerId,
  })
  if (plan.nice !== undefined) beNice(plan.nice, log)
  if (plan.slot !== undefined) await confirmStart(db, plan.slot).catch(() => {}) // whoever started us says it as well
  const work = new Work({
    db,
    log,
    queue: plan.queue,
    buckets,
    concurrency: plan.concurrency ?? seats.shards.length,
    batch: plan.batch,
    limit: plan.limit,
    filter: plan.filter,
    pauses: new Pauses(db, plan.queue, (...event) => log.event(...event)),
    watch: plan.watch,
    directory,
    holdsLease: () => seats.isHeld,
    attempts: {
      workerId: seats.workerId,
      installation,
      terms: { retry: settings.retry, crash: settings.crash },
      timeoutMs: settings.timeoutMs,
      graceMs: settings.graceMs,
      projectDirectory: settings.directory,
      environment: programEnvironment(process.env, plan.job),
      programs: new Programs(settings.tasksDirectory),
      command: plan.exec && new JobCommand(plan.exec, settings.directory, process.env.PATH ?? ''),
    },
  })
  seats.keep({
    graceMs: settings.graceMs,
    onRenewed: (until) => noteLease(directory, until),
    onCutOff: (reason, withinMs) => work.suspend(reason, withinMs),
    onBack: () => work.resume(),
    onLost: (reason) => work.stop(reason, 'lease-lost'),
    onDrain: () => work.drain('cron-mission stop'),
  })
  const { stateDirectory, graceMs } = settings
  const adopter = { db, log: () => log, graceMs }
  const endRescue = await keepRescuing(
    new Rescue({ ...adopter, installation, stateDirectory, ownDirectory: directory }),
  )
  signals.obeyWith(work)
  if (stop !== undefined) work.drain(stopReason(stop, settings.timezone))
  const maxTime =
    plan.maxTimeMs === undefined ? undefined : startTimer(plan.maxTimeMs, () => work.drain('--max-time is over'))
  const show = await showProgress(db, plan, buckets, work)
  try {
    const summary = await work.run()
    const seconds = (performance.now() - startedAt) / 1_000
    log.event('worker-end', { ...facts(summary), seconds: Number(seconds.toFixed(3)) })
    show()
    if (summary.problem === undefined) print(plan, log, summary, seconds)
    return summary
  } finally {
    show()
    await endRescue()
    maxTime?.cancel()
    signals.hold()
    log.close()
  }
}

/** Runners and programs inherit it. */
function beNice(priority: number, log: DayLog): void {
  try {
    setPriority(priority)
  } catch (error) {
    log.event('nice-refused', { nice: priority, reason: (error as Error).message })
  }
}

function openLog(plan: Plan, seats: Seats): DayLog {
  const { settings } = plan
  const { host, pid } = ownIdentity()
  const shards = seats.shards.length > 0 ? seats.shards : plan.shards
  return new DayLog({
    directory: settings.logsDirectory,
    name: 'do-queue',
    zone: settings.timezone,
    format: settings.logFormat,
    source: { host, pid, shard: describeShards(shards, plan.total) },
  })
}

function takenBy({ host, pid, shard, total }: SeatHolder) {
  return { taken: `${shard}/${total}`, holder: `${host}:${pid}` }
}

function busy({ settings, ...plan }: Plan, taken: readonly SeatHolder[]): ShardTaken {
  const [first] = taken
  const who =
    first === undefined
      ? 'another worker'
      : `pid ${first.pid} on ${first.host} since ${localTime(settings.timezone, first.since).slice(0, 19)}`
  return new ShardTaken(
    EXIT.busy,
    `Shard ${describeShards(plan.shards, plan.total)} of queue "${plan.queue}" is being worked on by ${who}. Wait for it, or use another --total.`,
  )
}

async function dryRun(db: Driver, plan: Plan): Promise<number> {
  const buckets = bucketsOf(plan.total, plan.shards)
  const rows = await peek(db, { queue: plan.queue, buckets, filter: plan.filter }, DRY_RUN_ROWS)
  if (plan.print === 'json') {
    printJson(...rows)
    return EXIT.ok
  }
  const filtered = Object.keys(plan.filter).length > 0
  const ready = filtered ? undefined : await countReady(db, plan.queue, buckets)
  for (const { id, task, param } of rows)
    process.stdout.write(`${id}  ${task}  ${JSON.stringify(param.length > 60 ? `${param.slice(0, 60)}…` : param)}\n`)
  const more =
    ready === undefined
      ? rows.length === DRY_RUN_ROWS
        ? ` These are the first ${DRY_RUN_ROWS}.`
        : ''
      : ` ${grouped(ready)} are ready in all.`
  process.stdout.write(rows.length === 0 ? 'Nothing would be run.\n' : `Nothing was run.${more}\n`)
  return EXIT.ok
}

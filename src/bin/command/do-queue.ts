/**
 * `do-queue`: works its part of the queue until it is empty.
 */

import { setPriority } from 'node:os'
import { EXIT } from '../../exit.ts'
import { commandDirectory } from '../../host/command-surroundings.ts'
import { ownIdentity } from '../../host/identity.ts'
import type { DayLog } from '../../log/day-log.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import { type NamedDatabase, openNamed } from '../../queue/open-queue.ts'
import { readyBuckets } from '../../queue/store/count.ts'
import { keepFewPages } from '../../queue/store/page-cache.ts'
import { confirmStart } from '../../queue/store/slot.ts'
import { stopInForce } from '../../queue/store/stop.ts'
import { stopReason } from '../../schedule/stop/stop-words.ts'
import { startTimer } from '../../time/timer.ts'
import { compileCache } from '../../worker/compile-cache.ts'
import { programEnvironment } from '../../worker/environment.ts'
import { JobCommand } from '../../worker/job-command.ts'
import { Pauses } from '../../worker/pauses.ts'
import { Programs } from '../../worker/program.ts'
import { keepRescuing, Rescue } from '../../worker/rescue.ts'
import { loadStarter } from '../../worker/runner.ts'
import { type Seats, takeSeats } from '../../worker/seats.ts'
import { keepHeapSmall, useHeapAsUsual } from '../../worker/small-heap.ts'
import { Work } from '../../worker/work.ts'
import type { WorkSummary } from '../../worker/work-options.ts'
import { noteLease, realStateDirectory, workerDirectoryPath } from '../../worker/worker-directory.ts'
import { dryRun } from './do-queue-dry-run.ts'
import { LEAVE } from './do-queue-leave.ts'
import { readPlan } from './do-queue-line.ts'
import { openLog } from './do-queue-log.ts'
import { refusePaused } from './do-queue-paused.ts'
import type { Plan } from './do-queue-plan.ts'
import type { OpenedQueue } from './do-queue-quiet.ts'
import { replaceHolders } from './do-queue-replace.ts'
import { type Signals, takeSignals } from './do-queue-signals.ts'
import { attempted, facts, print, showProgress } from './do-queue-summary.ts'
import { busy, otherRule, takenBy, whenTaken } from './do-queue-taken.ts'
import { Title } from './do-queue-title.ts'

/** How long a worker that does not watch waits for a database that cannot be reached. */
const CONNECT_PATIENCE_MS = 10_000

const title = new Title()
let leavesPrograms = false

export async function main(args: string[], opened?: OpenedQueue): Promise<number> {
  const code = await run(args, opened)
  // Their runners see them to their ends.
  if (leavesPrograms) process.exit(code)
  return code
}

async function run(args: string[], opened: OpenedQueue | undefined): Promise<number> {
  try {
    const plan = await readPlan(args)
    title.name(plan, plan.shards)
    title.show('starting')
    return opened === undefined ? await openAndWork(plan) : await work(opened, plan, opened.isHalted)
  } finally {
    await opened?.db.close()
  }
}

async function openAndWork(plan: Plan): Promise<number> {
  const { queueUrl, directory } = plan.settings
  const database = await openNamed(queueUrl, directory, {
    patienceMs: plan.dryRun ? 0 : plan.watch ? Number.POSITIVE_INFINITY : CONNECT_PATIENCE_MS,
    onWaiting: (sentence) => process.stderr.write(`do-queue: ${sentence} Waiting for it.\n`),
  })
  try {
    return await work(database, plan, true)
  } finally {
    await database.db.close()
  }
}

/** @param mayBePaused  a pause of the queue is not ruled out yet; one that comes later is heeded before anything is claimed */
async function work(database: NamedDatabase, plan: Plan, mayBePaused: boolean): Promise<number> {
  if (plan.dryRun) return dryRun(database.db, plan)
  if (!plan.watch && mayBePaused) await refusePaused(database.db, plan)
  return workUntilEmpty(database, plan)
}

/**
 * A run of a job's command may be added while its worker is about to leave: whoever adds it sees that the seat is taken, and
 * starts no other. So the worker looks once more when its seat is free.
 */
async function workUntilEmpty(database: NamedDatabase, plan: Plan): Promise<number> {
  const { db } = database
  const first = await drainQueue(database, plan)
  let { failed } = first
  for (let last = first, idle = 0; plan.exec !== undefined && last.ending === 'empty'; ) {
    idle = attempted(last) === 0 ? idle + 1 : 0 // what is ready may be behind a run that is held
    if (idle === 2 || (await readyBuckets(db, plan.queue)).size === 0) break
    const next = await drainQueue(database, plan).catch(whenTaken)
    if (next === undefined) break
    failed += next.failed
    last = next
  }
  if (first.ending === 'paused') await refusePaused(db, plan)
  return plan.fail && failed > 0 ? EXIT.taskFailed : EXIT.ok
}

async function drainQueue(database: NamedDatabase, given: Plan): Promise<WorkSummary> {
  const { db } = database
  const stateDirectory = realStateDirectory(given.settings.stateDirectory)
  const plan = { ...given, settings: { ...given.settings, stateDirectory } }
  const signals = takeSignals()
  const loaded = plan.watch ? undefined : loadStarter() // its kept code is believed under the usual flags
  if (plan.replace) await replaceHolders(db, plan)
  const seats = await takeSeats(db, plan.queue, plan.total, plan.shards, {
    job: plan.job,
    stateDirectory,
    retry: plan.settings.retry,
    crash: plan.settings.crash,
    timeoutMs: plan.settings.timeoutMs ?? null,
    perKey: plan.perKey,
  })
  let isClean = true
  try {
    await loaded
    keepHeapSmall(plan.watch)
    await keepFewPages(db)
    const log = openLog(plan, seats.shards)
    for (const holder of seats.taken) log.event('shard-taken', takenBy(holder))
    if (seats.otherRule !== undefined) throw otherRule(plan, seats.otherRule)
    if (seats.shards.length === 0) throw busy(plan, seats.taken)
    const summary = await workSeats(database, plan, seats, log, signals)
    isClean = summary.isClean
    leavesPrograms = summary.left > 0
    if (summary.problem !== undefined) throw summary.problem
    return summary
  } finally {
    await seats.leave(isClean)
    signals.end()
    useHeapAsUsual()
  }
}

async function workSeats(
  { db, installation }: NamedDatabase,
  plan: Plan,
  seats: Seats,
  log: DayLog,
  signals: Signals,
): Promise<WorkSummary> {
  const { settings } = plan
  const startedAt = performance.now()
  const buckets = bucketsOf(plan.total, seats.shards)
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
  const { env, directory: asked } = plan.surroundings
  const environment = {
    ...compileCache(process.env, settings.tasksDirectory),
    ...programEnvironment(process.env, plan.job),
    ...env,
  }
  const command =
    plan.exec &&
    new JobCommand(plan.exec, commandDirectory(asked, settings.directory, environment.HOME), environment.PATH ?? '')
  const work = new Work({
    db,
    log,
    queue: plan.queue,
    buckets,
    concurrency: plan.concurrency ?? seats.shards.length,
    batch: plan.batch,
    limit: plan.limit,
    perKey: plan.perKey,
    filter: plan.filter,
    pauses: new Pauses(db, plan.queue, (...event) => log.event(...event)),
    watch: plan.watch,
    directory,
    holdsLease: () => seats.isHeld,
    freeSeats: () => seats.free(),
    attempts: {
      workerId: seats.workerId,
      installation,
      terms: { retry: settings.retry, crash: settings.crash },
      timeoutMs: settings.timeoutMs,
      graceMs: settings.graceMs,
      projectDirectory: command?.directory ?? settings.directory,
      environment,
      programs: new Programs(settings.tasksDirectory, plan.warm),
      warmLimits: settings.warmLimits,
      command,
    },
  })
  seats.keep({
    graceMs: settings.graceMs,
    onRenewed: (until) => noteLease(directory, until),
    onCutOff: (reason, withinMs) => work.suspend(reason, withinMs),
    onBack: () => work.resume(),
    onLost: (reason) => work.stop(reason, 'lease-lost'),
    onAsked: (how) => LEAVE[how](work),
  })
  const { stateDirectory, graceMs } = settings
  const adopter = { db, log: () => log, graceMs }
  const endRescue = await keepRescuing(
    new Rescue({ ...adopter, installation, stateDirectory, ownDirectory: directory }),
  )
  signals.obeyWith(work, () => seats.look())
  title.name(plan, seats.shards)
  title.follow(() => work.state)
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
    title.end()
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

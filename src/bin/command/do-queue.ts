/**
 * `do-queue`: works its part of the queue until it is empty.
 */
import { join } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import { DayLog } from '../../log/day-log.ts'
import { bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { installationName } from '../../queue/migrate.ts'
import { openDatabase } from '../../queue/open-queue.ts'
import { countReady } from '../../queue/store/count.ts'
import { peek } from '../../queue/store/peek.ts'
import type { SeatHolder } from '../../queue/store/seat.ts'
import { startTimer } from '../../time/timer.ts'
import { localTime } from '../../time/zone.ts'
import { programEnvironment } from '../../worker/environment.ts'
import { ownIdentity } from '../../worker/identity.ts'
import { Programs } from '../../worker/program.ts'
import { type Seats, takeSeats } from '../../worker/seats.ts'
import { Work, type WorkSummary } from '../../worker/work.ts'
import { count, progressBar } from '../progress.ts'
import { describeShards } from '../shards.ts'
import { type Plan, readPlan } from './do-queue-plan.ts'

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
const PROGRESS_MS = 100
const DRY_RUN_ROWS = 20

export async function main(args: string[]): Promise<number> {
  const plan = await readPlan(args)
  const { settings } = plan
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    return plan.dryRun ? await dryRun(db, plan) : await drainQueue(db, plan)
  } finally {
    await db.close()
  }
}

async function drainQueue(db: Driver, plan: Plan): Promise<number> {
  const seats = await takeSeats(db, plan.queue, plan.total, plan.shards, {
    job: plan.job,
    stateDirectory: plan.settings.stateDirectory,
    retry: plan.settings.retry,
    crash: plan.settings.crash,
    timeoutMs: plan.settings.timeoutMs ?? null,
  })
  try {
    const log = openLog(plan, seats)
    for (const holder of seats.taken) log.event('shard-taken', takenBy(holder))
    if (seats.shards.length === 0) throw busy(plan, seats.taken)
    return await workSeats(db, plan, seats, log)
  } finally {
    await seats.leave()
  }
}

async function workSeats(db: Driver, plan: Plan, seats: Seats, log: DayLog): Promise<number> {
  const { settings } = plan
  const startedAt = performance.now()
  const buckets = bucketsOf(plan.total, seats.shards)
  log.event('worker-start', {
    queue: plan.queue,
    concurrency: plan.concurrency ?? seats.shards.length,
    worker: seats.workerId,
  })
  const work = new Work({
    db,
    log,
    queue: plan.queue,
    buckets,
    concurrency: plan.concurrency ?? seats.shards.length,
    batch: plan.batch,
    limit: plan.limit,
    filter: plan.filter,
    watch: plan.watch,
    stateDirectory: join(settings.stateDirectory, `worker-${seats.workerId}`),
    attempts: {
      workerId: seats.workerId,
      installation: await installationName(db),
      terms: { retry: settings.retry, crash: settings.crash },
      timeoutMs: settings.timeoutMs,
      graceMs: settings.graceMs,
      projectDirectory: settings.directory,
      environment: programEnvironment(process.env),
      programs: new Programs(settings.tasksDirectory),
    },
  })
  seats.keep((reason) => {
    log.event('lease-lost', { reason })
    work.stop(reason)
  })
  const ignore = obeySignals(work)
  const maxTime =
    plan.maxTimeMs === undefined ? undefined : startTimer(plan.maxTimeMs, () => work.drain('--max-time is over'))
  const show = await showProgress(db, plan, buckets, work)
  try {
    const summary = await work.run()
    const seconds = (performance.now() - startedAt) / 1_000
    log.event('worker-end', { ...facts(summary), seconds: Number(seconds.toFixed(3)) })
    show()
    if (summary.problem !== undefined) throw summary.problem
    print(plan, log, summary, seconds)
    return plan.fail && summary.failed > 0 ? EXIT.taskFailed : EXIT.ok
  } finally {
    show()
    maxTime?.cancel()
    ignore()
    log.close()
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

/** The first signal drains, the second stops. A terminal that is closed (SIGHUP) is a signal like the others. */
function obeySignals(work: Work): () => void {
  let asked = 0
  const obey = (signal: NodeJS.Signals) => (asked++ === 0 ? work.drain(signal) : work.stop(`${signal} again`))
  for (const signal of STOP_SIGNALS) process.on(signal, obey)
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, obey)
  }
}

async function showProgress(db: Driver, plan: Plan, buckets: readonly number[], work: Work): Promise<() => void> {
  if (plan.print !== 'text' || !process.stderr.isTTY) return () => {}
  const filtered = Object.keys(plan.filter).length > 0 || plan.watch
  const total = filtered
    ? undefined
    : Math.min(await countReady(db, plan.queue, buckets), plan.limit ?? Number.POSITIVE_INFINITY)
  const bar = progressBar(plan.queue)
  const timer = setInterval(() => {
    const { done, retried, failed } = work.summary
    bar.update(done + retried + failed, total)
  }, PROGRESS_MS)
  return () => {
    clearInterval(timer)
    bar.end()
  }
}

function print(plan: Plan, log: DayLog, summary: WorkSummary, seconds: number): void {
  const file = join(plan.settings.logsDirectory, log.today.file)
  if (plan.print === 'json') process.stdout.write(`${JSON.stringify({ ...facts(summary), seconds, log: file })}\n`)
  if (plan.print !== 'text') return
  const { done, retried, failed, lost } = summary
  const all = done + retried + failed
  const parts = [
    `${count(done)} done`,
    `${count(retried)} to be retried`,
    `${count(failed)} failed`,
    ...(lost > 0 ? [`${count(lost)} refused`] : []),
  ]
  process.stdout.write(
    `${parts.join(', ')} in ${seconds.toFixed(1)} s${all > 0 ? ` (${count(Math.round(all / seconds))}/s), log ${file}` : ''}\n`,
  )
}

function facts({ done, retried, failed, lost, ending }: WorkSummary) {
  return { done, retried, failed, lost, ending }
}

function takenBy({ host, pid, shard, total }: SeatHolder) {
  return { taken: `${shard}/${total}`, holder: `${host}:${pid}` }
}

function busy({ settings, ...plan }: Plan, taken: readonly SeatHolder[]): Complaint {
  const [first] = taken
  const who =
    first === undefined
      ? 'another worker'
      : `pid ${first.pid} on ${first.host} since ${localTime(settings.timezone, first.since).slice(0, 19)}`
  return new Complaint(
    EXIT.busy,
    `Shard ${describeShards(plan.shards, plan.total)} of queue "${plan.queue}" is being worked on by ${who}. Wait for it, or use another --total.`,
  )
}

async function dryRun(db: Driver, plan: Plan): Promise<number> {
  const buckets = bucketsOf(plan.total, plan.shards)
  const rows = await peek(db, { queue: plan.queue, buckets, filter: plan.filter }, DRY_RUN_ROWS)
  if (plan.print === 'json') {
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
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
      : ` ${count(ready)} are ready in all.`
  process.stdout.write(rows.length === 0 ? 'Nothing would be run.\n' : `Nothing was run.${more}\n`)
  return EXIT.ok
}

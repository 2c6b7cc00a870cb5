/**
 * `cron-mission stop` and `cron-mission resume`: nothing is started while a deploy or an incident lasts.
 *
 * A stop is undone by the same words: `stop mail --all-hosts` by `resume mail --all-hosts`. `resume` without a job lifts
 * the stops of single jobs as well, but never one that somebody put on all hosts.
 */
import { userInfo } from 'node:os'
import { Complaint, EXIT } from '../../../exit.ts'
import { isGone, isOfThisBoot, ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import {
  addStop,
  EVERY,
  removeStops,
  type Stop,
  type StopKey,
  stops,
  type WorkerProcess,
} from '../../../queue/store/stop.ts'
import { drainWorkers, type Look, type Sight } from '../../../schedule/tick/drain-workers.ts'
import { place, resumeCommand, sinceAndBy, subject } from '../../../schedule/tick/stop-words.ts'
import { formatDuration } from '../../../time/duration.ts'
import { durationFlag } from '../../flags.ts'
import { count, statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { describeShards } from '../../shards.ts'
import { requireJob, type ScheduleFlags } from './schedule.ts'

export interface StopFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly 'all-hosts'?: boolean | undefined
  readonly timeout?: string | undefined
  readonly wait: boolean
  readonly json?: boolean | undefined
}

export type ResumeFlags = Omit<StopFlags, 'timeout' | 'wait'>

/** A worker gives its programs 10 seconds unless told otherwise, and another host hears of the stop after up to 15. */
const DEFAULT_TIMEOUT_MS = 300_000
const PATIENCE_MS = 10_000
const LEAVE_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function stop(flags: StopFlags, settings: Settings): Promise<number> {
  const timeoutMs = durationFlag('timeout', flags.timeout) ?? DEFAULT_TIMEOUT_MS
  if (flags.job !== undefined) await requireJob(flags.job, flags, settings)
  return withDatabase(settings, async (db) => {
    const { stop, isNew } = await addStop(db, keyOf(flags), whoAsks(), PATIENCE_MS)
    const { look, seconds, leftBy } = await drain(db, stop, flags.wait ? timeoutMs : 0)
    if (flags.json) process.stdout.write(`${JSON.stringify(stopFacts(stop, isNew, look, seconds))}\n`)
    if (flags.wait && look.notLeft.length > 0) throw notLeft(look, stop, leftBy, timeoutMs)
    if (!flags.json) process.stdout.write(`${stopSentence(stop, isNew, settings, workersSentence(look, seconds))}\n`)
    return EXIT.ok
  })
}

async function drain(db: Driver, stop: Stop, timeoutMs: number) {
  const startedAt = performance.now()
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000)
  const line = statusLine()
  const leaving = new AbortController()
  const leave = (signal: NodeJS.Signals) => leaving.abort(signal)
  for (const signal of LEAVE_SIGNALS) process.once(signal, leave)
  try {
    const onLook = (look: Look) => line.show(() => drainingLine(look, seconds()))
    const look = await drainWorkers(db, stop, { sight, timeoutMs, signal: leaving.signal, onLook })
    return { look, seconds: seconds(), leftBy: leaving.signal.reason as NodeJS.Signals | undefined }
  } finally {
    for (const signal of LEAVE_SIGNALS) process.off(signal, leave)
    line.end()
  }
}

function drainingLine({ found, notLeft, programs }: Look, seconds: number): string {
  const workers = `${notLeft.length} of ${many(found, 'worker')}`
  return `draining ${workers}, ${many(programs, 'program')} ${programs === 1 ? 'runs' : 'run'}, ${seconds} s`
}

/** Without the time a process began, its number alone may be another one's by now. */
function sight(worker: WorkerProcess): Sight {
  if (isGone(worker)) return 'gone'
  return isOfThisBoot(worker) && worker.pidStart !== 0 ? 'runs' : 'unknown'
}

function stopSentence(stop: Stop, isNew: boolean, { timezone }: Settings, workers: string): string {
  const since = isNew ? '' : `, ${sinceAndBy(stop, timezone)}`
  const what = `${subject(stop, 'is', 'are')} stopped ${place(stop)}${since}`
  return `${what}. ${workers} "${resumeCommand(stop)}" lifts the stop.`
}

function workersSentence({ found, notLeft }: Look, seconds: number): string {
  if (found === 0) return 'No worker was at work.'
  if (notLeft.length > 0) return `${many(notLeft.length, 'worker')} ${were(notLeft.length)} asked to leave.`
  return `${many(found, 'worker')} left within ${seconds} s.`
}

function notLeft(look: Look, stop: Stop, leftBy: NodeJS.Signals | undefined, timeoutMs: number): Complaint {
  const until = leftBy === undefined ? `After ${formatDuration(timeoutMs)}` : `When ${leftBy} ended the waiting`
  const who = look.notLeft.map(describeWorker).join(', ')
  return new Complaint(
    EXIT.busy,
    `${until}, ${many(look.notLeft.length, 'worker')} had not left, with ${many(look.programs, 'program')}: ${who}. The stop stays in force until "${resumeCommand(stop)}"; the same command again waits on.`,
  )
}

function describeWorker({ host, pid, queue, shards, total }: WorkerProcess): string {
  return `${host}:${pid} (${queue} ${describeShards(shards, total)})`
}

function stopFacts(stop: Stop, isNew: boolean, { found, notLeft, programs }: Look, seconds: number) {
  const workers = notLeft.map(({ host, pid, job = null, queue, total, shards }) => ({
    ...{ host, pid, job, queue, total, shards },
  }))
  return { ...facts(stop), isNew, found, notLeft: workers, programs, seconds }
}

export async function resume(flags: ResumeFlags, settings: Settings): Promise<number> {
  return withDatabase(settings, async (db) => {
    const key = keyOf(flags)
    const all = await stops(db)
    const lifted = all.filter((one) => one.host === key.host && [EVERY, one.job].includes(key.job))
    if (lifted.length === 0 && flags.job !== undefined) await requireJob(flags.job, flags, settings)
    await removeStops(db, lifted, PATIENCE_MS)
    const remaining = all.filter((one) => !lifted.includes(one) && concerns(one, key))
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ lifted: lifted.map(facts), remaining: remaining.map(facts) })}\n`)
    } else {
      for (const line of resumeLines(key, lifted, remaining, settings)) process.stdout.write(`${line}\n`)
    }
    return EXIT.ok
  })
}

function resumeLines(
  key: StopKey,
  lifted: readonly Stop[],
  remaining: readonly Stop[],
  { timezone }: Settings,
): string[] {
  const was = (stop: Stop) =>
    `${subject(stop, 'may', 'may')} be started again ${place(stop)} (stopped ${sinceAndBy(stop, timezone)}).`
  const is = (stop: Stop) =>
    `${subject(stop, 'is', 'are')} still stopped ${place(stop)}, ${sinceAndBy(stop, timezone)}: "${resumeCommand(stop)}"${there(stop)} lifts that.`
  const none = `${key.job === EVERY ? 'Nothing was' : `Job ${key.job} was not`} stopped ${place(key)}.`
  return [...(lifted.length === 0 ? [none] : lifted.map(was)), ...remaining.map(is)]
}

function there({ host }: StopKey): string {
  return [EVERY, ownIdentity().host].includes(host) ? '' : ` on ${host}`
}

/** Whether a stop keeps back some of what was to be started again. */
function concerns(stop: StopKey, wanted: StopKey): boolean {
  const { host } = ownIdentity()
  const sameJob = stop.job === EVERY || [EVERY, stop.job].includes(wanted.job)
  return sameJob && (wanted.host === EVERY || [EVERY, host].includes(stop.host))
}

async function withDatabase(settings: Settings, work: (db: Driver) => Promise<number>): Promise<number> {
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

function keyOf({ job, 'all-hosts': allHosts }: ResumeFlags): StopKey {
  return { job: job ?? EVERY, host: allHosts ? EVERY : ownIdentity().host }
}

/** `root@web-1` */
function whoAsks(): string {
  return `${userName()}@${ownIdentity().host}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}` // a container's user need not have a name
  }
}

function facts({ job, host, by, since }: Stop) {
  return { job, host, by, since: new Date(since).toISOString() }
}

function many(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`
}

function were(number: number): string {
  return number === 1 ? 'was' : 'were'
}

/**
 * `cron-mission stop` and `drain`: nothing is started, and who works leaves, while a deploy or an incident lasts. `resume` and
 * `start` lift it. They differ in what becomes of the programs.
 */

import { amount } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import type { LeaveHow } from '../../../queue/leave-how.ts'
import { sinceAndBy } from '../../../queue/pause-words.ts'
import { addStop, EVERY, type Stop, type StopKey, type WorkerProcess } from '../../../queue/store/stop.ts'
import { drainWorkers, type Look, sight } from '../../../schedule/stop/drain-workers.ts'
import { place, resumeCommand, subject } from '../../../schedule/stop/stop-words.ts'
import { formatDuration } from '../../../time/duration.ts'
import { durationFlag } from '../../flags.ts'
import { whoAsks } from '../../operator.ts'
import { withOwn } from '../../own-database.ts'
import { printJson } from '../../print.ts'
import { statusLine } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { describeShards } from '../../shards.ts'
import { withDatabase } from '../../with-database.ts'
import { requireJob } from './find-job.ts'
import { readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { stopFacts } from './stop-facts.ts'
import { zonesOf } from './usual-zone.ts'

export interface StopFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly 'all-hosts'?: boolean | undefined
  readonly timeout?: string | undefined
  readonly wait: boolean
  readonly now?: boolean | undefined
  readonly kill?: boolean | undefined
  readonly json?: boolean | undefined
}

/** A worker gives its programs 10 seconds unless told otherwise, and another host hears of the stop after up to 15. */
const DEFAULT_TIMEOUT_MS = 300_000
const PATIENCE_MS = 10_000
const LEAVE_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export async function stop(flags: StopFlags, settings: Settings): Promise<number> {
  if (flags.now && flags.kill) {
    throw new Complaint(EXIT.usage, '--now is given with --kill, which asks no program to end first. Give one of them.')
  }
  return leave(flags, settings, flags.kill ? 'kill' : flags.now ? 'stop now' : 'stop')
}

export async function drain(flags: StopFlags, settings: Settings): Promise<number> {
  return leave(flags, settings, 'drain')
}

async function leave(flags: StopFlags, settings: Settings, how: LeaveHow): Promise<number> {
  const timeoutMs = durationFlag('timeout', flags.timeout) ?? DEFAULT_TIMEOUT_MS
  if (flags.job !== undefined) await requireJob(flags.job, flags, settings)
  const endless = how === 'drain' ? await endlessJobs(flags, settings) : []
  const howOf = ({ job }: WorkerProcess) => (job !== undefined && endless.includes(job) ? 'stop' : how)
  return withDatabase(settings, async (db) => {
    const { stop, isNew } = await addStop(db, keyOf(flags), whoAsks(), PATIENCE_MS)
    const { look, seconds, leftBy } = await waitForWorkers(db, settings, stop, howOf, flags.wait ? timeoutMs : 0)
    if (flags.json) printJson(factsOf(stop, isNew, look, seconds))
    if (flags.wait && look.notLeft.length > 0) throw notLeft(look, stop, leftBy, timeoutMs)
    if (!flags.json) {
      const zone = (await zonesOf(flags, settings))(flags.job)
      process.stdout.write(`${stopSentence(stop, isNew, zone, workersSentence(look, seconds))}\n`)
    }
    return EXIT.ok
  })
}

/** Jobs whose command does not end by itself: who drains gives it its grace period, as a stop does. */
async function endlessJobs(flags: StopFlags, settings: Settings): Promise<string[]> {
  try {
    const { jobs } = await readSchedule(flags, settings)
    return jobs.filter((job) => job.always && job.work.kind === 'exec').map(({ id }) => id)
  } catch (error) {
    if (error instanceof Complaint) return [] // a drain needs no schedule
    throw error
  }
}

/** Workers of jobs that each host runs are registered on the host. */
async function waitForWorkers(
  db: Driver,
  settings: Settings,
  stop: Stop,
  how: (worker: WorkerProcess) => LeaveHow,
  timeoutMs: number,
) {
  const startedAt = performance.now()
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000)
  const line = statusLine()
  const leaving = new AbortController()
  const leave = (signal: NodeJS.Signals) => leaving.abort(signal)
  for (const signal of LEAVE_SIGNALS) process.once(signal, leave)
  const onLook = (look: Look) => line.show(() => drainingLine(look, seconds()))
  const options = { how, sight, timeoutMs, signal: leaving.signal, onLook }
  try {
    const look = await withOwn(settings, (own) => drainWorkers(own === undefined ? [db] : [db, own], stop, options))
    return { look, seconds: seconds(), leftBy: leaving.signal.reason as NodeJS.Signals | undefined }
  } finally {
    for (const signal of LEAVE_SIGNALS) process.off(signal, leave)
    line.end()
  }
}

function drainingLine({ found, notLeft, programs }: Look, seconds: number): string {
  const workers = `${notLeft.length} of ${amount(found, 'worker')}`
  return `draining ${workers}, ${amount(programs, 'program')} ${programs === 1 ? 'runs' : 'run'}, ${seconds} s`
}

function stopSentence(stop: Stop, isNew: boolean, zone: string, workers: string): string {
  const since = isNew ? '' : `, ${sinceAndBy(stop, zone)}`
  const what = `${subject(stop, 'is', 'are')} stopped ${place(stop)}${since}`
  return `${what}. ${workers} "${resumeCommand(stop)}" lifts the stop.`
}

function workersSentence({ found, notLeft }: Look, seconds: number): string {
  if (found === 0) return 'No worker was at work.'
  if (notLeft.length > 0) return `${amount(notLeft.length, 'worker')} ${were(notLeft.length)} asked to leave.`
  return `${amount(found, 'worker')} left within ${seconds} s.`
}

function notLeft(look: Look, stop: Stop, leftBy: NodeJS.Signals | undefined, timeoutMs: number): Complaint {
  const until = leftBy === undefined ? `After ${formatDuration(timeoutMs)}` : `When ${leftBy} ended the waiting`
  const who = look.notLeft.map(describeWorker).join(', ')
  return new Complaint(
    EXIT.busy,
    `${until}, ${amount(look.notLeft.length, 'worker')} had not left, with ${amount(look.programs, 'program')}: ${who}. The stop stays in force until "${resumeCommand(stop)}"; the same command again waits on.`,
  )
}

function describeWorker({ host, pid, queue, shards, total }: WorkerProcess): string {
  return `${host}:${pid} (${queue} ${describeShards(shards, total)})`
}

function factsOf(stop: Stop, isNew: boolean, { found, notLeft, programs }: Look, seconds: number) {
  const workers = notLeft.map(({ host, pid, job = null, queue, total, shards }) => ({
    ...{ host, pid, job, queue, total, shards },
  }))
  return { ...stopFacts(stop), isNew, found, notLeft: workers, programs, seconds }
}

function keyOf({ job, 'all-hosts': allHosts }: StopFlags): StopKey {
  return { job: job ?? EVERY, host: allHosts ? EVERY : ownIdentity().host }
}

function were(number: number): string {
  return number === 1 ? 'was' : 'were'
}

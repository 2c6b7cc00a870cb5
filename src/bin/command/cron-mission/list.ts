/**
 * `cron-mission check` and `cron-mission list`: what the schedule says, and what is wrong with it.
 */
import { existsSync } from 'node:fs'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import { holds, type Stop, stops } from '../../../queue/store/stop.ts'
import { parseQueueUrl } from '../../../queue/url.ts'
import { nextWhen } from '../../../schedule/calendar/when-due.ts'
import { describeWhen } from '../../../schedule/language/describe.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { stopReason } from '../../../schedule/tick/stop-words.ts'
import { localTime } from '../../../time/zone.ts'
import type { Settings } from '../../settings.ts'
import { table } from '../../table.ts'
import { complain, readSchedule, type ScheduleFlags, schedulePath } from './schedule.ts'

export interface ListFlags extends ScheduleFlags {
  readonly json?: boolean | undefined
}

export async function check(flags: ListFlags, settings: Settings): Promise<number> {
  const { jobs, problems } = await readSchedule(flags, settings)
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ jobs: jobs.map(({ id }) => id), problems })}\n`)
  } else {
    for (const { sentence } of problems) process.stdout.write(`${sentence}\n`)
    const verdict =
      problems.length === 0 ? 'all right' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
    process.stdout.write(
      `${schedulePath(flags, settings)}: ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} can run, ${verdict}\n`,
    )
  }
  return problems.length === 0 ? EXIT.ok : EXIT.badConfig
}

interface ListedJob {
  readonly job: PlannedJob
  /** UTC milliseconds; undefined when there is no next time. */
  readonly next: number | undefined
  readonly stop: Stop | undefined
}

/** The schedule is listed also when the database, which knows what is stopped, cannot be asked. */
export async function list(flags: ListFlags, settings: Settings, now: number): Promise<number> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const inForce = await stopsInForce(settings)
  const { host } = ownIdentity()
  const listed = jobs.map((job) => ({
    job,
    next: nextWhen(job.when, job.timezone, now),
    stop: inForce.stops.find((stop) => holds(stop, job.id, host)),
  }))
  if (flags.json) for (const one of listed) process.stdout.write(`${JSON.stringify(facts(one))}\n`)
  else process.stdout.write(table(['JOB', 'NEXT RUN', 'WHEN', 'ZONE', 'QUEUE × SHARDS', 'REASON'], listed.map(row)))
  for (const { sentence } of problems) complain(sentence)
  if (inForce.problem !== undefined) complain(`Which jobs are stopped is not known. ${inForce.problem.message}`)
  return problems.length > 0 ? EXIT.badConfig : (inForce.problem?.exitCode ?? EXIT.ok)
}

function facts({ job: { id, when, ...rest }, next, stop }: ListedJob) {
  const nextRun = next === undefined ? null : new Date(next).toISOString()
  const stopped = stop === undefined ? {} : { stopped: { ...stop, since: new Date(stop.since).toISOString() } }
  return { job: id, next: nextRun, when: describeWhen(when), ...rest, ...stopped }
}

function row({ job, next, stop }: ListedJob): string[] {
  return [
    job.id,
    job.paused !== undefined ? 'paused' : stop !== undefined ? 'stopped' : nextRun(next, job.timezone),
    describeWhen(job.when),
    job.timezone,
    `${job.queue} × ${job.shards}`,
    job.paused ?? (stop === undefined ? '' : stopReason(stop, job.timezone)),
  ]
}

function nextRun(next: number | undefined, zone: string): string {
  if (next === undefined) return 'never'
  return localTime(zone, next)
    .replace(/:00\.000/, '')
    .replace('T', ' ')
}

async function stopsInForce(settings: Settings): Promise<{ readonly stops: Stop[]; readonly problem?: Complaint }> {
  try {
    const place = parseQueueUrl(settings.queueUrl, settings.directory)
    // To look at a schedule makes no database.
    if (place.kind === 'sqlite' && !existsSync(place.file)) return { stops: [] }
    const db = await openDatabase(settings.queueUrl, settings.directory)
    try {
      return { stops: await stops(db) }
    } finally {
      await db.close()
    }
  } catch (error) {
    if (error instanceof Complaint) return { stops: [], problem: error }
    throw error
  }
}

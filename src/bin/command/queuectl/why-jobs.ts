/**
 * The jobs of the schedule that work a queue, and what they do about it.
 */
import type { JobOutlook, KeptBack } from '../../../ctl/why/evidence.ts'
import type { Driver } from '../../../queue/driver.ts'
import { sinceAndBy } from '../../../queue/pause-words.ts'
import { lastSlots } from '../../../queue/store/read-slot.ts'
import { holds, type Stop, stops } from '../../../queue/store/stop.ts'
import { calendarJob } from '../../../schedule/calendar/job-calendar.ts'
import { nextRuns } from '../../../schedule/calendar/next-runs.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { pastWord, resumeCommand } from '../../../schedule/stop/stop-words.ts'
import type { Settings } from '../../settings.ts'
import { lastPlan, queueOf } from './last-plan.ts'

/** @returns undefined when no tick has left a plan on this host */
export async function jobsOf(
  db: Driver,
  queue: string,
  host: string,
  settings: Settings,
): Promise<JobOutlook[] | undefined> {
  const plan = lastPlan(settings)
  if (plan === undefined) return undefined
  const jobs = plan.jobs.filter((job) => queueOf(job) === queue)
  if (jobs.length === 0) return []
  const inForce = await stops(db)
  const last = await lastSlots(
    db,
    jobs.map(({ id }) => id),
  )
  const now = Date.now()
  return jobs.map((job): JobOutlook => {
    const slot = last.get(job.id)
    return {
      id: job.id,
      shards: job.work.kind === 'queue' && typeof job.work.shards === 'number' ? job.work.shards : undefined,
      isAlways: job.always,
      next: nextRuns(calendarJob(job, plan.jobs), now, 1, 0)[0]?.slotAt,
      keptBack: keptBack(
        job,
        inForce.find((stop) => holds(stop, job.id, host)),
        settings.timezone,
      ),
      last: slot && { slotAt: slot.slotAt, verdict: slot.verdict, reason: slot.reason },
      hosts: typeof job.hosts === 'string' ? undefined : job.hosts,
    }
  })
}

function keptBack(job: PlannedJob, stop: Stop | undefined, zone: string): KeptBack | undefined {
  if (job.paused !== undefined) return { how: 'paused', words: `in the schedule: ${job.paused}`, resume: undefined }
  if (stop === undefined) return undefined
  const reason = stop.reason === undefined ? '' : `: ${stop.reason}`
  return {
    how: pastWord(stop) === 'paused' ? 'paused' : 'stopped',
    words: `${sinceAndBy(stop, zone)}${reason}`,
    resume: resumeCommand(stop),
  }
}

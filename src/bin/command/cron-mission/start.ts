/**
 * `cron-mission start`: the workers that should be at work now are started, and a stop is lifted that kept them from it.
 */
import { amount } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { EVERY, removeStops, type Stop, stops } from '../../../queue/store/stop.ts'
import { jobFunctions } from '../../../schedule/language/functions.ts'
import { mayStartOn } from '../../../schedule/language/job-hosts.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { jobToStart, requireThisHost } from './find-job.ts'
import { Logs } from './logs.ts'
import { complain, planNow } from './schedule.ts'
import { libraryUrl, type ScheduleFlags } from './schedule-path.ts'
import { type JobStart, startJob } from './start-job.ts'
import { stopFacts } from './stop-facts.ts'

export interface StartFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly json?: boolean | undefined
}

const PATIENCE_MS = 10_000

export async function start(flags: StartFlags, settings: Settings): Promise<number> {
  const { jobs, path } = await jobsToStart(flags, settings)
  const logs = new Logs(settings)
  const functions = jobFunctions(path, libraryUrl(), complain)
  try {
    return await withDatabase(settings, async (db) => {
      const key = { job: flags.job ?? EVERY, host: ownIdentity().host }
      const lifted = (await stops(db)).filter(
        ({ kind, job, host }) => kind === 'stop' && job === key.job && host === key.host,
      )
      await removeStops(db, lifted, PATIENCE_MS)
      const starts: JobStart[] = []
      for (const job of jobs) starts.push(await startJob(db, job, settings, logs, functions))
      if (flags.json) printJson({ lifted: lifted.map(stopFacts), jobs: starts.map(startFacts) })
      else printLines(linesOf(lifted, starts))
      return starts.every(({ isFine }) => isFine) ? EXIT.ok : EXIT.busy
    })
  } finally {
    await functions.end()
    logs.close()
  }
}

/** Without a name, those that are to be at work always: all others a tick starts when they are due. */
async function jobsToStart(
  flags: StartFlags,
  settings: Settings,
): Promise<{ readonly jobs: readonly PlannedJob[]; readonly path: string }> {
  if (flags.job === undefined) {
    const { jobs, problems, path } = await planNow(flags, settings)
    for (const { sentence } of problems) complain(sentence)
    return { jobs: jobs.filter((job) => job.always && mayStartOn(job, ownIdentity().host)), path }
  }
  const { job, plan } = await jobToStart(flags.job, flags, settings)
  requireThisHost(job)
  if (job.work.kind === 'queue' || job.always) return { jobs: [job], path: plan.path }
  throw new Complaint(
    EXIT.usage,
    `The job "${job.id}" works no queue, so it has no workers to be started. "cron-mission run ${job.id}" runs it now.`,
  )
}

function linesOf(lifted: readonly Stop[], starts: readonly JobStart[]): string[] {
  const what = ({ job }: Stop) => (job === EVERY ? 'All jobs' : `Job ${job}`)
  const lines = lifted.map((stop) => `${what(stop)} may be started again on ${stop.host}.`)
  if (starts.length === 0) {
    const nothing = 'No job of the schedule is to be at work always: ticks start the others when they are due.'
    return [...lines, nothing]
  }
  return [...lines, ...starts.map(startLine)]
}

export function startLine({ job, pids, reason, ended }: JobStart): string {
  if (pids.length === 0) return `Job ${job}: nothing was started: ${reason}.`
  const failed = ended.filter(([, code]) => code !== EXIT.ok)
  const lost = failed.map(([pid, code]) => ` ${pid} ended with exit ${code}; the log do-queue-….log says why.`)
  return `Job ${job}: ${amount(pids.length, 'worker')} started: ${pids.join(', ')}.${lost.join('')}`
}

export function startFacts({ job, pids, reason, ended }: JobStart) {
  return { job, pids, reason: reason ?? null, ended: ended.map(([pid, exitCode]) => ({ pid, exitCode })) }
}

/**
 * Workers that are to be at work always and do not stay.
 *
 * Whoever starts what is missing, a tick or the daemon, leaves a slot in the ledger, so the ledger tells on any host how often that
 * was. One start after a death is what `always()` is for; several within minutes are a trouble that somebody has to look at.
 */
import type { Driver } from '../../queue/driver.ts'
import { startCounts } from '../../queue/store/slot-count.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { RunEnding } from './incident.ts'

/** A crontab alone starts what is missing once a minute: its fourth start is seen well within this. */
const WINDOW_MS = 600_000
/** The first start, and three that put back what had ended. */
const TOO_MANY = 4
/** Workers that leave by their `maxTime` so often are started so often. */
const SHORT_TIME_MS = 1_800_000

/** The jobs whose workers do not stay, and how often some were started of late. */
export async function restlessJobs(db: Driver, jobs: readonly PlannedJob[]): Promise<Map<string, number>> {
  const watched = jobs.filter(({ always, work }) => always && work.kind === 'queue' && !isShort(work.maxTimeMs))
  const counts = await startCounts(
    db,
    watched.map(({ id }) => id),
    WINDOW_MS,
  )
  return new Map([...counts].filter(([, starts]) => starts >= TOO_MANY))
}

function isShort(maxTimeMs: number | undefined): boolean {
  return maxTimeMs !== undefined && maxTimeMs < SHORT_TIME_MS
}

/** A clause about such a job. */
export function restlessReason(starts: number): string {
  return `its workers do not stay: missing ones were started ${starts} times in the last 10 minutes`
}

/**
 * What a tick tells of the workers of jobs that somebody wants to hear of. Of a command that is always at work its end tells.
 *
 * @param complete  jobs that lack no worker
 * @param minute    UTC milliseconds
 */
export async function alwaysEndings(
  db: Driver,
  jobs: readonly PlannedJob[],
  complete: readonly string[],
  minute: number,
): Promise<RunEnding[]> {
  const wanted = jobs.filter(({ always, work, notify }) => always && work.kind === 'queue' && notify !== undefined)
  const restless = await restlessJobs(db, wanted)
  return wanted.flatMap(({ id }): RunEnding[] => {
    const starts = restless.get(id)
    const about = { job: id, slotAt: minute, exitCode: null, exitSignal: null, attempts: 0 }
    if (starts !== undefined) return [{ ...about, outcome: 'failed', error: restlessReason(starts) }]
    return complete.includes(id) ? [{ ...about, outcome: 'done', error: null }] : []
  })
}

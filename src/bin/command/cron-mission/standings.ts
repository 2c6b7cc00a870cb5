/**
 * How the jobs stand, from the databases that know it: the project's, and this host's own. To look makes no database.
 */
import { Complaint } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { NO_STANDINGS, readStandings, type Standings } from '../../../schedule/report/standing.ts'
import { ownUrl } from '../../own-database.ts'
import type { Settings } from '../../settings.ts'
import { lookInto } from '../../with-database.ts'
import { isOwn } from './ledger.ts'

export interface KnownStandings extends Standings {
  /** Why the database could not be asked. */
  readonly problem?: Complaint
}

export async function knownStandings(jobs: readonly PlannedJob[], settings: Settings): Promise<KnownStandings> {
  const { host } = ownIdentity()
  const own = jobs.filter((job) => isOwn(job, settings))
  const read = (of: readonly PlannedJob[]) => (db: Driver) => readStandings(db, of, host)
  const shared = await look(settings.queueUrl, settings, read(jobs))
  const ofThisHost = own.length === 0 ? NO_STANDINGS : await look(ownUrl(settings), settings, read(own))
  return { ...shared, of: (job) => (isOwn(job, settings) ? merged(shared, ofThisHost, job) : shared.of(job)) }
}

/** Stops are in the project's database, all else of such a job in this host's own. */
function merged(shared: Standings, own: Standings, job: PlannedJob): ReturnType<Standings['of']> {
  return { ...own.of(job), stops: [...shared.of(job).stops, ...own.of(job).stops] }
}

async function look(
  url: string,
  settings: Settings,
  read: (db: Driver) => Promise<Standings>,
): Promise<KnownStandings> {
  const found = await lookInto(settings, read, url)
  return found instanceof Complaint ? { ...NO_STANDINGS, problem: found } : (found ?? NO_STANDINGS)
}

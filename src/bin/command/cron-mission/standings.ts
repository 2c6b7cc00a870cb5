/**
 * How the jobs stand, from the databases that know it: the project's, and this host's own. To look makes no database.
 */
import { existsSync } from 'node:fs'
import { Complaint } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import { parseQueueUrl } from '../../../queue/url.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { NO_STANDINGS, readStandings, type Standings } from '../../../schedule/tick/standing.ts'
import type { Settings } from '../../settings.ts'
import { isOwn, ownUrl } from './ledger.ts'

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
  { directory }: Settings,
  read: (db: Driver) => Promise<Standings>,
): Promise<KnownStandings> {
  try {
    if (!isThere(url, directory)) return NO_STANDINGS
    const db = await openDatabase(url, directory)
    try {
      return await read(db)
    } finally {
      await db.close()
    }
  } catch (error) {
    if (error instanceof Complaint) return { ...NO_STANDINGS, problem: error }
    throw error
  }
}

/** False for a file that is not there yet. */
export function isThere(url: string, directory: string): boolean {
  const place = parseQueueUrl(url, directory)
  return place.kind !== 'sqlite' || existsSync(place.file)
}

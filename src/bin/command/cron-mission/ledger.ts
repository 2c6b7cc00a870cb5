/**
 * Which database has the ledger of a job: the project's, or this host's own.
 *
 * A command that every host runs needs nobody's consent, so where the database is a server, its slots and runs stand in a
 * database of this host's own: they are begun, too, while the server is away.
 */
import type { Driver } from '../../../queue/driver.ts'
import { isEmbedded } from '../../../queue/url.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { ownUrl } from '../../own-database.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

export function isOwn({ hosts, work }: PlannedJob, { queueUrl }: Settings): boolean {
  return hosts === 'each' && work.kind === 'exec' && !isEmbedded(queueUrl)
}

/** @param common  the project's database, open already */
export function withLedger<T>(
  job: PlannedJob,
  common: Driver,
  settings: Settings,
  work: (db: Driver) => Promise<T>,
): Promise<T> {
  return isOwn(job, settings) ? withDatabase(settings, work, ownUrl(settings)) : work(common)
}

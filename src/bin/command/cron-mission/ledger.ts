/**
 * Which database has the ledger of a job: the project's, or this host's own.
 *
 * A command that every host runs needs nobody's consent, so where the database is a server, its slots and runs stand in a
 * database of this host's own: they are begun, too, while the server is away.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../../../queue/driver.ts'
import { isEmbedded } from '../../../queue/url.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'

const HOST_FILE = 'host.db'

export function isOwn({ hosts, work }: PlannedJob, { queueUrl }: Settings): boolean {
  return hosts === 'each' && work.kind === 'exec' && !isEmbedded(queueUrl)
}

/** The URL of this host's own database. */
export function ownUrl({ stateDirectory }: Settings): string {
  return `sqlite:${join(stateDirectory, HOST_FILE)}`
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

/** With this host's own database, where it has come to need one beside the project's. */
export function withOwn<T>(settings: Settings, work: (own: Driver | undefined) => Promise<T>): Promise<T> {
  const { queueUrl, stateDirectory } = settings
  const hasOwn = !isEmbedded(queueUrl) && existsSync(join(stateDirectory, HOST_FILE))
  return hasOwn ? withDatabase(settings, work, ownUrl(settings)) : work(undefined)
}

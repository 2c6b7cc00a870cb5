/**
 * Which database has the ledger of a job: the project's, or this host's own.
 *
 * A command that every host runs needs nobody's consent, so where the database is a server, its slots and runs stand in a
 * database of this host's own: they are begun, too, while the server is away.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../../../queue/driver.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import { isEmbedded } from '../../../queue/url.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import type { Settings } from '../../settings.ts'

const HOST_FILE = 'host.db'

export function isOwn({ hosts, work }: PlannedJob, { queueUrl }: Settings): boolean {
  return hosts === 'each' && work.kind === 'exec' && !isEmbedded(queueUrl)
}

/** The URL of this host's own database. */
export function ownUrl({ stateDirectory }: Settings): string {
  return `sqlite:${join(stateDirectory, HOST_FILE)}`
}

/** Whether this host has come to need one. */
export function hasOwn({ queueUrl, stateDirectory }: Settings): boolean {
  return !isEmbedded(queueUrl) && existsSync(join(stateDirectory, HOST_FILE))
}

export function openOwn(settings: Settings): Promise<Driver> {
  return openDatabase(ownUrl(settings), settings.directory)
}

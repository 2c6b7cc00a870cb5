/** This host's own database, which stands beside the project's where that is a server: see the ledger of jobs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../queue/driver.ts'
import { isEmbedded } from '../queue/url.ts'
import type { Settings } from './settings.ts'
import { withDatabase } from './with-database.ts'

const HOST_FILE = 'host.db'

export function ownUrl({ stateDirectory }: Settings): string {
  return `sqlite:${join(stateDirectory, HOST_FILE)}`
}

/** With it, where the host has come to need one. */
export function withOwn<T>(settings: Settings, work: (own: Driver | undefined) => Promise<T>): Promise<T> {
  const { queueUrl, stateDirectory } = settings
  const hasOwn = !isEmbedded(queueUrl) && existsSync(join(stateDirectory, HOST_FILE))
  return hasOwn ? withDatabase(settings, work, ownUrl(settings)) : work(undefined)
}

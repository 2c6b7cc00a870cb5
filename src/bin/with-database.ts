/** The database of a command, closed when the command is done with it. */
import { existsSync } from 'node:fs'
import { Complaint } from '../exit.ts'
import type { Driver } from '../queue/driver.ts'
import { openDatabase } from '../queue/open-queue.ts'
import { parseQueueUrl } from '../queue/url.ts'
import type { Settings } from './settings.ts'

/** @param url  when it is not the database that the project names */
export async function withDatabase<T>(
  { queueUrl, directory }: Settings,
  work: (db: Driver) => Promise<T>,
  url = queueUrl,
): Promise<T> {
  const db = await openDatabase(url, directory)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

/**
 * To look makes no database.
 *
 * @returns undefined where there is none yet; a Complaint where it cannot be asked
 */
export async function lookInto<T>(
  settings: Settings,
  look: (db: Driver) => Promise<T>,
  url = settings.queueUrl,
): Promise<T | Complaint | undefined> {
  try {
    return isThere(settings, url) ? await withDatabase(settings, look, url) : undefined
  } catch (error) {
    if (error instanceof Complaint) return error
    throw error
  }
}

/** False for a file that is not there yet. */
export function isThere({ queueUrl, directory }: Settings, url = queueUrl): boolean {
  const place = parseQueueUrl(url, directory)
  return place.kind !== 'sqlite' || existsSync(place.file)
}

/** The database of a command, closed when the command is done with it. */
import { existsSync } from 'node:fs'
import { Complaint, EXIT } from '../exit.ts'
import type { Driver } from '../queue/driver.ts'
import { openDatabase } from '../queue/open-queue.ts'
import { databaseText, parseQueueUrl } from '../queue/url.ts'
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
 * The database that tasks are looked for in: where there is none yet, to look makes none.
 *
 * @throws Complaint (unavailable) when its file is not there
 */
export function withTasks<T>(settings: Settings, work: (db: Driver) => Promise<T>): Promise<T> {
  const missing = noDatabase(settings)
  if (missing !== undefined) throw missing
  return withDatabase(settings, work)
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

/** What to say to whoever looks for tasks where there is no database; undefined where there is one. */
export function noDatabase(settings: Settings): Complaint | undefined {
  if (isThere(settings)) return undefined
  const place = databaseText(parseQueueUrl(settings.queueUrl, settings.directory))
  return new Complaint(
    EXIT.unavailable,
    `There is no database ${place} yet. The first task that is added makes it; if there should be one, see QUEUE_URL and --directory.`,
  )
}

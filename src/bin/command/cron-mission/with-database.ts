/** The database of a command, closed when the command is done. */
import type { Driver } from '../../../queue/driver.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import type { Settings } from '../../settings.ts'

export async function withDatabase<T>(settings: Settings, work: (db: Driver) => Promise<T>): Promise<T> {
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

/** How much of the database a connection keeps in its own memory. */
import type { Driver } from '../driver.ts'

/** Enough for what claims and results touch. Of the usual 2 MB most would be finished rows, which the system has in memory as well. */
const WORKER_KIBIBYTES = 512

/** A server keeps its pages itself. */
export async function keepFewPages(db: Driver): Promise<void> {
  if (db.dialect.ddl === 'sqlite') await db.run(`PRAGMA cache_size = -${WORKER_KIBIBYTES}`)
}

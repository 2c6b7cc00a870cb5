/**
 * The database of whoever asks it one question and leaves.
 */
import type { Driver } from '../../queue/driver.ts'
import { isEmbedded, openDriver } from '../../queue/url.ts'

export interface Glanced<Answer> {
  readonly answer: Answer
  /** For a process that ends now: a server has our goodbye when this returns, and its answer is not waited for. */
  readonly leave: () => void
}

/**
 * Whether a server is there, the question finds out.
 *
 * @param ask     resolves to undefined when there is more to do: then the database is closed
 * @param goesOn  whether with this answer the database stays open for who goes on with it
 */
export async function glanceAtDatabase<Answer>(
  url: string,
  directory: string,
  ask: (db: Driver) => Promise<Answer | undefined>,
  goesOn: (answer: Answer) => boolean = () => false,
): Promise<Glanced<Answer> | undefined> {
  const db = await openDriver(url, directory, undefined, false)
  let answer: Answer | undefined
  try {
    answer = await ask(db)
  } finally {
    if (answer === undefined || (isEmbedded(url) && !goesOn(answer))) await db.close()
  }
  return answer === undefined ? undefined : { answer, leave: () => void db.close().catch(() => {}) }
}

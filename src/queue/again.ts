/**
 * Doing a unit of database work again when the database says so.
 *
 * A deadlock, a lock wait that ran out or a connection that broke is not an error of ours and not an empty queue: the
 * unit is rolled back and done again as a whole after a moment. A unit must therefore be safe to repeat when the answer
 * to its last try was lost: it is told which try it is, so that it can ask before it writes again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../exit.ts'
import type { Dialect } from './driver.ts'

const SHORTEST_WAIT_MS = 5
const LONGEST_WAIT_MS = 200
const LONGEST_WAIT_RECONNECTING_MS = 2_000

export interface AgainOptions {
  /** Give up and throw once this long has passed since the first try. */
  readonly forMs: number
  /** Called once, when the connection is first found lost. */
  readonly onLost?: (error: Error) => void
}

/**
 * @param unit  the work; `attempt` is 0 at first, then counts up
 * @throws Complaint (unavailable) when patience is over; any error that will not pass, at once
 */
export async function again<T>(
  dialect: Dialect,
  options: AgainOptions,
  unit: (attempt: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + options.forMs
  let said = false
  for (let attempt = 0; ; attempt++) {
    try {
      return await unit(attempt)
    } catch (error) {
      const lost = dialect.isConnectionLost(error)
      if (!lost && !dialect.isTransient(error)) throw error
      if (performance.now() >= deadline) throw givenUp(error, lost)
      if (lost && !said) {
        said = true
        options.onLost?.(error as Error)
      }
      await sleep(waitMs(attempt, lost ? LONGEST_WAIT_RECONNECTING_MS : LONGEST_WAIT_MS))
    }
  }
}

function givenUp(error: unknown, lost: boolean): Complaint {
  const why = error instanceof Error ? error.message : String(error)
  const what = lost ? 'The database does not answer' : 'The database rolls back again and again'
  return new Complaint(
    EXIT.unavailable,
    `${what} (${why}). Look at the server; what is known is kept until it can be booked.`,
    {
      cause: error,
    },
  )
}

function waitMs(attempt: number, longest: number): number {
  const ceiling = Math.min(longest, SHORTEST_WAIT_MS * 2 ** (attempt + 1))
  return SHORTEST_WAIT_MS + Math.random() * (ceiling - SHORTEST_WAIT_MS)
}

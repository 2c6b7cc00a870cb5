/**
 * Doing a unit of database work again when the database says so.
 *
 * A deadlock, a lock wait that ran out, a connection that broke or a server that is read-only for a minute is not an error
 * of ours and not an empty queue: the unit is rolled back and done again as a whole after a moment. A unit must therefore
 * be safe to repeat when the answer to its last try was lost: it is told which try it is, so that it can ask before it
 * writes again.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Complaint, EXIT } from '../exit.ts'
import { runningMs } from '../time/running.ts'
import type { Dialect } from './driver.ts'

const SHORTEST_WAIT_MS = 5
const LONGEST_WAIT_MS = 200
const LONGEST_WAIT_AWAY_MS = 2_000

export interface AgainOptions {
  /** Give up and throw once this long has passed since the first try; `Infinity` for never. */
  readonly forMs: number
  /**
   * Called once, when the database is first found away: the connection lost, or nothing accepted for now. `triedAt`, on the
   * clock of `performance.now()`, is when the try began that found it: who asks late may hear of an outage that is over.
   */
  readonly onLost?: ((error: Error, triedAt: number) => void) | undefined
  /** Called once, when the unit is done after all. */
  readonly onBack?: (() => void) | undefined
  /** When it is aborted, the next failure is the last. */
  readonly giveUp?: AbortSignal | undefined
}

/**
 * @param unit  the work; `attempt` is 0 at first, then counts up
 * @throws Complaint (unavailable) when patience is over; any error that will not pass, at once
 */
export async function again<T>(
  dialect: Dialect,
  { forMs, onLost, onBack, giveUp }: AgainOptions,
  unit: (attempt: number) => Promise<T>,
): Promise<T> {
  const deadline = runningMs() + forMs
  let lost = false
  for (let attempt = 0; ; attempt++) {
    const triedAt = runningMs()
    try {
      const result = await unit(attempt)
      if (lost) onBack?.()
      return result
    } catch (error) {
      const away = dialect.isConnectionLost(error) || dialect.isUnavailable(error)
      if (!away && !dialect.isTransient(error)) throw error
      const tookMs = runningMs() - triedAt
      if (triedAt + tookMs >= deadline || (away && giveUp?.aborted)) throw givenUp(error, away)
      if (away && !lost) onLost?.(error as Error, performance.now() - tookMs)
      lost ||= away
      await sleep(waitMs(attempt, away ? LONGEST_WAIT_AWAY_MS : LONGEST_WAIT_MS))
    }
  }
}

/** The driver may have found the words for it already. */
function givenUp(error: unknown, away: boolean): Complaint {
  if (error instanceof Complaint) return error
  const why = error instanceof Error ? error.message : String(error)
  const what = away ? 'The database does not answer' : 'The database rolls back again and again'
  return new Complaint(
    EXIT.unavailable,
    `${what} (${why}). Look at the server; what is known is kept until it can be booked.`,
    { cause: error },
  )
}

function waitMs(attempt: number, longest: number): number {
  const ceiling = Math.min(longest, SHORTEST_WAIT_MS * 2 ** (attempt + 1))
  return SHORTEST_WAIT_MS + Math.random() * (ceiling - SHORTEST_WAIT_MS)
}

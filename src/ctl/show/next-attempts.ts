/**
 * When the next attempts of a task will be, before they happen: as if each of them failed at once.
 *
 * The list of delays is data, so its meaning can be shown as times instead of being explained.
 */
import { delayAfter } from '../../queue/retry-list.ts'

export interface ComingAttempt {
  /** 1 for the first. */
  readonly attempt: number
  /** UTC milliseconds; not before this time. */
  readonly at: number
}

export interface RetryTerms {
  /** Milliseconds, as `delaysOf` reads them from the row's list or the default one. */
  readonly delays: readonly number[]
  /** As `attemptsOf` counts them. */
  readonly maxAttempts: number
  /** UTC milliseconds, or null. */
  readonly expiresAt: number | null
}

export interface NextAttempts {
  readonly attempts: readonly ComingAttempt[]
  /** What comes when all of these have failed: more of them, or the end of the task, with the reason. */
  readonly end: 'more' | 'failed' | 'expired'
}

/** A row may allow 65,535 attempts; nobody reads so many times. */
export const MOST_SHOWN = 20

/** The attempt that is to come, and those after it. */
export function nextAttempts(first: ComingAttempt, terms: RetryTerms): NextAttempts {
  if (isOver(first, terms)) return { attempts: [], end: 'expired' }
  const { attempts, end } = attemptsAfter(first, terms, MOST_SHOWN - 1)
  return { attempts: [first, ...attempts], end }
}

/** The attempts after one that fails at the time given. */
export function attemptsAfter(failing: ComingAttempt, terms: RetryTerms, most = MOST_SHOWN): NextAttempts {
  const attempts: ComingAttempt[] = []
  for (let last = failing; ; attempts.push(last)) {
    const delayMs = last.attempt < terms.maxAttempts ? delayAfter(terms.delays, last.attempt) : undefined
    if (delayMs === undefined) return { attempts, end: 'failed' }
    last = { attempt: last.attempt + 1, at: last.at + delayMs }
    if (isOver(last, terms)) return { attempts, end: 'expired' }
    if (attempts.length === most) return { attempts, end: 'more' }
  }
}

function isOver({ at }: ComingAttempt, { expiresAt }: RetryTerms): boolean {
  return expiresAt !== null && at >= expiresAt
}

/**
 * What becomes of a task after an attempt: a pure decision from the outcome and the row.
 */
import { parseRetryList } from '../queue/retry-list.ts'
import type { ClaimedTask } from '../queue/store/claim.ts'
import type { NextState } from '../queue/store/finish.ts'
import { NEVER_RETRY, type Outcome, TRY_LATER } from './outcome.ts'

/** How long "try later" waits where the retry list has no delay to offer. */
const LATER_MS = 60_000

/** @param defaultRetry  the list for rows that bring none */
export function nextState(outcome: Outcome, task: ClaimedTask, defaultRetry: string): NextState {
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'done' }
    case 'expired':
      return { kind: 'failed' }
    case 'stopped':
      return { kind: 'again', delayMs: 0, counted: false }
    case 'unstartable':
      return outcome.final ? { kind: 'failed' } : byList(task, defaultRetry)
    case 'exit':
      if (outcome.code === NEVER_RETRY) return { kind: 'failed' }
      if (outcome.code === TRY_LATER)
        return { kind: 'again', delayMs: delayAfter(task, defaultRetry) ?? LATER_MS, counted: false }
      return byList(task, defaultRetry)
    case 'signal':
    case 'timeout':
    case 'flood':
    case 'crashed':
      return byList(task, defaultRetry)
  }
}

/** As many attempts as the list has delays, and the first; or as many as the row says. */
export function maxAttempts(task: ClaimedTask, defaultRetry: string): number {
  return task.maxAttempts ?? delays(task, defaultRetry).length + 1
}

function byList(task: ClaimedTask, defaultRetry: string): NextState {
  const delayMs = delayAfter(task, defaultRetry)
  if (delayMs === undefined || task.attempt >= maxAttempts(task, defaultRetry)) return { kind: 'failed' }
  return { kind: 'again', delayMs, counted: true }
}

/** The delay after this attempt; the last one repeats when the row allows more attempts than the list has delays. */
function delayAfter(task: ClaimedTask, defaultRetry: string): number | undefined {
  const list = delays(task, defaultRetry)
  return list[task.attempt - 1] ?? list.at(-1)
}

/** A row edited by hand may hold anything; a list that cannot be read must not stop the others. */
function delays(task: ClaimedTask, defaultRetry: string): number[] {
  try {
    return parseRetryList(task.retry ?? defaultRetry)
  } catch {
    return parseRetryList(defaultRetry)
  }
}

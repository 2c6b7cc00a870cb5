/**
 * What is to come for a task, by its state: the next attempts, and what brings them about.
 */
import { attemptsOf, delaysOf, parseRetryList } from '../../queue/retry-list.ts'
import type { TaskFacts } from '../../queue/store/read-task.ts'
import { attemptsAfter, type NextAttempts, nextAttempts, type RetryTerms } from './next-attempts.ts'

export interface Prospect extends NextAttempts {
  /**
   *     coming        it waits, and the first of these is the next
   *     ifItFails     it runs: these follow when this attempt fails now
   *     ifReleased    it is held: these follow when it is released now
   *     ifRetried     it is finished: these follow when it is retried now
   *     never         it is being cancelled, or its state is none of ours
   */
  readonly when: 'coming' | 'ifItFails' | 'ifReleased' | 'ifRetried' | 'never'
}

/** The list of delays that a task goes by, and whose it is. */
export interface RetryInForce {
  readonly list: string
  readonly of: 'row' | 'worker' | 'default'
  /** What the row holds, when that cannot be read. */
  readonly unreadable: string | undefined
  readonly terms: RetryTerms
}

/** @param defaultList  for rows that bring none and are not with a worker that says otherwise */
export function retryInForce(task: TaskFacts, defaultList: string): RetryInForce {
  const ofWorker = task.state === 'running' ? task.worker?.retry : undefined
  const fallback = ofWorker ?? defaultList
  const unreadable = task.retry !== null && !isReadable(task.retry) ? task.retry : undefined
  const own = unreadable === undefined ? task.retry : null
  const delays = delaysOf(own, fallback)
  return {
    list: own ?? fallback,
    of: own !== null ? 'row' : ofWorker === undefined ? 'default' : 'worker',
    unreadable,
    terms: { delays, maxAttempts: attemptsOf(delays, task.maxAttempts), expiresAt: task.expiresAt },
  }
}

export function prospectOf(task: TaskFacts, terms: RetryTerms): Prospect {
  const { now } = task
  const waiting = { attempt: task.attempts + 1, at: Math.max(task.runAt, now) }
  switch (task.state) {
    case 'ready':
    case 'scheduled':
      return { when: 'coming', ...nextAttempts(waiting, terms) }
    case 'held':
      return { when: 'ifReleased', ...nextAttempts(waiting, terms) }
    case 'running':
      return task.cancelAt === null
        ? { when: 'ifItFails', ...attemptsAfter({ attempt: task.attempts, at: now }, terms) }
        : NEVER
    case 'done':
    case 'failed':
    case 'cancelled':
      return { when: 'ifRetried', ...nextAttempts({ attempt: 1, at: now }, terms) }
    default:
      return NEVER
  }
}

const NEVER: Prospect = { when: 'never', attempts: [], end: 'failed' }

function isReadable(list: string): boolean {
  try {
    parseRetryList(list)
    return true
  } catch {
    return false
  }
}

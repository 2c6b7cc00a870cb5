/**
 * What becomes of a task after an attempt: a pure decision from the outcome and the row.
 */
import { CRASH_LIMIT, type CrashPolicy } from '../queue/crash-policy.ts'
import { attemptsOf, delayAfter, delaysOf } from '../queue/retry-list.ts'
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { NextState } from '../queue/store/finish.ts'
import { NEVER_RETRY, type Outcome, TRY_LATER } from './outcome.ts'

/** How long "try later" waits where the retry list has no delay to offer. */
const LATER_MS = 60_000

/** What a worker goes by where the row does not say. */
export interface Terms {
  /** The list of delays for rows that bring none. */
  readonly retry: string
  /** What becomes of an attempt of which nothing is known. */
  readonly crash: CrashPolicy
}

type Attempted = Pick<ClaimedTask, 'attempt' | 'maxAttempts' | 'retry' | 'crashes'>

export function nextState(outcome: Outcome, task: Attempted, terms: Terms): NextState {
  if (isQuarantined(outcome, task)) return { kind: 'failed' }
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'done' }
    case 'expired':
      return { kind: 'failed' }
    case 'cancelled':
      return { kind: 'cancelled' }
    case 'stopped':
      return { kind: 'again', delayMs: 0, counted: false }
    case 'unstartable':
      return outcome.final ? { kind: 'failed' } : byList(task, terms.retry)
    case 'exit':
      if (outcome.code === NEVER_RETRY) return { kind: 'failed' }
      if (outcome.code === TRY_LATER)
        return {
          kind: 'again',
          delayMs: delayAfter(delaysOf(task.retry, terms.retry), task.attempt) ?? LATER_MS,
          counted: false,
        }
      return byList(task, terms.retry)
    case 'signal':
    case 'timeout':
    case 'flood':
    case 'misanswered':
      return byList(task, terms.retry)
    case 'crashed':
      return afterCrash(task, terms)
  }
}

/** Crashes and signals in a row once this attempt is counted. A program that was stopped says nothing about itself. */
export function crashesAfter(outcome: Outcome, task: Attempted): number {
  if (outcome.kind === 'crashed' || outcome.kind === 'signal') return Math.min(task.crashes + 1, CRASH_LIMIT)
  return outcome.kind === 'stopped' ? task.crashes : 0
}

/** It died too often in a row: running it again would not be a retry but a habit. */
export function isQuarantined(outcome: Outcome, task: Attempted): boolean {
  return crashesAfter(outcome, task) >= CRASH_LIMIT && outcome.kind !== 'stopped'
}

/** Nobody can say that the task is to blame: the attempt does not count, and the first time nothing is waited for. */
function afterCrash(task: Attempted, { retry, crash }: Terms): NextState {
  if (crash === 'hold') return { kind: 'held' }
  if (crash === 'fail') return { kind: 'failed' }
  return {
    kind: 'again',
    delayMs: task.crashes === 0 ? 0 : (delayAfter(delaysOf(task.retry, retry), task.crashes) ?? 0),
    counted: false,
  }
}

/** As many attempts as the list has delays, and the first; or as many as the row says. */
export function maxAttempts(task: Pick<Attempted, 'maxAttempts' | 'retry'>, defaultRetry: string): number {
  return attemptsOf(delaysOf(task.retry, defaultRetry), task.maxAttempts)
}

function byList(task: Attempted, defaultRetry: string): NextState {
  const delayMs = delayAfter(delaysOf(task.retry, defaultRetry), task.attempt)
  if (delayMs === undefined || task.attempt >= maxAttempts(task, defaultRetry)) return { kind: 'failed' }
  return { kind: 'again', delayMs, counted: true }
}

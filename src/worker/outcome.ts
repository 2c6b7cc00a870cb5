/**
 * How an attempt ended, as data, and the words for it.
 */
import { constants } from 'node:os'

/** Exactly one `kind`, so a switch over it is complete. */
export type Outcome =
  | { readonly kind: 'ok' }
  /** `error` in its own words, which only a warm program has. */
  | { readonly kind: 'exit'; readonly code: number; readonly error?: string }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It ran longer than it may and was stopped. */
  | { readonly kind: 'timeout'; readonly afterMs: number }
  /** It wrote more than it may and was stopped. */
  | { readonly kind: 'flood'; readonly limitBytes: number }
  /** It was stopped because the worker had to leave; the task is not to blame. */
  | { readonly kind: 'stopped' }
  /** Somebody cancelled the task, and it was stopped. */
  | { readonly kind: 'cancelled' }
  /** Its runner ended in the middle of it: killed from outside, out of memory, a power cut. Nothing is known of it. */
  | { readonly kind: 'crashed' }
  /** A warm program wrote something else than the answer to this task, or ended without one. */
  | { readonly kind: 'misanswered'; readonly problem: string }
  /** `expires_at` was over before it could start. */
  | { readonly kind: 'expired' }
  /** It could not be started; `final` when no later attempt can succeed either. */
  | { readonly kind: 'unstartable'; readonly reason: string; readonly final: boolean }

/** Exit codes that mean something to us, from sysexits(3). */
export const TRY_LATER = 75
export const NEVER_RETRY = 65

/** Why a program was stopped by us; the first reason wins. */
export type StopReason = Extract<Outcome, { kind: 'timeout' | 'flood' | 'stopped' | 'cancelled' }>

/**
 * @param status  what the shell says: 0..255, above 128 a signal
 * @param reason  set when we had stopped the program; exit 0 is done all the same
 */
export function outcomeOf(status: number, reason: StopReason | undefined): Outcome {
  if (status === 0) return { kind: 'ok' }
  if (reason !== undefined) return reason
  const signal = status > 128 ? signalName(status - 128) : undefined
  return signal === undefined ? { kind: 'exit', code: status } : { kind: 'signal', signal }
}

/** The same for a program of which it is known what came of it. */
export function unlessStopped(outcome: Outcome, reason: StopReason | undefined): Outcome {
  return outcome.kind === 'ok' ? outcome : (reason ?? outcome)
}

/** One clause for the log, the row's `error` and a person. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'ok':
      return 'done'
    case 'exit':
      return `exit code ${outcome.code}${exitHint(outcome.code)}${outcome.error === undefined ? '' : `: ${outcome.error}`}`
    case 'signal':
      return `ended by ${outcome.signal}`
    case 'timeout':
      return `stopped after ${outcome.afterMs / 1_000} s, its time limit`
    case 'flood':
      return `stopped after writing ${outcome.limitBytes} bytes, its limit`
    case 'stopped':
      return 'stopped because the worker had to leave'
    case 'cancelled':
      return 'stopped because it was cancelled'
    case 'crashed':
      return 'its runner ended in the middle of it, and how far it came is not known'
    case 'misanswered':
      return outcome.problem
    case 'expired':
      return 'expired before it could start'
    case 'unstartable':
      return outcome.reason
  }
}

function exitHint(code: number): string {
  if (code === TRY_LATER) return ' (try later)'
  if (code === NEVER_RETRY) return ' (never retry)'
  if (code === 126) return ' (not executable)'
  if (code === 127) return ' (command not found)'
  return ''
}

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

function signalName(number: number): string | undefined {
  return SIGNAL_NAMES.get(number as (typeof constants.signals)[NodeJS.Signals])
}

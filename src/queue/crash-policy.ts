/**
 * What becomes of a task when nothing is known of its attempt: its worker and its runner are both gone, by a power cut,
 * the kernel out of memory, a lost host.
 *
 *     retry  it is run again: at once the first time, then by its list of delays
 *     hold   it waits, held, until a person has looked
 *     fail   it has failed
 */
import { Complaint, EXIT, type ExitCode } from '../exit.ts'

export const CRASH_POLICIES = ['retry', 'hold', 'fail'] as const

export type CrashPolicy = (typeof CRASH_POLICIES)[number]

export const DEFAULT_CRASH: CrashPolicy = 'retry'

/** A task whose attempts crashed or were ended by a signal so many times in a row has failed, whatever its list allows. */
export const CRASH_LIMIT = 5

export function isCrashPolicy(text: unknown): text is CrashPolicy {
  return CRASH_POLICIES.some((policy) => policy === text)
}

/** @throws Complaint with the exit code given, naming `name`, what it is and what it may be */
export function readCrashPolicy(name: string, text: string, exitCode: ExitCode = EXIT.usage): CrashPolicy {
  if (isCrashPolicy(text)) return text
  throw new Complaint(exitCode, `${name} is "${text}". Use retry, hold or fail.`)
}

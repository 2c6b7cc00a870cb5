/**
 * Words that several answers share: times, how an attempt ended, who has it, how many.
 */
import { amount } from '../../amount.ts'
import type { PastAttempt, TaskFacts } from '../../queue/store/read-task.ts'
import { timeText } from '../../time/time-text.ts'
import { lastWords } from '../error-text.ts'
import { readableLine } from '../readable.ts'
import { retryInForce } from '../show/prospect.ts'
import type { Evidence, Surroundings } from './evidence.ts'
import type { Fact } from './explanation.ts'

const LONGEST_LINE = 300
/** A tick comes every minute, and may take most of one. */
export const TICK_SILENT_MS = 180_000

/** Facts that there are. */
export function known(...facts: readonly (readonly [string, string | undefined])[]): Fact[] {
  return facts.flatMap(([label, value]): Fact[] => (value === undefined ? [] : [[label, value]]))
}

export function line(text: string): string {
  return readableLine(text, LONGEST_LINE)
}

/** `2026-11-20 18:04:05 (4m5s ago)` */
export function when({ now }: TaskFacts, { zone }: Surroundings, at: number): string {
  return timeText(zone, at, now)
}

/** What it is, in the first line of the facts. */
export function nameFact({ task, queue }: TaskFacts): Fact {
  return ['task', `${line(task)}, of the queue ${queue}`]
}

export function maxAttempts(task: TaskFacts, { retry }: Surroundings): number {
  return retryInForce(task, retry).terms.maxAttempts
}

/** One clause. What a program printed stands behind the reason in `error`, and is not repeated. */
export function endingWords({ outcome, exitCode, exitSignal, error }: PastAttempt): string {
  switch (outcome) {
    case 'exit':
      return `exit code ${exitCode}`
    case 'signal':
      return `ended by ${exitSignal}`
    case 'timeout':
      return 'it ran longer than it may, and was stopped'
    case 'flood':
      return 'it wrote more than it may, and was stopped'
    case 'stopped':
      return 'it was stopped because its worker had to leave'
    case 'cancelled':
      return 'it was cancelled'
    case 'crashed':
      return 'its runner ended in the middle of it, or its host did'
    case 'expired':
      return 'it expired before it could start'
    default:
      return error === null ? outcome : line(error)
  }
}

/** The line of its error that tells most. */
export function lastError(error: string | null): string | undefined {
  const words = lastWords(error)
  return words === undefined ? undefined : line(words)
}

export function outputFact({ id, output }: TaskFacts): readonly [string, string | undefined] {
  const bytes = output?.bytes
  return ['output', bytes === undefined ? undefined : `${amount(bytes, 'byte')}: "queuectl logs ${id}"`]
}

/** Ticks promote, clear up after the dead, and start workers: when one was seen last, of whatever host. */
export function tickFact({ task, ticks }: Evidence, around: Surroundings): Fact {
  const last = ticks.toSorted((a, b) => b.at - a.at)[0]
  return ['last tick', last === undefined ? 'none was ever seen' : `${when(task, around, last.at)} on ${last.host}`]
}

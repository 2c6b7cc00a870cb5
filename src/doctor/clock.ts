/**
 * The clock of this machine beside that of the database.
 */
import { formatDuration } from '../time/duration.ts'
import { type Finding, note, problem } from './finding.ts'

export interface ClockReading {
  /** UTC milliseconds of this machine, just before and after the database was asked. */
  readonly before: number
  readonly after: number
}

const NOTED_MS = 1_000

/**
 * @param now      by the database's clock
 * @param wrongMs  a difference beyond this is a problem
 */
export function clockFindings(now: number, { before, after }: ClockReading, wrongMs: number): Finding[] {
  const ahead = before > now ? before - now : Math.min(0, after - now)
  if (Math.abs(ahead) < NOTED_MS) return []
  const sentence = `The clock of this machine is ${wholeSeconds(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the database's. Set both by NTP: slots are due by the one, and leases end by the other.`
  return [Math.abs(ahead) > wrongMs ? problem('clock', sentence) : note('clock', sentence)]
}

export function wholeSeconds(ms: number): string {
  return formatDuration(Math.floor(ms / 1_000) * 1_000)
}

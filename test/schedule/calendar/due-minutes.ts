/**
 * All the minutes of a span in which a cron text is due, and how a person reads them.
 */
import { compileCron } from '../../../src/schedule/calendar/cron-expression.ts'
import { nextDue } from '../../../src/schedule/calendar/due.ts'
import { localTime } from '../../../src/time/zone.ts'

/** Every due minute after `from` and before `to`. */
export function dueMinutes(text: string, zone: string, from: number, to: number): number[] {
  const cron = compileCron(text)
  const found: number[] = []
  let at = nextDue(cron, zone, from)
  while (at !== undefined && at < to) {
    found.push(at)
    at = nextDue(cron, zone, at)
  }
  return found
}

/** `2026-03-08T03:00-04:00`: what the clock of the zone shows, without seconds. */
export function clock(zone: string, at: number): string {
  return localTime(zone, at).replace(':00.000', '')
}

/**
 * When the work of a slot has to end: the first time after it that the clock of the job's zone shows `stopAt`.
 */
import { DAY_MS } from '../../time/units.ts'
import { parseTime, zoneOffset } from '../../time/zone.ts'
import type { PlannedJob } from '../language/plan.ts'

/** @returns UTC milliseconds, or undefined for a job that may go on */
export function stopTime(
  { stopAt, timezone }: Pick<PlannedJob, 'stopAt' | 'timezone'>,
  slotAt: number,
): number | undefined {
  if (stopAt === undefined) return undefined
  for (let day = -1; ; day++) {
    const wall = new Date(slotAt + zoneOffset(timezone, slotAt) + day * DAY_MS).toISOString().slice(0, 10)
    const at = parseTime(`${wall}T${stopAt}`, timezone)
    if (at !== undefined && at > slotAt) return at
  }
}

/**
 * The minute of a schedule that a person means by a time, on the clock of the job's zone.
 */

import { Complaint, EXIT } from '../../../exit.ts'
import { gapAround, isDue, minutesOfWall, timeOfDay } from '../../../schedule/calendar/clock-changes.ts'
import type { Calendar } from '../../../schedule/calendar/job-calendar.ts'
import { occurrences } from '../../../schedule/calendar/occurrences.ts'
import { parseDuration } from '../../../time/duration.ts'
import { minuteOf } from '../../../time/minute.ts'
import { DAY_MS } from '../../../time/units.ts'
import { localDay, parseTime } from '../../../time/zone.ts'

export interface SlotTime {
  /** UTC milliseconds of a whole minute. */
  readonly slotAt: number
  /** What is to be said about the time itself. */
  readonly remark?: string
}

const CLOCK_TIME = /^([01]?\d|2[0-3]):[0-5]\d$/
const DAY = /^\d{4}-\d\d-\d\d$/
const OFFSET = /(?:Z|[+-]\d\d:\d\d)$/

/**
 * @param text  `02:30`, the last one; `2026-11-20`, the first slot of that day; a whole time, or how long ago: `2h`
 * @param now   UTC milliseconds
 */
export function readSlotTime(text: string | undefined, calendar: Calendar, now: number): SlotTime | undefined {
  if (text === undefined) return undefined
  const zone = calendar.timezone
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  if (ago !== undefined) return { slotAt: minuteOf(now - ago) }
  if (CLOCK_TIME.test(text)) return lastAt(text.padStart(5, '0'), calendar, now)
  const wall = parseTime(text, 'UTC')
  if (wall === undefined) {
    throw new Complaint(
      EXIT.usage,
      `The time is "${text}". Use a time such as 02:30, 2026-11-20 or "2026-11-20 02:30", or how long ago: 2h.`,
    )
  }
  if (OFFSET.test(text.slice(10))) return { slotAt: minuteOf(wall) }
  if (DAY.test(text)) return firstOn(text, calendar)
  return atWall(minuteOf(wall), calendar, zone)
}

/** The last time before now that the clock showed this. */
function lastAt(time: string, calendar: Calendar, now: number): SlotTime {
  const zone = calendar.timezone
  for (let day = 0; ; day++) {
    const wall = parseTime(`${localDay(zone, now - day * DAY_MS)}T${time}`, 'UTC') as number
    const found = atWall(wall, calendar, zone)
    if (found.slotAt <= now) return found
  }
}

function firstOn(day: string, calendar: Calendar): SlotTime {
  const zone = calendar.timezone
  const midnight = parseTime(day, zone) as number
  const [first] = occurrences(calendar, midnight - 1, midnight + DAY_MS + 3 * 3_600_000)
  return { slotAt: first !== undefined && localDay(zone, first) === day ? first : minuteOf(midnight) }
}

/** A time that the clock skipped stands for the end of the gap, one that came twice for the pass at which the job is due. */
function atWall(wall: number, calendar: Calendar, zone: string): SlotTime {
  const minutes = minutesOfWall(zone, wall)
  const day = new Date(wall).toISOString().slice(0, 10)
  const [first, second] = minutes
  if (first === undefined) {
    const gap = gapAround(zone, wall)
    const slotAt = gap?.at ?? minuteOf(wall)
    const shown =
      gap === undefined
        ? ''
        : `: the clocks went from ${timeOfDay(gap.at + gap.before)} to ${timeOfDay(gap.at + gap.after)}`
    return { slotAt, remark: `${timeOfDay(wall)} did not exist on ${day} in ${zone}${shown}.` }
  }
  if (second === undefined) return { slotAt: first }
  const meant = isDue(calendar, first) || !isDue(calendar, second) ? first : second
  const which = meant === first ? 'first' : 'second'
  return {
    slotAt: meant,
    remark: `${timeOfDay(wall)} came twice on ${day} in ${zone}; this is about the ${which} time.`,
  }
}

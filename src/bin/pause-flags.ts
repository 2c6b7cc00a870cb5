/**
 * The flags of a pause: why, and until when.
 */

import { Complaint, EXIT } from '../exit.ts'
import { parseDuration } from '../time/duration.ts'
import { DAY_MS } from '../time/units.ts'
import { localDay, parseTime } from '../time/zone.ts'
import { TEXT } from './verb.ts'

export const PAUSE_FLAGS = {
  reason: { ...TEXT, describe: 'Why; it is shown wherever the pause is' },
  until: { ...TEXT, describe: 'It is over by itself then: 2h, 19:00 or "2026-11-20 18:04"' },
} as const

const LONGEST_REASON = 150
const CLOCK_TIME = /^([01]?\d|2[0-3]):[0-5]\d$/

/** @throws Complaint (usage) when it is no line to be shown to others */
export function reasonFlag(text: string | undefined): string | null {
  if (text === undefined) return null
  const reason = text.trim()
  if (reason !== '' && !/\p{Cc}/u.test(reason) && [...reason].length <= LONGEST_REASON) return reason
  throw new Complaint(EXIT.usage, `--reason is one line of 1 to ${LONGEST_REASON} characters, such as "disk swap".`)
}

/**
 * @param zone  whose wall clock a time without an offset is of
 * @param now  by the database's clock
 * @returns UTC milliseconds
 */
export function untilFlag(text: string, zone: string, now: number): number {
  const at = parseUntil(text.trim(), zone, now)
  if (at === undefined)
    throw new Complaint(
      EXIT.usage,
      `--until is "${text}". Use how long from now (2h), a time of the day (19:00) or a time such as "2026-11-20 18:04".`,
    )
  if (at > now) return at
  throw new Complaint(EXIT.usage, `--until is ${text}, which is over. Give a later time, or leave it out.`)
}

function parseUntil(text: string, zone: string, now: number): number | undefined {
  if (CLOCK_TIME.test(text)) {
    const time = text.padStart(5, '0')
    const today = parseTime(`${localDay(zone, now)} ${time}`, zone)
    return today === undefined || today > now ? today : parseTime(`${localDay(zone, now + DAY_MS)} ${time}`, zone)
  }
  const duration = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  return duration === undefined ? parseTime(text, zone) : now + duration
}

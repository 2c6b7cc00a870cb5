/**
 * What the flags of the commands may be: their values, read and checked.
 */
import { Complaint, EXIT } from '../exit.ts'
import { parseDuration } from '../time/duration.ts'
import { parseTime } from '../time/zone.ts'

/** Flags that every command takes. */
export const COMMON_FLAGS = {
  directory: { type: 'string', requiresArg: true, describe: 'Project directory [default: the current one]' },
  url: { type: 'string', requiresArg: true, describe: 'Database [default: QUEUE_URL, else sqlite:queue.db]' },
} as const

/** @throws Complaint (usage) when a flag that was given is no whole number within the bounds */
export function wholeNumber(flag: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined
  const number = /^-?\d{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number) || number < least || number > most) {
    throw new Complaint(
      EXIT.usage,
      `--${flag} is ${text === '' ? 'empty' : text}. Use a whole number from ${least} to ${most}.`,
    )
  }
  return number
}

/** @returns milliseconds */
export function durationFlag(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms === undefined)
    throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use a duration such as 90s, 15m or 1h30m.`)
  return ms
}

const TIME_EXAMPLES = 'a time such as 2026-11-20, "2026-11-20 18:04" or 2026-11-20T18:04:05Z'

/** @returns UTC milliseconds; a time without an offset is of the wall clock of `zone` */
export function timeFlag(flag: string, text: string | undefined, zone: string): number | undefined {
  if (text === undefined) return undefined
  const at = parseTime(text, zone)
  if (at === undefined) throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use ${TIME_EXAMPLES}.`)
  return at
}

/** A time that is over, or how long ago it was. @returns UTC milliseconds */
export function pastTimeFlag(flag: string, text: string | undefined, zone: string, now: number): number | undefined {
  if (text === undefined) return undefined
  const ago = /[a-z]$/.test(text) ? parseDuration(text) : undefined
  const at = ago === undefined ? parseTime(text, zone) : now - ago
  if (at === undefined)
    throw new Complaint(EXIT.usage, `--${flag} is "${text}". Use ${TIME_EXAMPLES}, or how long ago: 2h.`)
  return at
}

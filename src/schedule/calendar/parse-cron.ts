/**
 * Cron expressions for programs: when one is due, by the same evaluator that the ticks go by.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { nearestName } from '../../nearest-name.ts'
import { minuteOf } from '../../time/minute.ts'
import { isZone, SYSTEM_ZONE } from '../../time/zone.ts'
import { showValue } from '../language/show-value.ts'
import { compileCron } from './cron-expression.ts'
import { dueAt, nextDue } from './due.ts'

export interface ParsedCron {
  /** The five fields, one space between them, nicknames written out. */
  readonly text: string
  /**
   * The next times at which it is due.
   *
   * @throws Complaint, one sentence, when a date, the zone or the count is none
   */
  next(options: NextOptions): Date[]
  /** Whether it is due in the minute of `at`. @throws as `next` */
  isDue(options: IsDueOptions): boolean
}

export interface NextOptions {
  /** The times are later than this. */
  readonly from: Date
  /** Whose clock is meant: `Europe/Berlin`, or `system`. */
  readonly timezone: string
  /** 1 to 10,000; 1 unless told. */
  readonly count?: number
}

export interface IsDueOptions {
  readonly at: Date
  readonly timezone: string
}

const MOST = 10_000

/**
 * @param expression  five fields, minute hour day month weekday, or a nickname such as `@daily`
 * @throws            Complaint: one sentence naming the field that is wrong and what it allows
 */
export function parseCron(expression: string): ParsedCron {
  if (typeof expression !== 'string') throw bad(`The cron expression is ${showValue(expression)}. Give it as text.`)
  const cron = compileCron(expression)
  return Object.freeze({
    text: cron.text,
    next({ from, timezone, count = 1 }: NextOptions): Date[] {
      const zone = requireZone(timezone)
      let at: number | undefined = requireDate('from', from)
      requireCount(count)
      const times: Date[] = []
      while (times.length < count) {
        at = nextDue(cron, zone, at)
        if (at === undefined) break
        times.push(new Date(at))
      }
      return times
    },
    isDue({ at, timezone }: IsDueOptions): boolean {
      const minute = minuteOf(requireDate('at', at))
      return dueAt(cron, requireZone(timezone), minute) !== undefined
    },
  })
}

function requireDate(name: string, date: Date): number {
  const ms = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw bad(`${name} is ${date instanceof Date ? 'an invalid date' : showValue(date)}. Give a Date.`)
}

function requireZone(zone: string): string {
  if (zone === SYSTEM_ZONE || (typeof zone === 'string' && isZone(zone))) return zone
  const nearest = typeof zone === 'string' ? nearestName(zone, Intl.supportedValuesOf('timeZone')) : undefined
  const advice = nearest === undefined ? "Use a zone such as 'Europe/Berlin', or 'system'." : `Did you mean ${nearest}?`
  throw bad(`timezone is ${showValue(zone)}, which is no time zone. ${advice}`)
}

function requireCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST) return
  throw bad(`count is ${showValue(count)}. Use a whole number from 1 to ${MOST}.`)
}

function bad(sentence: string): Complaint {
  return new Complaint(EXIT.badData, sentence)
}

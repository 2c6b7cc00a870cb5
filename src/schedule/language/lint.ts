/**
 * What a schedule says that is right, and perhaps not meant: notes for `check`, with dates. Nothing here is a problem.
 */
import { DAY_MS } from '../../time/units.ts'
import type { CronExpression } from '../calendar/cron-expression.ts'
import { occurrences } from '../calendar/occurrences.ts'
import { resolve } from '../calendar/when-due.ts'
import { type Part, partsOf } from '../calendar/when-parts.ts'
import { clockNotes } from './lint-clock.ts'
import { fieldNotes } from './lint-fields.ts'
import type { PlannedJob } from './plan.ts'

const YEAR_MS = 365 * DAY_MS
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const FEBRUARY = 2

/** @param now  UTC milliseconds */
export function notesOf(job: PlannedJob, now: number): string[] {
  const notes: string[] = []
  const crons = partsOf(job.when).flatMap((part) => (part.kind === 'cron' ? [part.cron] : []))
  for (const word of job.when) if (word.kind === 'cron') notes.push(...fieldNotes(word, job.timezone, now))
  notes.push(...crons.flatMap(monthEndNotes), ...clockNotes(job, now), ...pastNotes(job, now))
  if (job.except.length > 0 && isAllRemoved(job, now)) notes.push('except removes every run of the year to come.')
  notes.push(...keyNotes(job))
  if (job.isSystemZone && partsOf(job.when).some(goesByTheClock)) {
    notes.push(
      `timezone is 'system', here ${job.timezone}: on a machine that is set to another zone it is due at other times.`,
    )
  }
  return [...new Set(notes)]
}

/** Of a key that is slow so many tasks run at once as a worker has programs: then no other key of it has a turn. */
function keyNotes({ work }: PlannedJob): string[] {
  if (work.kind !== 'queue' || work.perKey === undefined) return []
  const { perKey, shards, processes = shards } = work
  if (typeof shards !== 'number' || typeof processes !== 'number') return []
  const { concurrency = Math.floor(shards / Math.min(processes, shards)) } = work
  if (perKey < concurrency) return []
  const programs = concurrency === 1 ? '1 program' : `${concurrency} programs`
  return [
    `perKey is ${perKey}, and a worker runs ${programs} at once: one slow key can take them all. Give a concurrency above perKey.`,
  ]
}

/** Days that not every month has, asked for as if it had. */
function monthEndNotes({ days, minutes, hours, text }: CronExpression): string[] {
  const [, , dayField = '', , weekdayField = ''] = text.split(' ')
  const isEither = !days.both && weekdayField !== '*'
  if (isEither || days.daysOfMonth.every((due, day) => day === 0 || due) || dayField.includes('/')) return []
  // In a range such as 28-31 every month has its share.
  const day = [29, 30, 31].find((late) => days.daysOfMonth[late] && !days.daysOfMonth[late - 1])
  if (day === undefined) return []
  const months = DAYS_OF_MONTHS.map((_, i) => i + 1).filter((month) => days.months[month])
  const lacking = months.filter((month) => day > (DAYS_OF_MONTHS[month - 1] ?? 0))
  if (lacking.length === 0) return []
  if (day === 29 && months.length === 1) return ['29 February comes in leap years only.']
  const isLeapOnly = day === 29 && lacking.length === 1 && lacking[0] === FEBRUARY
  const instead = "monthly('last', …) is the last day of every month"
  if (isLeapOnly) return [`day 29 skips February in three years of four: ${instead}.`]
  const times = count(minutes) * count(hours)
  const runs = (months.length - lacking.length) * times
  const skips = `${lacking.length} ${lacking.length === 1 ? 'month' : 'months'}`
  return [`day ${day} skips ${skips} (${runs} ${runs === 1 ? 'run' : 'runs'} a year): ${instead}.`]
}

function pastNotes({ when, timezone }: PlannedJob, now: number): string[] {
  return when.flatMap((word) => {
    if (word.kind !== 'once') return []
    const isOver = partsOf(word).every((part) => part.kind === 'moment' && resolve(part.moment, timezone).at < now)
    return isOver ? [`once('${word.time}') is over: it does not run any more.`] : []
  })
}

function isAllRemoved(job: PlannedJob, now: number): boolean {
  const isDue = (one: PlannedJob) => occurrences(one, now, now + YEAR_MS).next().done !== true
  return isDue({ ...job, except: [] }) && !isDue(job)
}

/** Whether it is due at other times where clocks show another hour. */
function goesByTheClock(part: Part): boolean {
  switch (part.kind) {
    case 'moment':
      return 'wall' in part.moment
    case 'interval':
      return typeof part.anchor === 'object'
        ? 'wall' in part.anchor
        : part.anchor === 'midnight' && part.stepMs > 3_600_000
    case 'cron':
      return part.cron.hours.includes(false) || !isEveryDay(part.cron)
  }
}

function isEveryDay({ days }: CronExpression): boolean {
  return [days.months.slice(1), days.daysOfMonth.slice(1), days.daysOfWeek].every((marks) => marks.every(Boolean))
}

function count(marks: readonly boolean[]): number {
  return marks.filter(Boolean).length
}

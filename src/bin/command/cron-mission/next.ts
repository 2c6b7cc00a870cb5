/**
 * `cron-mission next`: the next runs of a job, or of a cron expression for which no schedule is needed.
 */

import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import { dueNote } from '../../../schedule/calendar/clock-changes.ts'
import { compileCron } from '../../../schedule/calendar/cron-expression.ts'
import { type Calendar, calendarJob } from '../../../schedule/calendar/job-calendar.ts'
import { nextRuns, type Run } from '../../../schedule/calendar/next-runs.ts'
import { noteText, weekdayOf } from '../../../schedule/calendar/note-text.ts'
import { describeDue } from '../../../schedule/language/describe.ts'
import { spreadOf } from '../../../schedule/tick/look-back.ts'
import { formatDuration } from '../../../time/duration.ts'
import { distance, isoTime, minuteText } from '../../../time/time-text.ts'
import { isZone, localTime, systemZone } from '../../../time/zone.ts'
import { timeFlag, wholeNumber } from '../../flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { table } from '../../table.ts'
import { findJob } from './find-job.ts'
import { complain, readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { usualZone } from './usual-zone.ts'

export interface NextFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly timezone?: string | undefined
  readonly from?: string | undefined
  readonly count?: string | undefined
  readonly json?: boolean | undefined
}

/** What is asked about: a job, or a cron expression in its place. */
interface Asked {
  readonly title: string
  readonly facts: Readonly<Record<string, string>>
  readonly calendar: Calendar
  readonly spread: number
  /** What a person must know about all of its runs. */
  readonly remarks: readonly string[]
  /** Appended to the note of each run. */
  readonly note: string
}

const DEFAULT_COUNT = 5
const MOST_RUNS = 10_000

export async function next(flags: NextFlags, settings: Settings, minute: number): Promise<number> {
  const count = wholeNumber('count', flags.count, 1, MOST_RUNS) ?? DEFAULT_COUNT
  const asked = await whatIsAsked(flags, settings)
  const { calendar, spread } = asked
  const from = timeFlag('from', flags.from, calendar.timezone)
  // A run at the very time that was given is meant, too.
  const runs = nextRuns(calendar, from === undefined ? minute : from - 1, count, spread)
  const now = Date.now()
  if (flags.json) printJson(...runs.map((run) => runFacts(asked, run, now)))
  else process.stdout.write(runTable(asked, runs, now))
  for (const remark of asked.remarks) complain(remark)
  if (runs.length === 0 && calendar.when.length > 0) complain(`${asked.title} does not run any more.`)
  return EXIT.ok
}

async function whatIsAsked(flags: NextFlags, settings: Settings): Promise<Asked> {
  const { job: text = '' } = flags
  const zone = zoneFlag(flags.timezone)
  if (text.trim() === '') throw new Complaint(EXIT.usage, `Name a job, or give a cron expression such as "0 3 * * *".`)
  return /[\s@]/.test(text.trim())
    ? cronAsked(text, zone ?? (await scheduleZone(flags, settings)))
    : jobAsked(await findJob(text, flags, settings), zone)
}

function cronAsked(text: string, timezone: string): Asked {
  const cron = compiled(text)
  return {
    title: `cron ${cron}`,
    facts: { cron },
    calendar: { when: [{ kind: 'cron', text: cron }], except: [], timezone },
    spread: 0,
    remarks: [],
    note: '',
  }
}

function jobAsked({ job, jobs }: Awaited<ReturnType<typeof findJob>>, zone: string | undefined): Asked {
  const timezone = zone ?? job.timezone
  const spread = spreadOf(job, ownIdentity().host)
  const calendar = calendarJob(job, jobs)
  const remarks: string[] = []
  if (job.always) remarks.push(`${job.id} is always to be at work: every tick starts what is missing.`)
  if (job.paused !== undefined) {
    remarks.push(`${job.id} is paused in the schedule, so it does not run at these times: ${job.paused}.`)
  }
  const note = [
    ...(calendar === job ? [] : [`when ${job.after?.job} has ended`]),
    ...(spread === 0 ? [] : [`${formatDuration(spread)} after its slot, its share of the spread`]),
  ].join('; ')
  return {
    title: `${job.id} (${describeDue(job)})`,
    facts: { job: job.id },
    calendar: { when: calendar.when, except: calendar.except, timezone },
    spread,
    remarks,
    note,
  }
}

function runTable({ title, calendar, note }: Asked, runs: readonly Run[], now: number): string {
  const zone = calendar.timezone
  const isTerminal = process.stdout.isTTY
  const rows = runs.map(({ slotAt, startAt }) => [
    `${weekdayOf(zone, startAt).slice(0, 3)} ${minuteText(zone, startAt)} ${offsetText(zone, startAt)}`,
    ...(isTerminal ? [] : [zone]),
    `${new Date(startAt).toISOString().slice(isTerminal ? 5 : 0, 16)}Z`,
    distance(startAt, now),
    [noteText(calendar, slotAt), note].filter((text) => text !== '').join('; '),
  ])
  const head = isTerminal ? `${title}, ${zone}:\n` : ''
  return rows.length === 0
    ? ''
    : head +
        table(['LOCAL TIME', ...(isTerminal ? [] : ['ZONE']), 'UTC', 'FROM NOW', { title: 'NOTE', least: 20 }], rows)
}

function runFacts({ facts, calendar }: Asked, { slotAt, startAt }: Run, now: number) {
  const zone = calendar.timezone
  const note = dueNote(calendar, slotAt)
  return {
    ...facts,
    slot: slotText(slotAt),
    start: isoTime(startAt),
    local: localTime(zone, startAt),
    weekday: weekdayOf(zone, startAt),
    timezone: zone,
    inSeconds: Math.round((startAt - now) / 1_000),
    clocks: note ?? null,
  }
}

/** `+01:00` */
function offsetText(zone: string, at: number): string {
  const text = localTime(zone, at).slice(23)
  return text === 'Z' ? '+00:00' : text
}

/** The fields of a cron text, one space between them. */
function compiled(text: string): string {
  try {
    return compileCron(text).text
  } catch (error) {
    if (error instanceof Complaint) throw new Complaint(EXIT.usage, error.message, { cause: error })
    throw error
  }
}

function zoneFlag(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (text === 'system') return systemZone()
  if (isZone(text)) return text
  throw new Complaint(EXIT.usage, `--timezone is "${text}". Use a zone such as Europe/Berlin, or "system".`)
}

/** A schedule that is not there, or does not load, is no hindrance to asking about a cron expression. */
async function scheduleZone(flags: NextFlags, settings: Settings): Promise<string> {
  try {
    return usualZone((await readSchedule(flags, settings)).jobs)
  } catch (error) {
    if (error instanceof Complaint && flags.schedule === undefined) return systemZone()
    throw error
  }
}

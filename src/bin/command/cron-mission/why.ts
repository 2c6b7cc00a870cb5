/**
 * `cron-mission why`: why a job ran, or did not, at a time: one sentence, then the facts.
 */

import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import { isDue } from '../../../schedule/calendar/clock-changes.ts'
import { calendarJob } from '../../../schedule/calendar/job-calendar.ts'
import { lastSlotBefore, nextRuns } from '../../../schedule/calendar/next-runs.ts'
import { type Evidence, gatherEvidence } from '../../../schedule/report/evidence.ts'
import { explain, isAnsweredByCalendar, needsEvidence } from '../../../schedule/report/explain.ts'
import type { Explanation, Question } from '../../../schedule/report/explanation.ts'
import { isoTime } from '../../../time/time-text.ts'
import { MINUTE_MS } from '../../../time/units.ts'
import { localTime } from '../../../time/zone.ts'
import { explanationText } from '../../explanation-text.ts'
import { ownUrl } from '../../own-database.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { lookInto } from '../../with-database.ts'
import { findJob } from './find-job.ts'
import { isOwn } from './ledger.ts'
import { slotFacts } from './list-facts.ts'
import { complain } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { readSlotTime } from './slot-time.ts'

export interface WhyFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly time?: string | undefined
  readonly json?: boolean | undefined
}

export async function why(flags: WhyFlags, settings: Settings, minute: number): Promise<number> {
  const { job, jobs, problems } = await findJob(flags.job ?? '', flags, settings)
  const calendar = calendarJob(job, jobs)
  const asked = readSlotTime(flags.time, calendar, minute)
  const next = (from: number) => nextRuns(calendar, from, 1, 0)[0]?.slotAt
  const slotAt = asked?.slotAt ?? lastSlotBefore(calendar, minute) ?? next(minute) ?? minute
  const question: Question = {
    job,
    calendar,
    slotAt,
    now: Date.now(),
    host: ownIdentity().host,
    previous: lastSlotBefore(calendar, slotAt - MINUTE_MS),
    next: next(slotAt),
  }
  const found = needsEvidence(question) ? await evidenceOf(question, settings) : undefined
  const evidence = found instanceof Complaint ? undefined : found
  const explanation = explain(question, found instanceof Complaint ? 'away' : found)
  const remarks = asked?.remark === undefined ? [] : [asked.remark]
  if (flags.json) printJson({ ...facts(question, explanation, evidence, remarks), problems })
  else process.stdout.write(remarks.map((line) => `${line}\n`).join('') + explanationText(explanation, process.stdout))
  for (const sentence of problems) complain(sentence)
  if (!(found instanceof Complaint) || isAnsweredByCalendar(question)) return EXIT.ok
  complain(found.message)
  return found.exitCode
}

function evidenceOf({ job, slotAt }: Question, settings: Settings): Promise<Evidence | Complaint | undefined> {
  const url = isOwn(job, settings) ? ownUrl(settings) : undefined
  return lookInto(settings, (db) => gatherEvidence(db, job, slotAt), url)
}

function facts(
  question: Question,
  explanation: Explanation,
  evidence: Evidence | undefined,
  remarks: readonly string[],
) {
  const { job, calendar, slotAt, previous, next } = question
  return {
    job: job.id,
    case: explanation.case,
    sentence: [...remarks, explanation.sentence].join(' '),
    slot: slotText(slotAt),
    local: localTime(job.timezone, slotAt),
    timezone: job.timezone,
    isDue: isDue(calendar, slotAt),
    previous: isoTime(previous),
    next: isoTime(next),
    rows: (evidence?.rows ?? []).map(slotFacts),
    facts: explanation.facts.map(([label, value]) => ({ label, value })),
  }
}

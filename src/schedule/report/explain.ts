/**
 * Why a job ran or did not, in a sentence, and the facts behind it. Pure: it judges what was found and asks nothing.
 *
 * A slot with a row in the ledger is explained by that row (`explain-row.ts`). One without is not due, or still to come, or
 * nobody was there: that is told from the calendar and from what ticks left around it.
 */
import { KEEP_IDLE_MS, KEEP_MS } from '../../queue/store/purge-slots.ts'
import type { Verdict } from '../../queue/store/slot.ts'
import { formatDuration } from '../../time/duration.ts'
import { clockTime, distance, minuteText } from '../../time/time-text.ts'
import { isDue } from '../calendar/clock-changes.ts'
import { whyNotDue } from '../calendar/why-not-due.ts'
import { decidesFor } from '../language/job-hosts.ts'
import type { PlannedJob } from '../language/plan.ts'
import { spreadOf } from '../tick/look-back.ts'
import type { Evidence } from './evidence.ts'
import { hostFacts, lastFact, nearestFacts, signFacts, stopFacts } from './explain-facts.ts'
import { explainRow } from './explain-row.ts'
import type { Case, Explanation, Fact, Question } from './explanation.ts'
import { silenceOf } from './silence.ts'

/** What another job may come after. */
const ENDED: readonly Verdict[] = ['started', 'enqueued', 'empty']
/** A tick that started in the minute of a slot may take that long. */
const DECIDED_WITHIN_MS = 120_000
/** Of a job that is always at work, this minute says how it stands, not what was decided. */
const JUST_NOW_MS = 60_000

/** Whether the answer may lie in the database: also a minute that is not due now may have been, before the schedule changed. */
export function needsEvidence({ job, slotAt, now }: Question): boolean {
  return job.always || slotAt <= now
}

/** Whether it can be answered without: what is not due, or still to come, the calendar tells. */
export function isAnsweredByCalendar(question: Question): boolean {
  const { job, calendar, slotAt } = question
  return !job.always && (isToCome(question) || !isDue(calendar, slotAt))
}

/** @param evidence  undefined where none is needed, and where there is no database yet; `away` where it cannot be asked */
export function explain(question: Question, evidence: Evidence | 'away' | undefined): Explanation {
  const { job, calendar, slotAt, now, host } = question
  if (evidence !== 'away') {
    const row = evidence?.rows.find(({ place }) => place === host) ?? evidence?.rows[0]
    if (job.always && (row === undefined || now - slotAt < JUST_NOW_MS)) return explainAlways(question, evidence)
    if (evidence !== undefined && row !== undefined) return explainRow(question, evidence, row)
  } else if (!isAnsweredByCalendar(question)) return unknown(question)
  if (!isDue(calendar, slotAt)) return notDue(question)
  return isToCome(question) || evidence === 'away' ? notYet(question) : explainAbsence(question, evidence)
}

function isToCome({ job, slotAt, now, host }: Question): boolean {
  return slotAt + spreadOf(job, host) > now
}

function notDue(question: Question): Explanation {
  const { job, calendar, slotAt } = question
  const neighbours = [question.previous, question.next].filter((at) => at !== undefined)
  const times = neighbours.map((at) => minuteText(job.timezone, at)).join(' and ')
  const nearest =
    neighbours.length === 0
      ? 'it never is'
      : `the nearest ${neighbours.length === 1 ? 'time is' : 'times are'} ${times}`
  const reasons = whyNotDue(calendar, slotAt)
  return {
    case: 'not-due',
    sentence: `${job.id} is not due at ${minuteText(job.timezone, slotAt)}: ${nearest}.`,
    facts: [
      ...(calendar === job || job.after === undefined ? [] : [['comes after', job.after.job] as const]),
      ...reasons.map((reason): Fact => ['not due', reason]),
      ...nearestFacts(question),
    ],
  }
}

function notYet(question: Question): Explanation {
  const { job, slotAt, now, host } = question
  const startAt = slotAt + spreadOf(job, host)
  const isOver = slotAt <= now
  const due = `${job.id} ${isOver ? 'was' : 'is'} due at ${minuteText(job.timezone, slotAt)}`
  const starts = `and starts at ${minuteText(job.timezone, startAt).slice(-5)}, ${distance(startAt, now)}: that is its share of the spread`
  const paused = job.paused === undefined ? '' : ` It will not start: it is paused in the schedule: ${job.paused}.`
  return {
    case: 'not-yet',
    sentence: `${startAt === slotAt ? `${due}, ${distance(slotAt, now)}` : `${due} ${starts}`}.${paused}`,
    facts: nearestFacts(question),
  }
}

function unknown(question: Question): Explanation {
  const { job, slotAt } = question
  const due = job.always ? 'is always to be at work' : `was due at ${minuteText(job.timezone, slotAt)}`
  return {
    case: 'unknown',
    sentence: `${job.id} ${due}; what became of that only the database knows, and it cannot be asked.`,
    facts: nearestFacts(question),
  }
}

function explainAlways(question: Question, evidence: Evidence | undefined): Explanation {
  const { job, now } = question
  const held = (evidence?.holders ?? []).filter((holder) => holder.job === job.id)
  const who = whoHolds(job, held)
  const keptBack = evidence === undefined ? [] : stopFacts(question, evidence)
  const [first] = keptBack
  const state =
    first === undefined
      ? 'always to be at work: each tick starts what is missing, and'
      : `${first[0].replace(' now', '')} ${first[1]};`
  return {
    case: 'always',
    sentence: `${job.id} is ${state} ${who}.`,
    facts: [
      ...keptBack,
      ...held.map(
        ({ shard, host, pid, since }): Fact => [
          `shard ${shard}`,
          `${host}:${pid} since ${clockTime(job.timezone, since)} (${distance(since, now)})`,
        ],
      ),
      ...(evidence?.last === undefined ? [] : [lastFact(job, evidence.last)]),
    ],
  }
}

/** `shards 0, 1 are held now`; of a command, whether it has a worker. */
function whoHolds({ work }: PlannedJob, held: Evidence['holders']): string {
  if (work.kind === 'exec') return held.length === 0 ? 'its command does not run now' : 'its command runs now'
  const shards = held.map(({ shard }) => shard).toSorted((a, b) => a - b)
  if (held.length === 0) return 'nobody holds a shard of it now'
  return held.length === 1 ? `shard ${shards.join()} is held now` : `shards ${shards.join(', ')} are held now`
}

/** It was due, the time is over, and the ledger has no row. */
function explainAbsence(question: Question, evidence: Evidence | undefined): Explanation {
  const { job, slotAt, now, host } = question
  const zone = job.timezone
  const due = `${job.id} was due at ${minuteText(zone, slotAt)}`
  if (evidence === undefined) {
    return { case: 'no-tick', sentence: `${due}, and there is no database yet: no tick has ever run here.`, facts: [] }
  }
  const { known, around, ticks, last } = evidence
  const facts: Fact[] = [
    ...hostFacts(question),
    ...(last === undefined ? [] : [lastFact(job, last)]),
    ...signFacts(question, evidence),
    ...nearestFacts(question),
  ]
  const blocked = job.after === undefined ? undefined : beforeIt(job.after.job, evidence.upstream)
  if (blocked !== undefined) return { case: blocked.case, sentence: `${due} ${blocked.clause}.`, facts }
  if (known !== undefined && known.since > slotAt) {
    return {
      case: 'new-job',
      sentence: `${due}, but has been in the schedule as it is now only since ${minuteText(zone, known.since)}: nothing before that is made up for.`,
      facts,
    }
  }
  const endedAt = job.after === undefined ? 0 : (evidence.upstream?.endedAt ?? evidence.upstream?.changedAt ?? 0)
  if (now - Math.max(slotAt + spreadOf(job, host), endedAt) < DECIDED_WITHIN_MS) {
    return { case: 'undecided', sentence: `${due}, and no tick has decided it yet.`, facts }
  }
  const lastTick = ticksThatCount(question, evidence)[0]
  if (lastTick === undefined) {
    return { case: 'no-tick', sentence: `${due}, and no tick has ever run for it: is the crontab line there?`, facts }
  }
  if (lastTick.minute < slotAt) {
    const silent = silenceOf(ticks) === undefined ? '' : ': is the crontab line there?'
    return {
      case: 'no-tick',
      sentence: `${due}, and no tick has run since ${minuteText(zone, lastTick.minute)} on ${lastTick.host}${silent || '.'}`,
      facts: [...facts, ['to come', catchUpText(job)]],
    }
  }
  if (now - slotAt > KEEP_IDLE_MS) {
    const kept = `the ledger keeps for ${formatDuration(KEEP_IDLE_MS)} what ran nothing, and for ${formatDuration(KEEP_MS)} what ran`
    return {
      case: 'before-ledger',
      sentence: `${due}, and ${now - slotAt > KEEP_MS ? 'that is too long ago' : 'nothing ran for it'}: ${kept}.`,
      facts,
    }
  }
  if (around.oldestSlotAt !== undefined && around.oldestSlotAt > slotAt) {
    const since = minuteText(zone, around.oldestSlotAt)
    return { case: 'before-ledger', sentence: `${due}, and the ledger has rows only since ${since}.`, facts }
  }
  const { before, after } = around
  if (before !== undefined && after !== undefined && after.at - before.at >= DECIDED_WITHIN_MS) {
    return {
      case: 'no-tick',
      sentence: `${due}, and nothing was decided between ${clockTime(zone, before.at)} and ${clockTime(zone, after.at)}: the host was down, or its database was away.`,
      facts,
    }
  }
  return {
    case: 'unknown',
    sentence: `${due}, and ticks ran at that time, but none decided it: the job was not in the schedule then, or its entry was wrong.`,
    facts,
  }
}

/** What keeps a job that comes after another from being due. */
function beforeIt(
  id: string,
  upstream: Evidence['upstream'],
): { readonly case: Case; readonly clause: string } | undefined {
  if (upstream === undefined)
    return { case: 'blocked', clause: `after ${id}, which has no row for that time: see "cron-mission why ${id}"` }
  const { verdict, reason, isOpen } = upstream
  if (isOpen) return { case: 'waiting', clause: `after ${id}, which has not ended for that time` }
  if (ENDED.includes(verdict)) return undefined
  return {
    case: 'blocked',
    clause: `after ${id}, which did not run for it: ${verdict}${reason === '' ? '' : `, ${reason}`}`,
  }
}

/** Ticks of hosts that may start the job, the latest first. */
function ticksThatCount({ job, host }: Question, { ticks }: Evidence) {
  return ticks.ticks.filter((tick) => decidesFor(job, tick.host, host)).toSorted((a, b) => b.minute - a.minute)
}

function catchUpText({ catchUp: { policy, withinMs } }: PlannedJob): string {
  if (policy === 'none') return 'a tick will note it as missed, because catchUp is none'
  return `a tick that comes within ${formatDuration(withinMs)} of it makes up for it (catchUp ${policy})`
}

/**
 * A row of the ledger as a sentence: what was decided for a slot, why, and what came of it.
 */
import { isFinal } from '../../queue/status.ts'
import type { LedgerSlot } from '../../queue/store/read-slot.ts'
import type { TaskFacts } from '../../queue/store/read-task.ts'
import { formatDuration } from '../../time/duration.ts'
import { clockTime, distance, minuteText } from '../../time/time-text.ts'
import type { Evidence } from './evidence.ts'
import { at, exitText, factsOf, lateness, owner, startOf } from './explain-facts.ts'
import type { Case, Explanation, Question } from './explanation.ts'

/** The owner of a row that is about to be started does that at once. */
const STARTS_WITHIN_MS = 120_000

const WAITS_FOR: Readonly<Record<NonNullable<LedgerSlot['cause']>, string>> = {
  overlap: 'what it started before to end',
  load: 'the load of the machine to fall',
  'catch-up': 'its turn, because many slots were missed',
  start: 'the next try, because it could not be started',
  schedule: 'the schedule to load again',
}

export function explainRow(question: Question, evidence: Evidence, row: LedgerSlot): Explanation {
  const task = row.taskId === undefined ? undefined : evidence.tasks.get(row.taskId)
  const { kind, sentence } = told(question, evidence, row, task)
  return { case: kind, sentence, facts: factsOf(question, evidence, row, task) }
}

interface Told {
  readonly kind: Case
  readonly sentence: string
}

function told(question: Question, evidence: Evidence, row: LedgerSlot, task: TaskFacts | undefined): Told {
  const { job } = question
  const slot = `for ${minuteText(job.timezone, row.slotAt)}`
  const because = row.reason === '' ? '' : `: ${row.reason}`
  const not = (kind: Case, why: string): Told => ({ kind, sentence: `${job.id} was not started ${slot}${why}.` })
  switch (row.verdict) {
    case 'started':
      return startedText(question, row, task)
    case 'enqueued':
      return {
        kind: 'enqueued',
        sentence: `${job.id} added its tasks ${slot} at ${at(question, row.changedAt)}${because}.`,
      }
    case 'starting':
      return {
        kind: 'starting',
        sentence:
          row.ageMs < STARTS_WITHIN_MS
            ? `${job.id} is being started ${slot} by ${owner(row)}.`
            : `${job.id} was about to be started ${slot} by ${owner(row)}, ${formatMinutes(row.ageMs)} ago, which then died: the next tick takes it over.`,
      }
    case 'waiting':
      return {
        kind: 'waiting',
        sentence: `${job.id} has not run yet ${slot}: it waits for ${row.cause === undefined ? 'a later tick' : WAITS_FOR[row.cause]}${because}.`,
      }
    case 'empty':
      return { kind: 'empty', sentence: `${job.id} had nothing to do ${slot}${because}.` }
    case 'overlap':
      return not('overlap', `, because what it had started before was still at work${because}`)
    case 'paused':
    case 'stopped':
      return not(
        row.verdict,
        `, because it was ${row.reason.startsWith(row.verdict) ? row.reason : `${row.verdict}${because}`}`,
      )
    case 'load':
      return not('load', `, because the machine had too much to do${because}`)
    case 'condition':
      return not('condition', `, because its conditions did not hold${because}`)
    case 'blocked':
      return not(
        'blocked',
        `, because ${job.after?.job ?? 'the job it comes after'} had failed${because}${upstreamText(question, evidence)}`,
      )
    case 'missed':
      return { kind: 'missed', sentence: `${job.id} was missed ${slot}${because}.` }
    case 'failed':
      return { kind: 'not-started', sentence: `${job.id} could not be started ${slot}${because}.` }
  }
}

function startedText(question: Question, row: LedgerSlot, task: TaskFacts | undefined): Told {
  const { job } = question
  const startedAt = startOf(row, task)
  const lateMs = lateness(job, row, task)
  const late = lateMs === 0 ? '' : `, ${formatMinutes(lateMs)} late`
  const ran = (kind: Case, end: string): Told => ({
    kind: kind === 'ran' && late !== '' ? 'ran-late' : kind,
    sentence: `${job.id} ran for ${minuteText(job.timezone, row.slotAt)}${late}: started at ${at(question, startedAt)} by ${owner(row)}${end}.`,
  })
  const what = row.reason === '' ? '' : `, ${row.reason}`
  const outcome = row.outcome ?? outcomeOf(task)
  const endedAt = row.endedAt ?? task?.finishedAt ?? undefined
  const ended = endedAt === undefined ? '' : ` at ${at(question, endedAt)}`
  switch (outcome) {
    case 'done':
      return ran('ran', `${what}, ended well${ended}`)
    case 'failed':
      return ran('run-failed', `, failed${ended}${exitText(row, task)}`)
    case 'cancelled':
      return ran('run-failed', `, cancelled${ended}`)
    case 'unknown':
      return ran('ran', ', and how it ended is not known')
    case undefined:
      if (row.taskId !== undefined) return openRun(question, row, task, late)
      return row.isOpen ? ran('running', `${what}, and is still at work`) : ran('ran', what)
  }
}

/** A run of a command that has not ended for good. */
function openRun({ job, now }: Question, row: LedgerSlot, task: TaskFacts | undefined, late: string): Told {
  const zone = job.timezone
  const slot = `for ${minuteText(zone, row.slotAt)}${late}`
  switch (task?.state) {
    case 'running': {
      const since =
        task.startedAt === null ? '' : ` since ${clockTime(zone, task.startedAt)} (${distance(task.startedAt, now)})`
      const where = task.worker === null ? '' : ` on ${task.worker.host}:${task.worker.pid}`
      return { kind: 'running', sentence: `${job.id} is running ${slot},${since}${where}.` }
    }
    case 'scheduled': {
      const again = `it is tried again at ${clockTime(zone, task.runAt)} (${distance(task.runAt, now)})`
      return {
        kind: 'running',
        sentence: `${job.id} ran ${slot} and did not end well${exitText(row, task)}: ${again}.`,
      }
    }
    case 'ready':
      return { kind: 'waiting', sentence: `${job.id} is to run ${slot}: the run waits for its worker.` }
    case 'held':
      return {
        kind: 'waiting',
        sentence: `${job.id} is held ${slot}: "queuectl release ${task.id}" lets it run.`,
      }
    default:
      return { kind: 'running', sentence: `${job.id} was started ${slot} by ${owner(row)}, and has not ended.` }
  }
}

function outcomeOf(task: TaskFacts | undefined): LedgerSlot['outcome'] {
  return task !== undefined && isFinal(task.state) ? task.state : undefined
}

function upstreamText({ job }: Question, { upstream }: Evidence): string {
  if (upstream?.endedAt === undefined) return ''
  return ` (at ${clockTime(job.timezone, upstream.endedAt)})`
}

function formatMinutes(ms: number): string {
  return formatDuration(Math.floor(ms / 60_000) * 60_000)
}

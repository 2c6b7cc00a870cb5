/**
 * The facts behind an explanation, each with a label: what a person would look up next.
 */
import { queuePauseReason } from '../../queue/pause-words.ts'
import type { LedgerSlot } from '../../queue/store/read-slot.ts'
import type { TaskFacts } from '../../queue/store/read-task.ts'
import { holds } from '../../queue/store/stop.ts'
import { formatDuration } from '../../time/duration.ts'
import { clockTime, distance, minuteText } from '../../time/time-text.ts'
import { dueNote, isDue } from '../calendar/clock-changes.ts'
import { describeDue } from '../language/describe.ts'
import type { PlannedJob } from '../language/plan.ts'
import { stopReason } from '../stop/stop-words.ts'
import { exitWords } from '../tick/exit-words.ts'
import { spreadOf } from '../tick/look-back.ts'
import type { Evidence } from './evidence.ts'
import type { Fact, Question } from './explanation.ts'

/** A tick begins within seconds of its minute; what starts later than this was made up for, or had waited. */
const LATE_MS = 90_000

export function factsOf(question: Question, evidence: Evidence, row: LedgerSlot, task: TaskFacts | undefined): Fact[] {
  const { job, slotAt } = question
  const startedAt = startOf(row, task)
  const endedAt = row.endedAt ?? task?.finishedAt ?? undefined
  const facts: (readonly [string, string | undefined])[] = [
    ['slot', `${minuteText(job.timezone, slotAt)} ${job.timezone}, ${new Date(slotAt).toISOString().slice(0, 16)}Z`],
    [
      'due by',
      `${describeDue(job)}${isDue(question.calendar, slotAt) || job.always ? '' : ', which does not name this minute'}`,
    ],
    ['clock', clockText(question)],
    ['verdict', `${row.verdict}${row.reason === '' ? '' : `: ${row.reason}`}`],
    [
      'decided',
      `${at(question, row.decidedAt)} by ${owner(row)}${row.owner.host === question.host ? '' : ', which is another host'}`,
    ],
    ['started', row.verdict === 'started' ? at(question, startedAt) : undefined],
    ['ended', endedAt === undefined ? undefined : at(question, endedAt)],
    ['took', endedAt === undefined ? undefined : formatDuration(Math.max(0, endedAt - startedAt))],
    ['exit code', text(row.exitCode ?? task?.exitCode)],
    ['signal', text(row.exitSignal ?? task?.exitSignal)],
    ['attempts', task === undefined ? undefined : String(task.attempts)],
    ['error', task?.error?.trim().split('\n').at(-1)],
    ['task', row.taskId === undefined ? undefined : `${row.taskId}; see "queuectl why ${row.taskId}"`],
  ]
  return [
    ...facts.flatMap(([label, value]): Fact[] => (value === undefined ? [] : [[label, value]])),
    ...inTheWay(question, evidence, row),
    ...upstreamFacts(question, evidence),
    ...stopFacts(question, evidence),
    ...(row.verdict === 'missed' || lateness(job, row, task) > 0 ? signFacts(question, evidence) : []),
    ...otherRows(question, evidence, row),
    ...nearestFacts({ ...question, previous: undefined }),
  ]
}

function clockText({ calendar, slotAt }: Question): string | undefined {
  const note = dueNote(calendar, slotAt)
  switch (note?.kind) {
    case 'gap':
      return `made up for ${note.skipped.join(', ')}, which did not exist on that day`
    case 'first-pass':
      return 'this time came twice; the job is due the first time only'
    case 'both-passes':
      return `this time came twice, and this was the ${note.pass === 1 ? 'first' : 'second'} time`
    case undefined:
      return undefined
  }
}

/** The run, or the workers, that were at work when this slot was decided. */
function inTheWay(question: Question, { earlier, holders }: Evidence, row: LedgerSlot): Fact[] {
  if (row.verdict !== 'overlap' && row.cause !== 'overlap') return []
  const held = holders
    .filter(({ since }) => since <= row.decidedAt)
    .map(
      ({ shard, host, pid, since }): Fact => [
        'in the way',
        `shard ${shard}, held by ${host}:${pid} since ${at(question, since)}`,
      ],
    )
  const run = earlier.find(
    ({ taskId, endedAt }) => taskId !== undefined && (endedAt === undefined || endedAt > row.decidedAt),
  )
  if (run === undefined) return held
  const end = run.endedAt === undefined ? 'not ended' : `ended ${at(question, run.endedAt)}`
  const slot = minuteText(question.job.timezone, run.slotAt)
  return [
    ...held,
    ['in the way', `the run for ${slot}, started ${at(question, run.decidedAt)} by ${owner(run)}, ${end}`],
  ]
}

function upstreamFacts({ job }: Question, { upstream }: Evidence): Fact[] {
  if (job.after === undefined || upstream === undefined) return []
  const end = upstream.endedAt === undefined ? '' : `, ended ${clockTime(job.timezone, upstream.endedAt)}`
  return [[job.after.job, `${upstream.outcome ?? upstream.verdict}${end}${exitText(upstream, undefined)}`]]
}

/** What keeps the job from being started now. */
export function stopFacts({ job, host }: Question, evidence: Evidence): Fact[] {
  const inForce = evidence.stops.filter((stop) => holds(stop, job.id, host))
  return [
    ...(job.paused === undefined ? [] : [['paused now', `by the schedule: ${job.paused}`] as const]),
    ...inForce.map(
      (stop): Fact => [
        stop.kind === 'pause' ? 'paused now' : 'stopped now',
        stopReason(stop, job.timezone).replace(/^(?:paused|stopped) /, ''),
      ],
    ),
    ...(evidence.queuePause === undefined
      ? []
      : [
          [
            'paused now',
            queuePauseReason(evidence.queuePause, job.timezone).replace(/^(.*?) is paused /, 'with $1 '),
          ] as const,
        ]),
  ]
}

function otherRows(question: Question, { rows }: Evidence, row: LedgerSlot): Fact[] {
  return rows
    .filter((other) => other !== row)
    .map(({ place, verdict, reason, decidedAt }): Fact => {
      return [askedBy(place), `${verdict} at ${at(question, decidedAt)}${reason === '' ? '' : `: ${reason}`}`]
    })
}

function askedBy(place: string): string {
  if (place === '') return 'all hosts'
  if (place.startsWith('hand:')) return 'run by hand'
  return place.startsWith('again:') ? 'started again' : `on ${place}`
}

/** How much later than it should a slot was started: milliseconds, 0 when that is nothing to speak of. */
export function lateness(job: PlannedJob, row: LedgerSlot, task: TaskFacts | undefined): number {
  // Whoever asks for the run of an old slot is not late.
  if (row.verdict !== 'started' || row.place.startsWith('hand:')) return 0
  const lateMs = startOf(row, task) - row.slotAt - spreadOf(job, row.owner.host)
  return lateMs > LATE_MS ? lateMs : 0
}

/** A command starts when its task does; workers do when the row says that they were started. */
export function startOf(row: LedgerSlot, task: TaskFacts | undefined): number {
  return task?.startedAt ?? (row.endedAt === undefined ? row.changedAt : row.decidedAt)
}

export function exitText(row: LedgerSlot, task: TaskFacts | undefined): string {
  const exitSignal = row.exitSignal ?? task?.exitSignal ?? null
  return exitWords({ exitSignal, exitCode: row.exitCode ?? task?.exitCode ?? null })
}

export function owner({ owner: { host, pid } }: LedgerSlot): string {
  return `${host}:${pid}`
}

export function at({ job }: Question, time: number): string {
  return clockTime(job.timezone, time)
}

function text(value: string | number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

export function hostFacts({ job: { hosts } }: Question): Fact[] {
  if (hosts === 'one') return []
  return [['hosts', hosts === 'each' ? 'each host runs it for itself' : `only ${hosts.join(', ')} may start it`]]
}

export function lastFact({ timezone }: PlannedJob, { slotAt, verdict, reason }: NonNullable<Evidence['last']>): Fact {
  return ['last slot', `${minuteText(timezone, slotAt)}: ${verdict}${reason === '' ? '' : `, ${reason}`}`]
}

export function signFacts({ job: { timezone } }: Pick<Question, 'job'>, { around, ticks }: Evidence): Fact[] {
  const { before, after } = around
  const latest = ticks.ticks.toSorted((a, b) => b.at - a.at)[0]
  return [
    ...(before === undefined
      ? []
      : [['decided before', `${clockTime(timezone, before.at)} on ${before.host}`] as const]),
    ...(after === undefined ? [] : [['decided after', `${clockTime(timezone, after.at)} on ${after.host}`] as const]),
    ...(latest === undefined ? [] : [['last tick', `${clockTime(timezone, latest.at)} on ${latest.host}`] as const]),
  ]
}

export function nearestFacts({ job: { timezone }, previous, next, now }: Question): Fact[] {
  const text = (at: number) => `${minuteText(timezone, at)} (${distance(at, now)})`
  return [
    ...(previous === undefined ? [] : [['due before', text(previous)] as const]),
    ...(next === undefined ? [] : [['due next', text(next)] as const]),
  ]
}

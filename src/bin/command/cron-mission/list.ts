/**
 * `cron-mission list`: the jobs, when each runs next, what became of its last slot, and who is at work for it.
 *
 * The schedule is listed also when the database cannot be asked; what is not known then is said.
 */

import { EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { queuePauseReason } from '../../../queue/pause-words.ts'
import type { LedgerSlot } from '../../../queue/store/read-slot.ts'
import type { WorkerProcess } from '../../../queue/store/stop.ts'
import { nextRuns, type Run } from '../../../schedule/calendar/next-runs.ts'
import { weekdayOf } from '../../../schedule/calendar/note-text.ts'
import { describeDue } from '../../../schedule/language/describe.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { silenceOf, silenceSentence } from '../../../schedule/report/silence.ts'
import type { Standing } from '../../../schedule/report/standing.ts'
import { pastWord, stopReason } from '../../../schedule/stop/stop-words.ts'
import { spreadOf } from '../../../schedule/tick/look-back.ts'
import { distance, minuteText } from '../../../time/time-text.ts'
import { DAY_MS, MINUTE_MS } from '../../../time/units.ts'
import { localDay } from '../../../time/zone.ts'
import { wholeNumber } from '../../flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { describeShards } from '../../shards.ts'
import { type Column, table } from '../../table.ts'
import { workText } from './job-words.ts'
import { listFacts } from './list-facts.ts'
import { complain, readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { knownStandings } from './standings.ts'

export interface ListFlags extends ScheduleFlags {
  readonly next?: string | undefined
  readonly json?: boolean | undefined
}

export interface ListedJob {
  readonly job: PlannedJob
  /** As many as were asked for, as far as there are any. */
  readonly runs: readonly Run[]
  readonly standing: Standing
}

const MOST_RUNS = 1_000

/** @param now  UTC milliseconds of the minute in which the command began */
export async function list(flags: ListFlags, settings: Settings, now: number): Promise<number> {
  const count = wholeNumber('next', flags.next, 1, MOST_RUNS)
  const { jobs, problems } = await readSchedule(flags, settings)
  const standings = await knownStandings(jobs, settings)
  const { host } = ownIdentity()
  const listed = jobs.map((job) => ({
    job,
    runs: nextRuns(job, now, count ?? 1, spreadOf(job, host)),
    standing: standings.of(job),
  }))
  if (flags.json) {
    printJson(...listed.map((one) => listFacts(one, flags.next !== undefined)))
  } else process.stdout.write(count === undefined ? jobTable(listed) : runTable(listed, now))

  for (const { sentence } of problems) complain(sentence)
  if (standings.problem !== undefined) {
    complain(`How the jobs stand is not known. ${standings.problem.message}`)
  }
  const silence = silenceOf(standings.ticks)
  if (silence !== undefined) complain(silenceSentence(silence))
  return problems.length > 0 ? EXIT.badConfig : (standings.problem?.exitCode ?? EXIT.ok)
}

interface ListColumn extends Column {
  readonly cell: (one: ListedJob) => string
}

function jobTable(listed: readonly ListedJob[]): string {
  const now = Date.now()
  const columns = process.stdout.isTTY ? terminalColumns(listed, now) : pipeColumns(now)
  return table(
    columns,
    listed.map((one) => columns.map(({ cell }) => cell(one))),
  )
}

function pipeColumns(now: number): ListColumn[] {
  return [
    { title: 'JOB', cell: ({ job }) => job.id },
    { title: 'NEXT RUN', cell: (one) => nextText(one, minuteText) },
    { title: 'WHEN', cell: ({ job }) => describeDue(job) },
    { title: 'ZONE', cell: ({ job }) => job.timezone },
    { title: 'WHAT', cell: ({ job }) => workText(job) },
    { title: 'LAST', cell: ({ standing }) => lastText(standing.last, now) },
    { title: 'AT WORK', cell: ({ standing }) => standing.workers.map(workerText).join(', ') },
    { title: 'NOTE', cell: noteText },
  ]
}

/** Few enough for 80 characters: why a job is kept back stands in the place of what it did last. */
function terminalColumns(listed: readonly ListedJob[], now: number): ListColumn[] {
  const isInOneZone = new Set(listed.map(({ job }) => job.timezone)).size < 2
  const isAnybodyAtWork = listed.some(({ standing }) => standing.workers.length > 0)
  const columns: ListColumn[] = [
    { title: 'JOB', least: 8, cell: ({ job }) => job.id },
    { title: 'NEXT RUN', cell: (one) => nextText(one, (zone, at) => nearText(zone, at, now)), style: nextStyle },
    { title: 'WHEN', least: 8, cell: ({ job }) => describeDue(job) },
    { title: 'ZONE', least: 6, cell: ({ job }) => zoneText(job) },
    { title: 'WHAT', least: 6, cell: ({ job }) => workText(job) },
    {
      title: 'LAST',
      least: 12,
      cell: (one) => keptBackText(one) || lastText(one.standing.last, now),
      style: lastStyle,
    },
    { title: 'AT WORK', least: 8, cell: ({ standing }) => workersText(standing.workers) },
  ]
  return columns.filter(({ title }) => !(title === 'ZONE' && isInOneZone) && !(title === 'AT WORK' && !isAnybodyAtWork))
}

/** One line for each run, in the order of time. */
function runTable(listed: readonly ListedJob[], now: number): string {
  const columns = [
    ...['START', { title: 'ZONE', least: 6 }, 'FROM NOW', { title: 'JOB', least: 8 }],
    ...[
      { title: 'WHEN', least: 8 },
      { title: 'WHAT', least: 6 },
      { title: 'NOTE', least: 6 },
    ],
  ]
  const rows = listed
    .flatMap((one) => one.runs.map(({ startAt }) => ({ ...one, startAt })))
    .toSorted((a, b) => a.startAt - b.startAt)
    .map(({ startAt, ...one }) => [
      ...[minuteText(one.job.timezone, startAt), zoneText(one.job), distance(startAt, now)],
      ...[one.job.id, describeDue(one.job), workText(one.job), noteText(one)],
    ])
  return table(columns, rows)
}

/** Without its continent on a terminal. */
function zoneText({ timezone }: PlannedJob): string {
  return process.stdout.isTTY ? timezone.replace(/^.*\//, '') : timezone
}

function nextText({ job, runs: [run], standing }: ListedJob, timeText: (zone: string, at: number) => string): string {
  if (job.paused !== undefined) return 'paused'
  const [stop] = standing.stops
  if (stop !== undefined) return pastWord(stop)
  if (standing.queuePause !== undefined) return 'paused'
  if (job.always) return 'always'
  if (run !== undefined) return timeText(job.timezone, run.startAt)
  return job.after === undefined ? 'never' : `after ${job.after.job}`
}

/** `18:05` of today, `Sun 18:05` of the next six days, `2027-03-28 18:05`. */
function nearText(zone: string, at: number, now: number): string {
  const text = minuteText(zone, at)
  if (localDay(zone, at) === localDay(zone, now)) return text.slice(-5)
  return at - now < 6 * DAY_MS ? `${weekdayOf(zone, at).slice(0, 3)} ${text.slice(-5)}` : text
}

function nextStyle(cell: string) {
  return cell === 'paused' || cell === 'stopped' || cell === 'never' ? 'yellow' : undefined
}

/** `empty 1m ago: queue mail has nothing ready`; of a command that ended, how it ended. */
function lastText(last: LedgerSlot | undefined, now: number): string {
  if (last === undefined) return ''
  const { verdict, outcome, exitCode, reason, changedAt, endedAt, isOpen } = last
  const exit = exitCode === null || exitCode === 0 ? '' : ` (exit ${exitCode})`
  const word =
    outcome === undefined ? (verdict === 'started' && isOpen ? 'running, started' : verdict) : `${outcome}${exit}`
  return `${word} ${ago(endedAt ?? changedAt, now)}${reason === '' ? '' : `: ${reason}`}`
}

/** In whole minutes, from one minute on. */
function ago(at: number, now: number): string {
  const ms = Math.max(0, now - at)
  return distance(ms < MINUTE_MS ? now - ms : now - Math.floor(ms / MINUTE_MS) * MINUTE_MS, now)
}

function lastStyle(cell: string) {
  if (/^(?:failed|missed|blocked)\b/.test(cell)) return 'red'
  return /^(?:started|done|enqueued|running)\b/.test(cell) ? 'green' : undefined
}

/** `web-1:4711 0-3/4` */
function workerText({ host, pid, shards, total }: WorkerProcess): string {
  return `${host}:${pid} ${describeShards(shards, total)}`
}

/** `web-1 0-3/4`: those of a host together. */
function workersText(workers: readonly WorkerProcess[]): string {
  const groups = Map.groupBy(workers, ({ host, total }) => `${host} ${total}`)
  return [...groups.values()]
    .map((group) => {
      const { host, total } = group[0] as WorkerProcess
      const shards = group.flatMap((worker) => worker.shards).toSorted((a, b) => a - b)
      return `${host} ${describeShards(shards, total)}`
    })
    .join(', ')
}

/** Why it does not run; that it does not, its next run says. */
function keptBackText({ job, standing: { stops, queuePause } }: ListedJob): string {
  const reasons = [...stops, ...(queuePause === undefined ? [] : [queuePause])].map(({ reason, by }) =>
    reason === undefined ? `by ${by}` : `${reason} (${by})`,
  )
  return [...(job.paused === undefined ? [] : [job.paused]), ...reasons].join('; ')
}

function noteText({ job, standing }: ListedJob): string {
  const { stops, queuePause } = standing
  const notes = [
    ...stops.map((stop) => stopReason(stop, job.timezone)),
    ...(queuePause === undefined ? [] : [queuePauseReason(queuePause, job.timezone)]),
  ]
  return [...(job.paused === undefined ? [] : [job.paused]), ...notes].join('; ')
}

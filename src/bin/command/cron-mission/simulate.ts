/**
 * `cron-mission simulate`: the schedule played through, to see what starts together and what a change of clocks does.
 */

import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { nextRuns } from '../../../schedule/calendar/next-runs.ts'
import { simulate as play, type Simulation } from '../../../schedule/calendar/simulate.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { spreadOf } from '../../../schedule/tick/look-back.ts'
import { minuteOf } from '../../../time/minute.ts'
import { isoTime, minuteText } from '../../../time/time-text.ts'
import { DAY_MS, MINUTE_MS } from '../../../time/units.ts'
import { timeFlag } from '../../flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { findJob } from './find-job.ts'
import { complain, readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { simulationText } from './simulation-text.ts'
import { usualZone } from './usual-zone.ts'

export interface SimulateFlags extends ScheduleFlags {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly job?: string | undefined
  readonly json?: boolean | undefined
}

/** A simulation, and what else is said about it. */
export interface Played {
  readonly simulation: Simulation
  readonly from: number
  readonly to: number
  readonly zone: string
  /** UTC milliseconds of the next start from now, by job. */
  readonly next: ReadonlyMap<string, number>
  readonly unforeseen: readonly Unforeseen[]
}

/** What is decided when it is time, and by what. */
export interface Unforeseen {
  readonly what: 'onlyIf' | 'shards' | 'enqueue' | 'maxLoad'
  readonly jobs: readonly string[]
  readonly starts: number
}

const USUAL_MS = 7 * DAY_MS
const LONGEST_MS = 10 * 366 * DAY_MS

const MADE_BY: Readonly<Record<Unforeseen['what'], (job: PlannedJob) => boolean>> = {
  onlyIf: ({ onlyIf }) => onlyIf,
  shards: ({ work }) => work.kind === 'queue' && work.shards === 'function',
  enqueue: ({ work }) => work.kind === 'enqueue',
  maxLoad: ({ maxLoad }) => maxLoad !== undefined,
}

export async function simulate(flags: SimulateFlags, settings: Settings, minute: number): Promise<number> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const only = flags.job === undefined ? undefined : (await findJob(flags.job, flags, settings)).job
  const zone = only?.timezone ?? usualZone(jobs)
  const from = minuteOf(timeFlag('from', flags.from, zone) ?? minute)
  const to = minuteOf(timeFlag('to', flags.to, zone) ?? from + USUAL_MS)
  refuseSpan(from, to, zone)

  const { host } = ownIdentity()
  const chosen = only === undefined ? jobs : chainOf(only, jobs)
  const whole = play(chosen, { from, to, zone, spreadOf: (job) => spreadOf(job, host) })
  const simulation = only === undefined ? whole : { ...whole, jobs: whole.jobs.filter(({ job }) => job === only) }
  const next = new Map(
    chosen.flatMap((job) =>
      nextRuns(job, minute, 1, spreadOf(job, host)).map(({ startAt }) => [job.id, startAt] as const),
    ),
  )
  const played = { simulation, from, to, zone, next, unforeseen: unforeseenIn(simulation) }
  if (flags.json) printJson(facts(played))
  else process.stdout.write(simulationText(played))
  for (const { sentence } of problems) complain(sentence)
  return problems.length > 0 ? EXIT.badConfig : EXIT.ok
}

/** A job, and those that it comes after. */
function chainOf(job: PlannedJob, jobs: readonly PlannedJob[]): PlannedJob[] {
  const upstream = jobs.find(({ id }) => id === job.after?.job)
  return upstream === undefined ? [job] : [job, ...chainOf(upstream, jobs)]
}

function unforeseenIn({ jobs }: Simulation): Unforeseen[] {
  const kinds = Object.keys(MADE_BY) as Unforeseen['what'][]
  return kinds.flatMap((what) => {
    const made = jobs.filter(({ job }) => MADE_BY[what](job))
    if (made.length === 0) return []
    return [{ what, jobs: made.map(({ job }) => job.id), starts: made.reduce((sum, { runs }) => sum + runs, 0) }]
  })
}

function refuseSpan(from: number, to: number, zone: string): void {
  const given = `from ${minuteText(zone, from)} to ${minuteText(zone, to)}`
  if (to <= from) throw new Complaint(EXIT.usage, `The time ${given} is none. Give a --to that is later than --from.`)
  if (to - from > LONGEST_MS) {
    throw new Complaint(EXIT.usage, `The time ${given} is too long. Simulate ten years at most.`)
  }
}

function facts({ simulation, from, to, zone, next, unforeseen }: Played) {
  const { jobs, together, clocks, ...rest } = simulation
  return {
    from: isoTime(from),
    to: isoTime(to),
    timezone: zone,
    ...rest,
    jobs: jobs.map(({ job, runs, first, last }) => ({
      job: job.id,
      runs,
      first: isoTime(first),
      last: isoTime(last),
      next: isoTime(next.get(job.id)),
      after: job.after?.job ?? null,
      always: job.always,
      paused: job.paused ?? null,
    })),
    together: together.map(({ first, ...set }) => ({ ...set, first: isoTime(first) })),
    clocks: clocks.map(({ at, before, after, ...effects }) => ({
      at: isoTime(at),
      offsetBeforeMinutes: before / MINUTE_MS,
      offsetAfterMinutes: after / MINUTE_MS,
      ...effects,
    })),
    unforeseen,
  }
}

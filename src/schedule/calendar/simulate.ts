/**
 * A span of time played through: how often each job is due, which start together, what changes of clocks do to them. Pure.
 *
 * Every minute of the span is a few cells of typed arrays, and jobs are added to it one after the other, so a year of many
 * jobs is some million additions. A minute also has a number that stands for the set of jobs that start in it: minutes with
 * the same set are told as one.
 */
import { MINUTE_MS } from '../../time/units.ts'
import type { PlannedJob } from '../language/plan.ts'
import { type ClockChange, clockChanges, dueNote, isDue, timeOfDay } from './clock-changes.ts'
import { occurrences } from './occurrences.ts'
import { zoneSpans } from './zone-spans.ts'

export interface Span {
  /** UTC milliseconds of a whole minute, inclusive. */
  readonly from: number
  /** The same, exclusive. */
  readonly to: number
  /** Whose hours and minutes the histograms are of. */
  readonly zone: string
  /** How much later than its slots a job is started. */
  readonly spreadOf: (job: PlannedJob) => number
}

export interface Simulation {
  readonly jobs: readonly SimulatedJob[]
  readonly starts: number
  readonly minutes: number
  readonly quietMinutes: number
  /** Shards, and commands, that start in one minute. */
  readonly shards: { readonly most: number; readonly average: number; readonly always: number }
  /** The sets of jobs that start together, the largest first. */
  readonly together: readonly Together[]
  /** Starts in each minute of the hour, and in each hour of the day. */
  readonly byMinute: readonly number[]
  readonly byHour: readonly number[]
  readonly clocks: readonly ClockEffects[]
}

export interface SimulatedJob {
  readonly job: PlannedJob
  /** Of a job that comes after another: at most. */
  readonly runs: number
  /** UTC milliseconds of its first and its last start; of a job that only comes after another it is not known. */
  readonly first: number | undefined
  readonly last: number | undefined
}

export interface Together {
  readonly jobs: readonly string[]
  readonly shards: number
  /** In so many minutes, the first of which is: UTC milliseconds. */
  readonly minutes: number
  readonly first: number
}

/** What a change of clocks does to the jobs of its zone. */
export interface ClockEffects extends ClockChange {
  readonly zone: string
  /** They run at the end of the gap, for the times that do not exist. */
  readonly madeUp: readonly { readonly job: string; readonly skipped: readonly string[] }[]
  /** Their times come twice, and they run the first time only. */
  readonly firstOnly: readonly { readonly job: string; readonly times: readonly string[] }[]
  /** They follow real time: they run in both passes of the hour. */
  readonly twice: readonly string[]
}

const MOST_TOGETHER = 10
const LARGEST_COUNT = 65_535

/** @param jobs  the whole plan: a job that comes after another needs that one, too */
export function simulate(jobs: readonly PlannedJob[], span: Span): Simulation {
  const minutes = new Minutes(span)
  const byId = new Map<string, SimulatedJob>()
  for (const job of jobs) byId.set(job.id, playJob(job, minutes, span))
  const simulated = jobs.map((job) => ({ ...(byId.get(job.id) as SimulatedJob), runs: runsOf(job.id, byId) }))
  return { jobs: simulated, ...minutes.summary(jobs), clocks: clockEffects(jobs, span) }
}

/** How many shards, or commands, a start of the job is; a function of the file decides at its time, and counts as one. */
export function shardsOf({ work }: PlannedJob): number {
  if (work.kind === 'enqueue') return 0
  return work.kind === 'queue' && work.shards !== 'function' ? work.shards : 1
}

function playJob(job: PlannedJob, minutes: Minutes, { from, to, spreadOf }: Span): SimulatedJob {
  const spread = spreadOf(job)
  let runs = 0
  let first: number | undefined
  let last: number | undefined
  if (job.paused === undefined) minutes.next(job)
  for (const slot of occurrences(job, from - spread - MINUTE_MS, to - spread - MINUTE_MS)) {
    last = slot + spread
    first ??= last
    runs++
    if (job.paused === undefined) minutes.add(last)
  }
  return { job, runs, first, last }
}

/** With those that it has because another job ran. A plan has no circles. */
function runsOf(id: string, byId: ReadonlyMap<string, SimulatedJob>): number {
  const { job, runs } = byId.get(id) ?? {}
  const upstream = job?.after?.job
  return (runs ?? 0) + (upstream === undefined ? 0 : runsOf(upstream, byId))
}

/** What starts in each minute. */
class Minutes {
  readonly #span: Span
  readonly #starts: Uint16Array
  readonly #shards: Uint16Array
  readonly #sets: Uint32Array
  #ofJob = { shards: 0, mark: 0 }

  constructor(span: Span) {
    const { from, to } = span
    const length = Math.max(0, Math.ceil((to - from) / MINUTE_MS))
    this.#span = span
    this.#starts = new Uint16Array(length)
    this.#shards = new Uint16Array(length)
    this.#sets = new Uint32Array(length)
  }

  /** What is added from now on is of this job. */
  next(job: PlannedJob): void {
    this.#ofJob = { shards: shardsOf(job), mark: markOf(job.id) }
  }

  add(start: number): void {
    const i = (start - this.#span.from) / MINUTE_MS
    const { shards, mark } = this.#ofJob
    this.#starts[i] = (this.#starts[i] ?? 0) + 1
    this.#shards[i] = Math.min(LARGEST_COUNT, (this.#shards[i] ?? 0) + shards)
    this.#sets[i] = (this.#sets[i] ?? 0) ^ mark
  }

  summary(jobs: readonly PlannedJob[]): Omit<Simulation, 'jobs' | 'clocks'> {
    const sets = new Map<number, { i: number; minutes: number }>()
    let starts = 0
    let shards = 0
    let most = 0
    let quietMinutes = 0
    for (let i = 0; i < this.#starts.length; i++) {
      const here = this.#starts[i] ?? 0
      if (here === 0) {
        quietMinutes++
        continue
      }
      starts += here
      shards += this.#shards[i] ?? 0
      most = Math.max(most, this.#shards[i] ?? 0)
      const set = sets.get(this.#sets[i] ?? 0)
      if (set === undefined) sets.set(this.#sets[i] ?? 0, { i, minutes: 1 })
      else set.minutes++
    }
    const always = jobs.filter((job) => job.always && job.paused === undefined)
    const minutes = this.#starts.length
    return {
      starts,
      minutes,
      quietMinutes,
      shards: {
        most,
        average: minutes === 0 ? 0 : shards / minutes,
        always: always.reduce((sum, job) => sum + shardsOf(job), 0),
      },
      together: this.#largest([...sets.values()], jobs),
      ...this.#histograms(),
    }
  }

  #largest(sets: readonly { readonly i: number; readonly minutes: number }[], jobs: readonly PlannedJob[]): Together[] {
    const { from, spreadOf } = this.#span
    return sets
      .filter(({ i }) => (this.#starts[i] ?? 0) > 1)
      .toSorted(
        (a, b) =>
          (this.#starts[b.i] ?? 0) - (this.#starts[a.i] ?? 0) ||
          (this.#shards[b.i] ?? 0) - (this.#shards[a.i] ?? 0) ||
          a.i - b.i,
      )
      .slice(0, MOST_TOGETHER)
      .map(({ i, minutes }) => {
        const first = from + i * MINUTE_MS
        const starting = jobs.filter((job) => job.paused === undefined && isDue(job, first - spreadOf(job)))
        return { jobs: starting.map(({ id }) => id), shards: this.#shards[i] ?? 0, minutes, first }
      })
  }

  #histograms(): Pick<Simulation, 'byMinute' | 'byHour'> {
    const { from, to, zone } = this.#span
    const byMinute = new Array<number>(60).fill(0)
    const byHour = new Array<number>(24).fill(0)
    for (const { start, end, offset } of zoneSpans(zone, from, to)) {
      for (let at = start; at < end; at += MINUTE_MS) {
        const here = this.#starts[(at - from) / MINUTE_MS] ?? 0
        if (here === 0) continue
        const minuteOfDay = Math.floor((at + offset) / MINUTE_MS) % (24 * 60)
        const hour = Math.floor(minuteOfDay / 60)
        byMinute[minuteOfDay % 60] = (byMinute[minuteOfDay % 60] ?? 0) + here
        byHour[hour] = (byHour[hour] ?? 0) + here
      }
    }
    return { byMinute, byHour }
  }
}

/** A number that stands for a job (FNV-1a); a set of jobs is what all of theirs make together by exclusive or. */
function markOf(id: string): number {
  let mark = 0x811c9dc5
  for (let i = 0; i < id.length; i++) mark = Math.imul(mark ^ id.charCodeAt(i), 0x01000193)
  // Ids that differ in their last character alone would have numbers that lie close together.
  return Math.imul(mark ^ (mark >>> 15), 0x2c1b3c6d) >>> 0
}

function clockEffects(jobs: readonly PlannedJob[], { from, to }: Span): ClockEffects[] {
  const running = jobs.filter(({ paused }) => paused === undefined)
  const byZone = Map.groupBy(running, ({ timezone }) => timezone)
  return [...byZone]
    .flatMap(([zone, ofZone]) => clockChanges(zone, from, to).map((change) => effectsOf(change, zone, ofZone)))
    .toSorted((a, b) => a.at - b.at)
}

function effectsOf(change: ClockChange, zone: string, jobs: readonly PlannedJob[]): ClockEffects {
  const { at, before, after } = change
  const effects = { madeUp: [] as ClockEffects['madeUp'][0][], firstOnly: [] as ClockEffects['firstOnly'][0][] }
  const twice: string[] = []
  const pass = Math.max(MINUTE_MS, before - after)
  for (const job of jobs) {
    const times: string[] = []
    for (const minute of occurrences(job, at - pass - 1, at)) {
      const note = dueNote(job, minute)
      if (note?.kind === 'gap') effects.madeUp.push({ job: job.id, skipped: note.skipped })
      if (note?.kind === 'first-pass') times.push(timeOfDay(minute + before))
      if (note?.kind === 'both-passes' && twice.at(-1) !== job.id) twice.push(job.id)
    }
    if (times.length > 0) effects.firstOnly.push({ job: job.id, times })
  }
  return { ...change, zone, ...effects, twice }
}

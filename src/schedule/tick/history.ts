/**
 * How far the schedule was decided before this tick, and since when each job has been due as it is now.
 */

import { createHash } from 'node:crypto'
import type { Driver } from '../../queue/driver.ts'
import { CLOCK_TOLERANCE_MS } from '../../queue/store/clock.ts'
import { forgetFuture } from '../../queue/store/future-slots.ts'
import { type KnownJob, knownJobs, noteJobs, type TickRow, tickRows, writeTick } from '../../queue/store/tick-row.ts'
import { formatDuration } from '../../time/duration.ts'
import { MINUTE_MS } from '../../time/units.ts'
import { decidesFor } from '../language/job-hosts.ts'
import type { PlannedJob } from '../language/plan.ts'
import { spreadOf } from './look-back.ts'

/** A clock that was set back further than this was wrong before, and is right now. */
const CORRECTION_MS = 3 * 3_600_000
/** Two ticks that overlap differ by a minute; more is a clock that was set back. */
const SET_BACK_MS = 2 * MINUTE_MS
/** A host that was not heard of for so long was taken out of service. */
const GONE_AFTER_MS = 86_400_000

export interface HistoryOptions {
  /** UTC milliseconds of the minute of the tick. */
  readonly minute: number
  readonly host: string
  /** Tells one content of the schedule from another. */
  readonly hash: string
  /** The minute is now: the clock that says so can be compared with the database's. */
  readonly isNow: boolean
}

export class History {
  readonly #options: HistoryOptions
  readonly #ticks: readonly TickRow[]
  readonly #known: ReadonlyMap<string, KnownJob>
  /** What jobs meant when a tick looked last, as far as this one has asked. */
  readonly #before: ReadonlyMap<string, string>
  readonly #clock: Clock
  /** What is wrong with the clocks, a sentence each. */
  readonly problems: readonly string[]

  private constructor(options: HistoryOptions, ticks: readonly TickRow[], { known, before }: Noted, clock: Clock) {
    this.#options = options
    this.#ticks = ticks
    this.#known = new Map(known.map((job) => [job.job, job]))
    this.#before = new Map(before.map(({ job, meaning }) => [job, meaning]))
    this.#clock = clock
    this.problems = clockProblems(this.#own, clock.aheadMs, options)
  }

  static async read(db: Driver, jobs: readonly PlannedJob[], given: HistoryOptions): Promise<History> {
    const askedAt = Date.now()
    const { ticks, now } = await tickRows(db)
    const clock = { now, aheadMs: aheadOf(now, askedAt, Date.now()) }
    const options = given.isNow ? { ...given, minute: bothSay(given.minute, clock.aheadMs) } : given
    const own = ticks.find(({ host }) => host === options.host)
    const isSteady = own?.plan === options.hash && own.minute >= options.minute - MINUTE_MS
    // What comes after another job looks back by itself, in every minute.
    const isKnown = isSteady && jobs.every(({ after }) => after === undefined)
    const noted = isKnown ? { known: [], before: [] } : await noteChanges(db, jobs, options)
    return new History(options, ticks, noted, clock)
  }

  /**
   * The minute to be decided. A slot has come when this host's clock and the database's both say so: one host that is days
   * ahead would else decide days of the others' slots, and most of them as missed.
   */
  get minute(): number {
    return this.#options.minute
  }

  /** UTC milliseconds, by the database's clock: what one host writes another can compare. */
  get now(): number {
    return this.#options.isNow ? Date.now() - this.#clock.aheadMs : this.#options.minute
  }

  /**
   * The last minute whose slots of this job stand in the ledger, as far as this host may start it.
   *
   * A host that goes by another schedule may not know the job: what it has decided says nothing of it.
   */
  decidedUntil(job: PlannedJob): number | undefined {
    const { host: own, hash } = this.#options
    const mayStart = this.#ticks.filter(({ host }) => decidesFor(job, host, own))
    const alike = mayStart.filter(({ host, plan }) => host === own || plan === hash)
    const minutes = (alike.length > 0 ? alike : mayStart).map(({ minute }) => minute)
    return minutes.length === 0 ? undefined : Math.max(...minutes) - this.#sooner(job)
  }

  /** How much sooner after its slots a job is started than up to now: with a shorter spread some are due at once. */
  #sooner(job: PlannedJob): number {
    const { host } = this.#options
    const before = { ...job, spreadMs: spreadIn(this.#before.get(job.id) ?? meaningOf(job)) }
    return Math.max(0, spreadOf(before, host) - spreadOf(job, host))
  }

  /** Every host that ticks goes by this schedule, and this one did before: a job that it does not have, none has. */
  get isShared(): boolean {
    const isGone = (at: number) => this.#clock.now - at > GONE_AFTER_MS
    return this.#ticks.every(({ plan, at }) => plan === this.#options.hash || isGone(at))
  }

  knownSince({ id }: PlannedJob): number | undefined {
    return this.#known.get(id)?.since
  }

  /**
   * What was decided for a time that is to come, because the clock was wrong, and started nothing: it is decided again when its
   * time has come.
   */
  async forgetFuture(db: Driver): Promise<void> {
    const { minute, isNow } = this.#options
    if (!isNow || this.#own === undefined || this.#own.minute - minute < SET_BACK_MS) return
    await forgetFuture(db, Math.max(minute, minuteOf(this.#clock.now)))
  }

  /** To be called when everything that is due stands in the ledger. */
  async write(db: Driver): Promise<void> {
    const { host, minute, hash, isNow } = this.#options
    if (!isNow && this.#own !== undefined && this.#own.minute > minute) return
    await writeTick(db, { host, minute, plan: hash })
  }

  get #own(): TickRow | undefined {
    return this.#ticks.find(({ host }) => host === this.#options.host)
  }
}

interface Clock {
  /** The database's, when it was asked: UTC milliseconds. */
  readonly now: number
  /** How much this host's clock is ahead of it, at least; below 0 where it is behind. */
  readonly aheadMs: number
}

/** The database said `now` at some moment between the two. */
function aheadOf(now: number, askedAt: number, answeredAt: number): number {
  return askedAt > now ? askedAt - now : Math.min(0, answeredAt - now)
}

/** Whole minutes are taken away, so that a tick that is a little late decides its own minute all the same. */
function bothSay(minute: number, aheadMs: number): number {
  return aheadMs > CLOCK_TOLERANCE_MS ? minute - Math.round(aheadMs / MINUTE_MS) * MINUTE_MS : minute
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS
}

interface Noted {
  readonly known: readonly KnownJob[]
  readonly before: readonly KnownJob[]
}

/** Since a time that is to come, a job can be known only by a clock that was wrong. */
async function noteChanges(db: Driver, jobs: readonly PlannedJob[], { minute, isNow }: HistoryOptions): Promise<Noted> {
  const before = await knownJobs(db)
  const byId = new Map(before.map((job) => [job.job, job]))
  const known = jobs.map((job): KnownJob => {
    const [old, meaning] = [byId.get(job.id), meaningOf(job)]
    const isSince = old !== undefined && timesIn(old.meaning) === timesIn(meaning) && !(isNow && old.since > minute)
    return { job: job.id, meaning, since: isSince ? old.since : minute }
  })
  const isNoted = ({ job, meaning, since }: KnownJob) =>
    byId.get(job)?.meaning === meaning && byId.get(job)?.since === since
  await noteJobs(
    db,
    known.filter((job) => !isNoted(job)),
  )
  return { known, before }
}

/** What decides at which minutes a job is due, and how much later it may be started: `0123456789abcdef+30`. */
function meaningOf({ when, except, after, timezone, spreadMs }: PlannedJob): string {
  const times = createHash('sha1').update(JSON.stringify({ when, except, after, timezone })).digest('hex').slice(0, 16)
  return spreadMs === 0 ? times : `${times}+${spreadMs / MINUTE_MS}`
}

function timesIn(meaning: string): string | undefined {
  return meaning.split('+')[0]
}

function spreadIn(meaning: string): number {
  return Number(meaning.split('+')[1] ?? 0) * MINUTE_MS
}

function clockProblems(own: TickRow | undefined, apart: number, { minute, isNow }: HistoryOptions): string[] {
  if (!isNow) return []
  const problems: string[] = []
  if (Math.abs(apart) > CLOCK_TOLERANCE_MS) {
    const off = formatDuration(Math.round(Math.abs(apart) / 1_000) * 1_000)
    problems.push(
      `The clock of this host is ${off} ${apart > 0 ? 'ahead of' : 'behind'} the database's${apart > 0 ? ', and a job is started when both say that it is due' : ''}. Set both right, for instance with NTP.`,
    )
  }
  if (own !== undefined && own.minute - minute > CORRECTION_MS) {
    problems.push(
      `The last tick was for ${new Date(own.minute).toISOString()}, which is to come: the clock was set back. What was started for the time until then is not started again.`,
    )
  }
  return problems
}

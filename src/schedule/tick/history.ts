/**
 * How far the schedule was decided before this tick, and since when each job has been due as it is now.
 */
import { createHash } from 'node:crypto'
import type { Driver } from '../../queue/driver.ts'
import { CLOCK_TOLERANCE_MS } from '../../queue/store/clock.ts'
import { type KnownJob, knownJobs, noteJobs, type TickRow, tickRows, writeTick } from '../../queue/store/tick-row.ts'
import { formatDuration } from '../../time/duration.ts'
import type { PlannedJob } from '../language/plan.ts'

/** A clock that was set back further than this was wrong before, and is right now. */
const CORRECTION_MS = 3 * 3_600_000

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
  /** What is wrong with the clocks, a sentence each. */
  readonly problems: readonly string[]

  private constructor(
    options: HistoryOptions,
    ticks: readonly TickRow[],
    known: readonly KnownJob[],
    problems: readonly string[],
  ) {
    this.#options = options
    this.#ticks = ticks
    this.#known = new Map(known.map((job) => [job.job, job]))
    this.problems = problems
  }

  static async read(db: Driver, jobs: readonly PlannedJob[], options: HistoryOptions): Promise<History> {
    const { ticks, now } = await tickRows(db)
    const own = ticks.find(({ host }) => host === options.host)
    const isSteady = own?.plan === options.hash && own.minute >= options.minute - 60_000
    // What comes after another job looks back by itself, in every minute.
    const isKnown = isSteady && jobs.every(({ after }) => after === undefined)
    const known = isKnown ? [] : await noteChanges(db, jobs, options.minute)
    return new History(options, ticks, known, clockProblems(own, now, options))
  }

  /** The last minute whose slots of this job stand in the ledger, as far as this host may start it. */
  decidedUntil({ hosts }: PlannedJob): number | undefined {
    const own = this.#options.host
    const minutes = this.#ticks
      .filter(({ host }) => (hosts === 'one' ? true : hosts === 'each' ? host === own : hosts.includes(host)))
      .map(({ minute }) => minute)
    return minutes.length === 0 ? undefined : Math.max(...minutes)
  }

  knownSince({ id }: PlannedJob): number | undefined {
    return this.#known.get(id)?.since
  }

  /** To be called when everything that is due stands in the ledger. */
  async write(db: Driver): Promise<void> {
    const { host, minute, hash, isNow } = this.#options
    const own = this.#ticks.find((tick) => tick.host === host)
    if (own !== undefined && own.minute > minute && (!isNow || own.minute - minute <= CORRECTION_MS)) return
    await writeTick(db, { host, minute, plan: hash })
  }
}

async function noteChanges(db: Driver, jobs: readonly PlannedJob[], minute: number): Promise<KnownJob[]> {
  const known = new Map((await knownJobs(db)).map((job) => [job.job, job]))
  const all = jobs.map((job) => ({ job: job.id, meaning: meaningOf(job), since: minute }))
  const changed = all.filter(({ job, meaning }) => known.get(job)?.meaning !== meaning)
  await noteJobs(db, changed)
  return all.map((job) => (changed.includes(job) ? job : (known.get(job.job) ?? job)))
}

/** What decides at which minutes a job is due. */
function meaningOf({ when, except, after, timezone }: PlannedJob): string {
  return createHash('sha1').update(JSON.stringify({ when, except, after, timezone })).digest('hex').slice(0, 16)
}

function clockProblems(own: TickRow | undefined, now: number, { minute, isNow }: HistoryOptions): string[] {
  if (!isNow) return []
  const problems: string[] = []
  const apart = Date.now() - now
  if (Math.abs(apart) > CLOCK_TOLERANCE_MS) {
    const off = formatDuration(Math.round(Math.abs(apart) / 1_000) * 1_000)
    problems.push(
      `The clock of this host is ${off} ${apart > 0 ? 'ahead of' : 'behind'} the database's. Set both right, for instance with NTP.`,
    )
  }
  if (own !== undefined && own.minute - minute > CORRECTION_MS) {
    problems.push(
      `The last tick was for ${new Date(own.minute).toISOString()}, which is to come: the clock was set back. What was decided for the time until then is not decided again.`,
    )
  }
  return problems
}

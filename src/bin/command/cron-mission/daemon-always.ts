/**
 * The daemon's care for workers that are to be at work always: one that died is back within a second.
 *
 * Which jobs those are, the last tick has left in the state directory, so the daemon itself never loads a schedule. Whether a
 * job is to be started again, and how, the same function decides that a tick asks.
 */
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { workersUnder } from '../../../queue/store/stop.ts'
import { WorkerWatch } from '../../../schedule/daemon/worker-watch.ts'
import { jobFunctions } from '../../../schedule/language/functions.ts'
import { mayStartOn } from '../../../schedule/language/job-hosts.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { type KeptPlan, PlanCache } from '../../../schedule/language/plan-cache.ts'
import { keepAlways } from '../../../schedule/tick/always.ts'
import { Facts } from '../../../schedule/tick/facts.ts'
import { circumstances } from '../../../schedule/tick/tick.ts'
import { beginWaitingRun } from '../../../schedule/tick/waiting-run.ts'
import { minuteOf } from '../../../time/minute.ts'
import { ownUrl } from '../../own-database.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { launcher } from './launcher.ts'
import { isOwn, withLedger } from './ledger.ts'
import type { Logs } from './logs.ts'
import { complain } from './schedule.ts'
import { libraryUrl } from './schedule-path.ts'

export interface AlwaysKeeperOptions {
  readonly schedulePath: string
  readonly logs: Logs
  /** Asked again each time: `.env` may have changed. */
  readonly settings: () => Settings
}

/** A worker that a tick started is seen in the database when it has taken its seat, a moment after the tick has left. */
const SEATED_MS = [0, 500, 1_500, 4_000]
/** What has no seat by then has died on its way: then it is asked whether anything is missing. */
const SURELY_SEATED_MS = 10_000
/** After trouble with the database, which the ticks tell of. */
const PATIENCE_MS = 1_000
/** Starts in a row after which a person is told. */
const TOLD_AFTER = 3

export class AlwaysKeeper {
  readonly #options: AlwaysKeeperOptions
  readonly #watch = new WorkerWatch()
  /** By the names of jobs whose workers do not stay, and that was told. */
  readonly #told = new Set<string>()
  #jobs: readonly PlannedJob[] = []
  #work: Promise<void> = Promise.resolve()
  #isBusy = false
  #notBefore = 0
  #hasEnded = false
  #timers: NodeJS.Timeout[] = []

  constructor(options: AlwaysKeeperOptions) {
    this.#options = options
  }

  /** What the last tick has left says what the schedule is. */
  get hasPlan(): boolean {
    return this.#plan(this.#options.settings()) !== undefined
  }

  /** A tick has ended: the schedule may be another one, and there may be other workers. */
  refresh(): void {
    this.#forget()
    const knowAfter = (ms: number) => setTimeout(() => this.#do(() => this.#know()), ms)
    const suspect = () => this.#watch.suspect(this.#jobs.map(({ id }) => id))
    this.#timers = [...SEATED_MS.map(knowAfter), setTimeout(suspect, SURELY_SEATED_MS)]
  }

  /** Starts again what has died. It asks the system only, as long as nothing has. */
  look(): void {
    const now = performance.now()
    if (this.#isBusy || now < this.#notBefore) return
    const ids = this.#watch.lacking(now)
    const lacking = this.#jobs.filter(({ id }) => ids.includes(id))
    if (lacking.length > 0) this.#do(() => this.#lookAfter(lacking))
  }

  /** Somebody else may have put another one in its place: that one is to be watched, too. */
  async #lookAfter(lacking: readonly PlannedJob[]): Promise<void> {
    // Whoever ended them may have read the schedule anew before.
    const jobs = this.#plan(this.#options.settings())?.jobs ?? lacking
    await this.#putBack(lacking.map((job) => jobs.find(({ id, always }) => always && id === job.id) ?? job))
    await this.#know()
  }

  /** Starts nothing more. */
  end(): Promise<void> {
    this.#hasEnded = true
    this.#forget()
    return this.#work
  }

  async #know(): Promise<void> {
    const settings = this.#options.settings()
    const { host } = ownIdentity()
    this.#jobs = (this.#plan(settings)?.jobs ?? []).filter((job) => job.always && mayStartOn(job, host))
    const ids = this.#jobs.map(({ id }) => id)
    if (ids.length === 0) return this.#watch.know([], [])
    await withDatabase(settings, async (common) => {
      const workersOf = (job: PlannedJob) =>
        withLedger(job, common, settings, (db) => workersUnder(db, { job: job.id, host }))
      this.#watch.know(ids, (await Promise.all(this.#jobs.map(workersOf))).flat())
    })
  }

  #plan({ stateDirectory }: Settings): KeptPlan | undefined {
    return new PlanCache(this.#options.schedulePath, stateDirectory, libraryUrl()).last
  }

  #forget(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }

  async #putBack(jobs: readonly PlannedJob[]): Promise<void> {
    const { schedulePath, logs } = this.#options
    const settings = this.#options.settings()
    const functions = jobFunctions(schedulePath, libraryUrl(), (line) => logs.tick.event('job-printed', { text: line }))
    try {
      const { host } = ownIdentity()
      await withDatabase(settings, async (common) => {
        for (const job of jobs) {
          await withLedger(job, common, settings, (db) => {
            const facts = new Facts(db, host, db === common ? undefined : common)
            return this.#putBackOne(db, job, settings, circumstances(db, facts, functions, host))
          })
        }
      })
    } finally {
      await functions.end()
    }
  }

  async #putBackOne(
    db: Driver,
    job: PlannedJob,
    settings: Settings,
    around: ReturnType<typeof circumstances>,
  ): Promise<void> {
    if (this.#hasEnded) return
    const { logs } = this.#options
    const now = Date.now()
    const carry = {
      self: ownIdentity(),
      log: logs.tick,
      launcher: launcher(settings, logs, false),
      awaited: new Set<string>(),
      url: isOwn(job, settings) ? ownUrl(settings) : undefined,
    }
    const { started, troubles, complete } = await keepAlways(db, [job], {
      ...carry,
      ...{ minute: minuteOf(now), place: `again:${now}`, around },
    })
    const waiting = complete.length === 0 ? [] : (await beginWaitingRun(db, job, carry)).started
    const pids = [...started, ...waiting].map(({ pid }) => pid)
    const times = this.#watch.restarted(job.id, pids, performance.now())
    if (times > 0) logs.tick.event('worker-restarted', { job: job.id, pids: pids.join(','), times })
    for (const sentence of troubles) complain(sentence)
    if (times === 1) this.#told.delete(job.id)
    if (times < TOLD_AFTER || this.#told.has(job.id)) return
    this.#told.add(job.id)
    complain(
      `The workers of job "${job.id}" end soon after their start: the log do-queue-….log says why. They are started again, after up to a minute each time.`,
    )
  }

  /** One thing after the other. The daemon goes on whatever happens. */
  #do(work: () => Promise<void>): void {
    this.#isBusy = true
    const done = this.#work.then(work).catch(() => {
      this.#notBefore = performance.now() + PATIENCE_MS
    })
    this.#work = done
    done.then(() => {
      if (this.#work === done) this.#isBusy = false
    })
  }
}

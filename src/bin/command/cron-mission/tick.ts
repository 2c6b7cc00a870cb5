/**
 * The tick, wired: what crontab runs every minute.
 *
 * First it clears up after workers that have died, because that needs no schedule and what they had claimed becomes ready
 * again; then it starts what is due.
 */

import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { installationName } from '../../../queue/migrate.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import { isEmbedded } from '../../../queue/url.ts'
import type { CurrentPlan } from '../../../schedule/language/current-plan.ts'
import { jobFunctions } from '../../../schedule/language/functions.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { Alarms } from '../../../schedule/tick/alarms.ts'
import { lookBack } from '../../../schedule/tick/look-back.ts'
import { quietAfter } from '../../../schedule/tick/quiet.ts'
import { preview, type TickReport, tick } from '../../../schedule/tick/tick.ts'
import { minuteOf } from '../../../time/minute.ts'
import { MINUTE_MS } from '../../../time/units.ts'
import { localTime } from '../../../time/zone.ts'
import { endCutOff } from '../../../worker/cut-off.ts'
import { Rescue } from '../../../worker/rescue.ts'
import { ownUrl } from '../../own-database.ts'
import { printJson } from '../../print.ts'
import { readSettings, type SettingFlags, type Settings } from '../../settings.ts'
import { table } from '../../table.ts'
import { withDatabase } from '../../with-database.ts'
import { launcher } from './launcher.ts'
import { isOwn } from './ledger.ts'
import { Logs } from './logs.ts'
import { complain, planNow } from './schedule.ts'
import { libraryUrl, type ScheduleFlags } from './schedule-path.ts'

export interface TickFlags extends ScheduleFlags {
  readonly at?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly wait?: boolean | undefined
  readonly json?: boolean | undefined
}

/** A tick that takes longer than this is stuck; the next one is about to begin. */
const WATCHDOG_MS = 50_000
/** How long a tick waits for runners that are about to tell more. */
const RESCUE_MS = 2_000

/** What crontab calls: the flags are read already, and nothing else was loaded. */
export function runPlainTick({ directory, url, ...flags }: TickFlags & SettingFlags): Promise<number> {
  const minute = minuteOf(Date.now())
  return runTick(flags, readSettings({ directory, url }), minute)
}

/** @param now  UTC milliseconds of the minute in which the command began */
export async function runTick(flags: TickFlags, settings: Settings, now: number): Promise<number> {
  const at = flags.at === undefined ? undefined : await timeAsked(flags, settings, now)
  const minute = at === undefined ? now : minuteOf(at)
  if (flags['dry-run']) return dryRun(minute, flags, settings)
  const watchdog = setTimeout(giveUp, WATCHDOG_MS)
  watchdog.unref()
  const logs = new Logs(settings)
  const alarms = new Alarms(settings.stateDirectory, Date.now())
  try {
    const minuteTick = new MinuteTick(flags, settings, minute, logs, alarms)
    const exitCode = await minuteTick.run()
    clearTimeout(watchdog)
    const exitCodes = flags.wait === true ? await Promise.all(minuteTick.started.map(({ exited }) => exited)) : []
    return exitCode === EXIT.ok ? (exitCodes.find((code) => code !== 0 && code !== EXIT.busy) ?? EXIT.ok) : exitCode
  } finally {
    alarms.close()
    logs.close()
  }
}

class MinuteTick {
  readonly #flags: TickFlags
  readonly #settings: Settings
  readonly #minute: number
  readonly #logs: Logs
  readonly #alarms: Alarms
  readonly #started: TickReport['started'][number][] = []
  /** Up to there everything is decided: an earlier minute where this host's clock is ahead. */
  #decided: number
  #exitCode: number = EXIT.ok

  constructor(flags: TickFlags, settings: Settings, minute: number, logs: Logs, alarms: Alarms) {
    this.#flags = flags
    this.#settings = settings
    this.#minute = minute
    this.#decided = minute
    this.#logs = logs
    this.#alarms = alarms
  }

  get started(): TickReport['started'] {
    return this.#started
  }

  async run(): Promise<number> {
    const settings = this.#settings
    const database = await openDatabase(settings.queueUrl, settings.directory).catch((error: Error) => error)
    try {
      if (!(database instanceof Error)) await this.#rescue(database)
      else if (!isEmbedded(settings.queueUrl)) await endCutOff(settings.stateDirectory, settings.graceMs, MINUTE_MS)
      const plan = await this.#plan()
      const own = plan.jobs.filter((job) => isOwn(job, settings))
      const shared = plan.jobs.filter((job) => !isOwn(job, settings))
      let due = own.length > 0 ? await this.#runOwn(own, plan, database instanceof Error ? undefined : database) : 0
      if (!(database instanceof Error)) due += await this.#tick(database, shared, plan, {})
      else due += this.#withoutDatabase(shared, database)
      const slot = localTime(settings.timezone, this.#minute)
      this.#logs.tick.event('tick', { slot, jobs: plan.jobs.length, due })
      if (!(database instanceof Error) && this.#flags.at === undefined) this.#keepQuiet(plan)
      return this.#exitCode
    } finally {
      if (!(database instanceof Error)) await database.close()
    }
  }

  /** Until something is due again, ticks need not ask the calendar. */
  #keepQuiet(plan: CurrentPlan): void {
    const quiet = quietAfter(plan.jobs, this.#decided, ownIdentity().host)
    if (quiet !== undefined) plan.keepQuiet(quiet)
  }

  async #plan(): Promise<CurrentPlan> {
    const onOutput = (line: string) => this.#logs.tick.event('job-printed', { text: line })
    const plan = await planNow(this.#flags, this.#settings, onOutput)
    for (const { job, sentence } of plan.problems) {
      this.#logs.tick.event('schedule-problem', { job, reason: sentence })
      this.#alarm(sentence, EXIT.badConfig)
    }
    return plan
  }

  /** Jobs whose ledger is this host's own. @returns how many slots were due */
  #runOwn(jobs: readonly PlannedJob[], plan: CurrentPlan, shared: Driver | undefined): Promise<number> {
    const url = ownUrl(this.#settings)
    const run = async (db: Driver) => {
      await this.#rescue(db)
      return this.#tick(db, jobs, plan, { url, stopsIn: shared })
    }
    return withDatabase(this.#settings, run, url)
  }

  async #tick(
    db: Driver,
    jobs: readonly PlannedJob[],
    plan: CurrentPlan,
    own: { readonly url?: string; readonly stopsIn?: Driver | undefined },
  ): Promise<number> {
    const log = this.#logs.tick
    const functions = jobFunctions(plan.path, libraryUrl(), (line) => log.event('job-printed', { text: line }))
    try {
      const report = await tick(db, jobs, {
        minute: this.#minute,
        isNow: this.#flags.at === undefined,
        hash: plan.hash,
        self: ownIdentity(),
        log,
        launcher: launcher(this.#settings, this.#logs, this.#flags.wait === true),
        functions: plan.staleSince === undefined ? functions : undefined,
        unreadable: plan.unread,
        ...own,
      })
      this.#started.push(...report.started)
      this.#decided = Math.min(this.#decided, report.minute)
      for (const sentence of report.troubles) this.#alarm(sentence, EXIT.taskFailed)
      return report.due
    } finally {
      await functions.end()
    }
  }

  /** What is due now is decided when the database is back, as far as it may be late then. @returns how many jobs are */
  #withoutDatabase(jobs: readonly PlannedJob[], error: Error): number {
    if (!(error instanceof Complaint)) throw error
    const due = jobs.filter((job) => this.#isDue(job))
    if (due.length > 0) {
      this.#logs.tick.event('database-lost', { reason: error.message })
      this.#alarm(error.message, error.exitCode)
    }
    return due.length
  }

  /** Cron mails what is printed: trouble that lasts is told once. */
  #alarm(sentence: string, exitCode: number): void {
    if (this.#alarms.isNew(sentence)) complain(sentence)
    this.#exitCode = exitCode
  }

  async #rescue(db: Driver): Promise<void> {
    const { stateDirectory, graceMs } = this.#settings
    const installation = await installationName(db)
    const rescue = new Rescue({ db, log: () => this.#logs.worker, installation, stateDirectory, graceMs })
    await rescue.sweepUntilSettled(RESCUE_MS)
  }

  /** Whether a job would be started now, for all that can be known without the database. */
  #isDue(job: PlannedJob): boolean {
    const { host } = ownIdentity()
    const minute = this.#minute
    return job.always || lookBack(job, { minute, decidedUntil: undefined, knownSince: undefined, host }).due.length > 0
  }
}

async function dryRun(minute: number, flags: TickFlags, settings: Settings): Promise<number> {
  const plan = await planNow(flags, settings)
  for (const { sentence } of plan.problems) complain(sentence)
  const functions = jobFunctions(plan.path, libraryUrl(), complain)
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const choices = await preview(db, plan.jobs, { minute, functions, self: ownIdentity() })
    if (flags.json) {
      printJson(...choices.map(({ job, decision }) => ({ job: job.id, ...decision })))
    } else {
      const rows = choices.map(({ job, decision }) => [
        job.id,
        decision.kind === 'start' ? 'would start' : decision.kind === 'wait' ? 'would wait' : decision.verdict,
        decision.reason,
      ])
      process.stdout.write(rows.length === 0 ? 'No job is due.\n' : table(['JOB', 'VERDICT', 'REASON'], rows))
    }
    return EXIT.ok
  } finally {
    await functions.end()
    await db.close()
  }
}

/** On the clock that most jobs go by, as every time without an offset. */
async function timeAsked(flags: TickFlags, settings: Settings, now: number): Promise<number | undefined> {
  const { pastTimeFlag } = await import('../../flags.ts')
  const { zonesOf } = await import('./usual-zone.ts')
  return pastTimeFlag('at', flags.at, (await zonesOf(flags, settings))(undefined), now)
}

function giveUp(): void {
  complain(
    `The tick was not done after ${WATCHDOG_MS / 1_000} s and gives up. Look at the database: is it slow, or waiting for a lock?`,
  )
  process.exit(EXIT.internal)
}

/**
 * The tick, wired: what crontab runs every minute.
 *
 * First it clears up after workers that have died, because that needs no schedule and what they had claimed becomes ready
 * again; then it starts what is due.
 */
import { realpathSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { EXIT } from '../../../exit.ts'
import { isGone, ownIdentity } from '../../../host/identity.ts'
import { DayLog } from '../../../log/day-log.ts'
import type { Driver } from '../../../queue/driver.ts'
import { installationName } from '../../../queue/migrate.ts'
import { openDatabase } from '../../../queue/open-queue.ts'
import { isEmbedded } from '../../../queue/url.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { decideAll, dueJobs, tick } from '../../../schedule/tick/tick.ts'
import { localTime } from '../../../time/zone.ts'
import { endCutOff } from '../../../worker/cut-off.ts'
import { Rescue } from '../../../worker/rescue.ts'
import { pastTimeFlag } from '../../flags.ts'
import type { Settings } from '../../settings.ts'
import { table } from '../../table.ts'
import { complain, readSchedule, type ScheduleFlags } from './schedule.ts'

export interface TickFlags extends ScheduleFlags {
  readonly at?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly wait?: boolean | undefined
  readonly json?: boolean | undefined
}

export const MINUTE_MS = 60_000
/** A tick that takes longer than this is stuck; the next one is about to begin. */
const WATCHDOG_MS = 50_000
/** How long a tick waits for runners that are about to tell more. */
const RESCUE_MS = 2_000

/** @param now  UTC milliseconds of the minute in which the command began */
export async function runTick(flags: TickFlags, settings: Settings, now: number): Promise<number> {
  const at = pastTimeFlag('at', flags.at, settings.timezone, now)
  const minute = at === undefined ? now : Math.floor(at / MINUTE_MS) * MINUTE_MS
  if (flags['dry-run']) return dryRun(minute, flags, settings)
  const watchdog = setTimeout(giveUp, WATCHDOG_MS)
  watchdog.unref()
  const logs = new Logs(settings)
  const database = await openDatabase(settings.queueUrl, settings.directory).catch((error: unknown) => ({ error }))
  const db = 'error' in database ? undefined : database
  try {
    if (db !== undefined) await rescue(db, logs, settings)
    else if (!isEmbedded(settings.queueUrl)) await endCutOff(settings.stateDirectory, settings.graceMs, MINUTE_MS)
    const { jobs, problems } = await readSchedule(flags, settings)
    for (const { job, sentence } of problems) {
      logs.tick.event('schedule-problem', { job, reason: sentence })
      complain(sentence)
    }
    const due = dueJobs(jobs, minute)
    logs.tick.event('tick', { slot: localTime(settings.timezone, minute), jobs: jobs.length, due: due.length })
    const wellDone = problems.length > 0 ? EXIT.badConfig : EXIT.ok
    if (due.length === 0) return wellDone
    if ('error' in database) throw database.error // with nothing due it may be away: the next tick clears up
    const exitCode = await startDue(database, due, minute, logs, settings, flags.wait === true, watchdog)
    return exitCode === EXIT.ok ? wellDone : exitCode
  } finally {
    logs.close()
    await db?.close()
  }
}

async function rescue(db: Driver, logs: Logs, settings: Settings): Promise<void> {
  const { stateDirectory, graceMs } = settings
  const installation = await installationName(db)
  const rescue = new Rescue({ db, log: () => logs.worker, installation, stateDirectory, graceMs })
  await rescue.sweepUntilSettled(RESCUE_MS)
}

async function startDue(
  db: Driver,
  due: readonly PlannedJob[],
  minute: number,
  logs: Logs,
  settings: Settings,
  wait: boolean,
  watchdog: NodeJS.Timeout,
): Promise<number> {
  const { started, failures } = await tick(db, due, {
    minute,
    host: ownIdentity().host,
    log: logs.tick,
    isGone,
    launcher: {
      doQueue: siblingCommand('do-queue'),
      directory: settings.directory,
      environment: { ...process.env, QUEUE_URL: settings.queueUrl },
      logDescriptor: () => logs.worker.today.fd,
      wait,
    },
  })
  for (const sentence of failures) complain(sentence)
  clearTimeout(watchdog)
  const exitCodes = wait ? await Promise.all(started.map(({ exited }) => exited)) : []
  return failures.length > 0 ? EXIT.internal : (exitCodes.find((code) => code !== 0 && code !== EXIT.busy) ?? EXIT.ok)
}

/** The two day logs that a tick writes to, each opened when there is something to write. */
class Logs {
  readonly #settings: Settings
  #tick: DayLog | undefined
  #worker: DayLog | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get tick(): DayLog {
    this.#tick ??= this.#open('cron-mission')
    return this.#tick
  }

  /** What workers write, and what is written for one that has died. */
  get worker(): DayLog {
    this.#worker ??= this.#open('do-queue')
    return this.#worker
  }

  close(): void {
    this.#tick?.close()
    this.#worker?.close()
  }

  #open(name: 'cron-mission' | 'do-queue'): DayLog {
    const { host, pid } = ownIdentity()
    const { logsDirectory: directory, timezone: zone, logFormat: format } = this.#settings
    return new DayLog({ directory, name, zone, format, source: { host, pid, shard: '-' } })
  }
}

async function dryRun(minute: number, flags: TickFlags, settings: Settings): Promise<number> {
  const { jobs, problems } = await readSchedule(flags, settings)
  for (const { sentence } of problems) complain(sentence)
  const due = dueJobs(jobs, minute)
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const decided = await decideAll(db, due, { host: ownIdentity().host, isGone })
    if (flags.json) {
      for (const { job, decision } of decided) process.stdout.write(`${JSON.stringify({ job: job.id, ...decision })}\n`)
    } else {
      const rows = decided.map(({ job, decision }) => [
        job.id,
        decision.verdict === 'started' ? 'would start' : decision.verdict,
        decision.reason,
      ])
      process.stdout.write(rows.length === 0 ? 'No job is due.\n' : table(['JOB', 'VERDICT', 'REASON'], rows))
    }
    return EXIT.ok
  } finally {
    await db.close()
  }
}

/** The commands stand side by side, in the build and in the sources. */
function siblingCommand(name: string): string {
  const own = realpathSync(process.argv[1] ?? '')
  return join(dirname(own), `${name}${extname(own)}`)
}

function giveUp(): void {
  complain(
    `The tick was not done after ${WATCHDOG_MS / 1_000} s and gives up. Look at the database: is it slow, or waiting for a lock?`,
  )
  process.exit(EXIT.internal)
}

/**
 * `cron-mission`: the tick that crontab runs every minute, and what a person asks about the schedule.
 */
import { realpathSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Complaint, EXIT } from '../../exit.ts'
import { DayLog } from '../../log/day-log.ts'
import { openDatabase } from '../../queue/open-queue.ts'
import { describeWhen } from '../../schedule/describe.ts'
import { findSchedule, loadSchedule } from '../../schedule/load.ts'
import { type Plan, planSchedule } from '../../schedule/plan.ts'
import { decideAll, dueJobs, tick } from '../../schedule/tick.ts'
import { nextWhen } from '../../schedule/when-due.ts'
import { localTime } from '../../time/zone.ts'
import { isGone, ownIdentity } from '../../worker/identity.ts'
import { COMMON_FLAGS, commandLine, pastTimeFlag } from '../flags.ts'
import { readSettings, type Settings } from '../settings.ts'
import { table } from '../table.ts'

const MINUTE_MS = 60_000
/** A tick that takes longer than this is stuck; the next one is about to begin. */
const WATCHDOG_MS = 50_000
const VERBS = ['check', 'list'] as const

export async function main(args: string[]): Promise<number> {
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
  const flags = await parse(args)
  const settings = readSettings(flags)
  const [verb] = flags._.map(String)
  switch (verb) {
    case undefined:
      return runTick(flags, settings, minute)
    case 'check':
      return check(flags, settings)
    case 'list':
      return list(flags, settings, minute)
    default:
      throw new Complaint(
        EXIT.usage,
        `"${verb}" is no command of cron-mission. It has ${VERBS.join(' and ')}; without one it runs the tick.`,
      )
  }
}

type Flags = Awaited<ReturnType<typeof parse>>

function parse(args: string[]) {
  const text = { type: 'string', requiresArg: true } as const
  return commandLine('cron-mission', args)
    .usage(
      '$0            run this minute of schedule.ts: what crontab calls\n' +
        '$0 check      read schedule.ts and say what is wrong with it\n' +
        '$0 list       the jobs and when each runs next',
    )
    .options({
      schedule: { ...text, describe: 'Schedule file [default: schedule.ts, .mts, .js, .mjs or .json of the project]' },
      at: { ...text, describe: 'Run the tick of another minute' },
      'dry-run': { type: 'boolean', describe: 'Say what the tick would start, and start nothing' },
      wait: { type: 'boolean', describe: 'Stay until the workers have ended: for systemd timers and containers' },
      json: { type: 'boolean', describe: 'Print as JSON' },
      ...COMMON_FLAGS,
    })
    .example('* * * * * cd /srv/shop && cron-mission', 'in the crontab; see crontab.example')
    .demandCommand(0, 1, '', 'One command at a time.')
    .parseAsync()
}

async function runTick(flags: Flags, settings: Settings, now: number): Promise<number> {
  const at = pastTimeFlag('at', flags.at, settings.timezone, now)
  const minute = at === undefined ? now : Math.floor(at / MINUTE_MS) * MINUTE_MS
  const watchdog = setTimeout(giveUp, WATCHDOG_MS)
  watchdog.unref()
  const { jobs, problems } = await readPlan(flags, settings)
  if (flags['dry-run']) {
    for (const { sentence } of problems) complain(sentence)
    return dryRun(dueJobs(jobs, minute), flags, settings)
  }
  const { host } = ownIdentity()
  const log = openLog('cron-mission', settings)
  for (const { job, sentence } of problems) {
    log.event('schedule-problem', { job, reason: sentence })
    complain(sentence)
  }
  const due = dueJobs(jobs, minute)
  log.event('tick', { slot: localTime(settings.timezone, minute), jobs: jobs.length, due: due.length })
  const exitCode =
    due.length === 0 ? EXIT.ok : await startDue(due, { minute, host, log }, settings, watchdog, flags.wait === true)
  log.close()
  return exitCode === EXIT.ok && problems.length > 0 ? EXIT.badConfig : exitCode
}

async function startDue(
  due: Plan['jobs'],
  { minute, host, log }: { minute: number; host: string; log: DayLog },
  settings: Settings,
  watchdog: NodeJS.Timeout,
  wait: boolean,
): Promise<number> {
  let workerLog: DayLog | undefined
  const openWorkerLog = () => {
    workerLog ??= openLog('do-queue', settings)
    return workerLog.today.fd
  }
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const { started, failures } = await tick(db, due, {
      minute,
      host,
      log,
      isGone,
      launcher: {
        doQueue: siblingCommand('do-queue'),
        directory: settings.directory,
        environment: { ...process.env, QUEUE_URL: settings.queueUrl },
        logDescriptor: openWorkerLog,
        wait,
      },
    })
    for (const sentence of failures) complain(sentence)
    clearTimeout(watchdog)
    const exitCodes = wait ? await Promise.all(started.map(({ exited }) => exited)) : []
    return failures.length > 0 ? EXIT.internal : (exitCodes.find((code) => code !== 0 && code !== EXIT.busy) ?? EXIT.ok)
  } finally {
    workerLog?.close()
    await db.close()
  }
}

function openLog(name: 'cron-mission' | 'do-queue', settings: Settings): DayLog {
  const { host, pid } = ownIdentity()
  const { logsDirectory, timezone, logFormat } = settings
  return new DayLog({
    directory: logsDirectory,
    name,
    zone: timezone,
    format: logFormat,
    source: { host, pid, shard: '-' },
  })
}

async function dryRun(due: Plan['jobs'], flags: Flags, settings: Settings): Promise<number> {
  const db = await openDatabase(settings.queueUrl, settings.directory)
  try {
    const decided = await decideAll(db, due, isGone)
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

async function check(flags: Flags, settings: Settings): Promise<number> {
  const { jobs, problems } = await readPlan(flags, settings)
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ jobs: jobs.map(({ id }) => id), problems })}\n`)
  } else {
    for (const { sentence } of problems) process.stdout.write(`${sentence}\n`)
    const verdict =
      problems.length === 0 ? 'all right' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`
    process.stdout.write(
      `${schedulePath(flags, settings)}: ${jobs.length} ${jobs.length === 1 ? 'job' : 'jobs'} can run, ${verdict}\n`,
    )
  }
  return problems.length === 0 ? EXIT.ok : EXIT.badConfig
}

async function list(flags: Flags, settings: Settings, now: number): Promise<number> {
  const { jobs, problems } = await readPlan(flags, settings)
  const facts = jobs.map((job) => ({ job, next: nextWhen(job.when, job.timezone, now) }))
  if (flags.json) {
    for (const { job, next } of facts) {
      const { id, when, ...rest } = job
      const nextRun = next === undefined ? null : new Date(next).toISOString()
      process.stdout.write(`${JSON.stringify({ job: id, next: nextRun, when: describeWhen(when), ...rest })}\n`)
    }
  } else {
    const rows = facts.map(({ job, next }) => [
      job.id,
      job.paused === undefined
        ? next === undefined
          ? 'never'
          : localTime(job.timezone, next)
              .replace(/:00\.000/, '')
              .replace('T', ' ')
        : 'paused',
      describeWhen(job.when),
      job.timezone,
      `${job.queue} × ${job.shards}`,
      job.paused ?? '',
    ])
    process.stdout.write(table(['JOB', 'NEXT RUN', 'WHEN', 'ZONE', 'QUEUE × SHARDS', 'PAUSED'], rows))
  }
  for (const { sentence } of problems) complain(sentence)
  return problems.length === 0 ? EXIT.ok : EXIT.badConfig
}

async function readPlan(flags: Flags, settings: Settings): Promise<Plan> {
  return planSchedule(await loadSchedule(schedulePath(flags, settings), libraryUrl()))
}

function schedulePath(flags: Flags, settings: Settings): string {
  if (flags.schedule !== undefined) return resolve(settings.directory, flags.schedule)
  const found = findSchedule(settings.directory)
  if (found !== undefined) return found
  throw new Complaint(
    EXIT.badConfig,
    `There is no schedule.ts in ${settings.directory}. Change to the project's directory, or name it with --directory or --schedule.`,
  )
}

/** The commands stand side by side, in the build and in the sources. */
function siblingCommand(name: string): string {
  const own = realpathSync(process.argv[1] ?? '')
  return join(dirname(own), `${name}${extname(own)}`)
}

/** What `import … from 'cron-mission'` gets in a schedule, also where the package is not installed. */
function libraryUrl(): string {
  const own = realpathSync(process.argv[1] ?? '')
  return pathToFileURL(join(dirname(own), '..', `index${extname(own)}`)).href
}

function complain(sentence: string): void {
  process.stderr.write(`cron-mission: ${sentence}\n`)
}

function giveUp(): void {
  complain(
    `The tick was not done after ${WATCHDOG_MS / 1_000} s and gives up. Look at the database: is it slow, or waiting for a lock?`,
  )
  process.exit(EXIT.internal)
}

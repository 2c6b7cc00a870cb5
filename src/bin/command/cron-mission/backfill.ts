/**
 * `cron-mission backfill`: runs a job for the slots of a period that did not run.
 *
 * The plan is shown before anything is begun. Given again, it goes on where it was: the ledger knows what has run.
 */

import { grouped } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { databaseNow } from '../../../queue/store/clock.ts'
import { stops } from '../../../queue/store/stop.ts'
import { type BackfillPlan, MOST_SLOTS, planBackfill } from '../../../schedule/by-hand/backfill.ts'
import { type BackfillState, runBackfill } from '../../../schedule/by-hand/backfill-runs.ts'
import { jobFunctions } from '../../../schedule/language/functions.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { minuteOf } from '../../../time/minute.ts'
import { MINUTE_MS } from '../../../time/units.ts'
import { confirmOrRefuse } from '../../confirm.ts'
import { pastTimeFlag, timeFlag, wholeNumber } from '../../flags.ts'
import { whoAsks } from '../../operator.ts'
import { ownUrl } from '../../own-database.ts'
import { printJson, printLines } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { type Period, planFacts, planLines, resultFacts, resultLines } from './backfill-text.ts'
import { jobToStart, requireThisHost } from './find-job.ts'
import { launcher } from './launcher.ts'
import { withLedger } from './ledger.ts'
import { Logs } from './logs.ts'
import { complain } from './schedule.ts'
import { libraryUrl, type ScheduleFlags } from './schedule-path.ts'

export interface BackfillFlags extends ScheduleFlags {
  readonly job: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly 'max-parallel'?: string | undefined
  readonly yes?: boolean | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly json?: boolean | undefined
}

const DAY = /^\d{4}-\d\d-\d\d$/
const MOST_PARALLEL = 60
const LEAVE_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

interface Databases {
  /** Which has the stops of all jobs. */
  readonly common: Driver
  /** Which has the ledger of this one. */
  readonly db: Driver
}

export async function backfill(flags: BackfillFlags, settings: Settings): Promise<number> {
  const { job, plan } = await jobToStart(flags.job, flags, settings)
  requireThisHost(job)
  refuseQueue(job, flags)
  const atOnce = wholeNumber('max-parallel', flags['max-parallel'], 1, MOST_PARALLEL) ?? 1
  return withDatabase(settings, (common) =>
    withLedger(job, common, settings, async (db) => {
      const period = periodOf(flags, job, await databaseNow(common))
      const found = await planBackfill(db, job, plan.jobs, period.from, period.to)
      if (found === undefined) throw tooMany(job)
      const isOver = found.slots.length + found.underWay.length === 0 || flags['dry-run'] === true
      if (!flags.json) printLines(planLines(job, found, period, atOnce))
      if (isOver) {
        if (flags.json) printJson(planFacts(job, found, period, atOnce))
        return EXIT.ok
      }
      if (!flags.yes && !(await isWanted(found))) {
        process.stdout.write('Nothing was begun.\n')
        return EXIT.ok
      }
      const state = await runThem({ common, db }, job, found, { atOnce, path: plan.path, settings })
      return report(job, found, state, flags)
    }),
  )
}

function refuseQueue({ id, work }: PlannedJob, { from, to }: BackfillFlags): void {
  if (work.kind !== 'queue') return
  const until = to === undefined ? '' : ` --until "${to}"`
  throw new Complaint(
    EXIT.usage,
    `The job "${id}" works a queue, where tasks wait until they are done: there are no slots to make up for. For the tasks of a period: do-queue --queue ${work.queue} --since "${from ?? '2d'}"${until}.`,
  )
}

/** Both ends belong to it; a day alone is that whole day, as far as it is over. */
function periodOf({ from: since, to: until }: BackfillFlags, { timezone }: PlannedJob, now: number): Period {
  if (since === undefined)
    throw new Complaint(EXIT.usage, '--from is missing. Name the first minute, such as "2026-11-20 02:30".')
  const from = pastTimeFlag('from', since, timezone, now) ?? 0
  const end = pastTimeFlag('to', until, timezone, now) ?? now
  const isDay = until !== undefined && DAY.test(until.trim())
  const to = isDay ? Math.min(now, endOfDay(until.trim(), timezone)) : end
  if (from > to || end > now) {
    const what = end > now ? `--to is ${until}, which is to come: the ticks see to that` : `--from is after --to`
    throw new Complaint(EXIT.usage, `${what}. Give a period that is over.`)
  }
  return { from: Math.ceil(from / MINUTE_MS) * MINUTE_MS, to: minuteOf(to), now }
}

function endOfDay(day: string, zone: string): number {
  const next = new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10)
  return (timeFlag('to', next, zone) ?? 0) - MINUTE_MS
}

function tooMany({ id }: PlannedJob): Complaint {
  return new Complaint(
    EXIT.usage,
    `The job "${id}" is due more than ${grouped(MOST_SLOTS)} times in that period. Give a shorter one, and the next afterwards.`,
  )
}

/** What is under way is only waited for. */
async function isWanted({ slots }: BackfillPlan): Promise<boolean> {
  if (slots.length === 0) return true
  return confirmOrRefuse(slots.length === 1 ? 'Run it?' : `Run these ${grouped(slots.length)}?`)
}

async function runThem(
  { common, db }: Databases,
  job: PlannedJob,
  plan: BackfillPlan,
  { atOnce, path, settings }: { readonly atOnce: number; readonly path: string; readonly settings: Settings },
): Promise<BackfillState> {
  const logs = new Logs(settings)
  const functions = jobFunctions(path, libraryUrl(), complain)
  const bar = progressBar(job.id)
  const total = plan.slots.length + plan.underWay.length
  let said: string | undefined
  const drain = new AbortController()
  const leave = new AbortController()
  const receive = () => {
    if (drain.signal.aborted) leave.abort()
    drain.abort()
  }
  for (const signal of LEAVE_SIGNALS) process.on(signal, receive)
  try {
    return await runBackfill(db, job, plan, {
      ...{ atOnce, functions, self: ownIdentity(), log: logs.tick, launcher: launcher(settings, logs, false) },
      by: whoAsks(),
      url: db === common ? undefined : ownUrl(settings),
      stops: () => stops(common),
      drain: drain.signal,
      leave: leave.signal,
      onProgress: ({ done, skipped, taken, failed, waitsFor }) => {
        bar.update(done + skipped + taken + failed.length, total)
        if (waitsFor !== undefined && waitsFor !== said) complain(`Nothing is begun for now: ${waitsFor}.`)
        said = waitsFor
      },
    })
  } finally {
    for (const signal of LEAVE_SIGNALS) process.off(signal, receive)
    bar.end()
    await functions.end()
    logs.close()
  }
}

function report(job: PlannedJob, plan: BackfillPlan, state: BackfillState, { json }: BackfillFlags): number {
  if (json) printJson(resultFacts(job, plan, state))
  else printLines(resultLines(job, state))
  if (state.failed.length > 0) return EXIT.taskFailed
  return state.left > 0 || state.running > 0 ? EXIT.busy : EXIT.ok
}

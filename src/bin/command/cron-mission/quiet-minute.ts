/**
 * A minute in which nothing is due and nothing is under way: most minutes of most schedules.
 *
 * The tick notes that it was there and leaves. This looks at all that a tick looks at, and at less of it: whenever anything
 * is not as it is in a quiet minute, an error included, nothing is decided here and the whole tick is run.
 */

import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { keepCompiled } from '../../../host/compiled.ts'
import { DayLog } from '../../../log/day-log.ts'
import { SCHEMA_VERSION } from '../../../queue/schema-version.ts'
import { CLOCK_TOLERANCE_MS } from '../../../queue/store/clock.ts'
import { type Glance, glance } from '../../../queue/store/glance.ts'
import { writeTick } from '../../../queue/store/tick-row.ts'
import { isEmbedded, openDriver } from '../../../queue/url.ts'
import { type KeptPlan, PlanCache, type Quiet } from '../../../schedule/language/plan-cache.ts'
import { alarmsStand } from '../../../schedule/tick/alarms.ts'
import { minuteOf } from '../../../time/minute.ts'
import { MINUTE_MS } from '../../../time/units.ts'
import { localTime } from '../../../time/zone.ts'
import { readSettings, type SettingFlags, type Settings } from '../../settings.ts'
import { libraryUrl, type ScheduleFlags, schedulePath } from './schedule-path.ts'

/** @returns whether the minute is done with */
export async function passQuietMinute(flags: ScheduleFlags & SettingFlags): Promise<boolean> {
  const minute = minuteOf(Date.now())
  try {
    return await passes(flags, readSettings({ directory: flags.directory, url: flags.url }), minute)
  } catch {
    return false
  }
}

async function passes(flags: ScheduleFlags, settings: Settings, minute: number): Promise<boolean> {
  const { stateDirectory, queueUrl, directory } = settings
  const plan = new PlanCache(schedulePath(flags, settings), stateDirectory, libraryUrl()).fresh(Date.now())
  if (plan?.quiet === undefined || !isWithin(plan.quiet, minute) || !isWhole(plan, queueUrl)) return false
  if (alarmsStand(stateDirectory) || hasWorkerDirectories(stateDirectory)) return false
  const host = hostname()
  if (!isEmbedded(queueUrl)) keepCompiled()
  const db = await openDriver(queueUrl, directory, undefined, false)
  try {
    if (!isNothingUnderWay(await glance(db, host), plan, plan.quiet, minute)) return false
    await writeTick(db, { host, minute, plan: plan.hash })
  } finally {
    await db.close()
  }
  note(settings, host, minute, plan.jobs.length)
  return true
}

function isWithin({ after, before }: Quiet, minute: number): boolean {
  return minute >= after && minute < before
}

/** Everything could be read, and all of it is in this database. */
function isWhole({ jobs, problems, unread }: KeptPlan, queueUrl: string): boolean {
  const hasOwn = !isEmbedded(queueUrl) && jobs.some(({ hosts }) => hosts === 'each')
  return problems.length === 0 && unread.length === 0 && !hasOwn
}

function hasWorkerDirectories(stateDirectory: string): boolean {
  return readdirSync(stateDirectory).some((name) => name.startsWith('worker-'))
}

function isNothingUnderWay(found: Glance, plan: KeptPlan, quiet: Quiet, minute: number): boolean {
  const { tick, schemaVersion, now, hasWorkers, hasOpenSlots, hasUntold, hasPausedPrograms } = found
  if (tick === undefined || tick.plan !== plan.hash || schemaVersion !== SCHEMA_VERSION) return false
  const isNext = tick.minute <= minute && tick.minute >= minute - MINUTE_MS && tick.minute >= quiet.after
  const isUnderWay = hasWorkers || hasOpenSlots || hasUntold || hasPausedPrograms
  return isNext && !isUnderWay && Math.abs(Date.now() - now) <= CLOCK_TOLERANCE_MS
}

function note({ logsDirectory, timezone, logFormat }: Settings, host: string, minute: number, jobs: number): void {
  const source = { host, pid: process.pid, shard: '-' }
  const log = new DayLog({ directory: logsDirectory, name: 'cron-mission', zone: timezone, format: logFormat, source })
  log.event('tick', { slot: localTime(timezone, minute), jobs, due: 0 })
  log.close()
}

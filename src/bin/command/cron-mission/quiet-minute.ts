/**
 * A minute in which nothing is due and nothing is under way: most minutes of most schedules.
 *
 * The tick notes that it was there and leaves. This looks at all that a tick looks at, and at less of it: whenever anything
 * is not as it is in a quiet minute, an error included, nothing is decided here and the whole tick is run.
 */

import { readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { DayLog } from '../../../log/day-log.ts'
import { SCHEMA_VERSION } from '../../../queue/schema-version.ts'
import { CLOCK_TOLERANCE_MS } from '../../../queue/store/clock.ts'
import { type Glance, glance } from '../../../queue/store/glance.ts'
import { writeTick } from '../../../queue/store/tick-row.ts'
import { isEmbedded } from '../../../queue/url.ts'
import { type KeptPlan, PlanCache, type Quiet } from '../../../schedule/language/plan-cache.ts'
import { alarmsStand } from '../../../schedule/tick/alarms.ts'
import { minuteOf } from '../../../time/minute.ts'
import { MINUTE_MS } from '../../../time/units.ts'
import { localTime } from '../../../time/zone.ts'
import { readSettings, type SettingFlags, type Settings } from '../../settings.ts'
import type { Passed } from '../../start.ts'
import { glanceAtDatabase } from '../glance-database.ts'
import { libraryUrl, type ScheduleFlags, schedulePath } from './schedule-path.ts'

/** @returns undefined when the minute is not done with */
export async function passQuietMinute(flags: ScheduleFlags & SettingFlags): Promise<Passed | undefined> {
  const minute = minuteOf(Date.now())
  try {
    return await pass(flags, readSettings({ directory: flags.directory, url: flags.url }), minute)
  } catch {
    return undefined
  }
}

async function pass(flags: ScheduleFlags, settings: Settings, minute: number): Promise<Passed | undefined> {
  const { stateDirectory, queueUrl, directory } = settings
  const plan = new PlanCache(schedulePath(flags, settings), stateDirectory, libraryUrl()).fresh(Date.now())
  if (plan?.quiet === undefined || !isWithin(plan.quiet, minute) || !isWhole(plan, queueUrl)) return undefined
  if (alarmsStand(stateDirectory) || hasWorkerDirectories(stateDirectory)) return undefined
  const { quiet, hash } = plan
  const host = hostname()
  const glanced = await glanceAtDatabase(queueUrl, directory, async (db) => {
    if (!isNothingUnderWay(await glance(db, host), plan, quiet, minute)) return undefined
    await writeTick(db, { host, minute, plan: hash })
    return 'passed'
  })
  if (glanced === undefined) return undefined
  note(settings, host, minute, plan.jobs.length)
  return { hasPrinted: false, leave: glanced.leave }
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

/**
 * Deleting old files of the log directory: day files, and the outputs that were too large for one.
 *
 * Their names say of which day they are. A file goes when that day is over for as long as was asked, at the least since the day
 * before yesterday, and when no task that is still there says that its output is in it.
 */

import { readdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { namedLogs } from '../../queue/store/named-logs.ts'
import { type Conditions, selected } from '../../queue/store/selection.ts'
import { DAY_MS } from '../../time/units.ts'
import { localDay } from '../../time/zone.ts'
import type { PurgeRequest } from './purge.ts'

export interface LogsRequest {
  readonly directory: string
  /** Whose midnight changed the day files. */
  readonly zone: string
  /** UTC milliseconds: what is older goes. */
  readonly before: number
  /** UTC milliseconds. */
  readonly now: number
  /** Delete nothing, and say what would be, were these tasks gone. */
  readonly dryRun?: PurgeRequest | undefined
}

export interface PurgedLogs {
  readonly files: number
  readonly bytes: number
  /** Tasks that are still there name them. */
  readonly kept: number
  /** There are so many old tasks left that not all could be asked for the files that they name: these stay for now. */
  readonly unsure: number
}

const OURS = /^(?:do-queue|cron-mission|intake)-(\d{4}-\d\d-\d\d)(?:\.task-\d+\.\d+\.out|\.log)$/
const BUDGET_MS = 5_000
const DRY_RUN_BUDGET_MS = 500

/**
 * @param databases  whose tasks may name files
 * @throws Complaint when the directory cannot be read, or a file not be deleted
 */
export async function purgeLogs(databases: readonly Driver[], request: LogsRequest): Promise<PurgedLogs> {
  const { directory, zone, before, now, dryRun } = request
  const lastDay = earlier(localDay(zone, before), localDay(zone, now - DAY_MS))
  const old = listed(directory).flatMap((file) => {
    const day = OURS.exec(file)?.[1]
    return day !== undefined && day < lastDay ? { file, day } : []
  })
  const counts = { files: 0, bytes: 0, kept: 0, unsure: 0 }
  if (old.length === 0) return counts

  // Clocks of hosts and database differ, by less than a day.
  const budgetMs = dryRun === undefined ? BUDGET_MS : DRY_RUN_BUDGET_MS
  const looks = await Promise.all(
    databases.map((db) => namedLogs(db, before + DAY_MS, budgetMs, dryRun && goesBy(db, dryRun))),
  )
  const sureDay = localDay(zone, Math.min(...looks.map(({ until }) => until)) - DAY_MS)
  for (const { file, day } of old) {
    if (looks.some(({ files }) => files.has(file))) counts.kept++
    else if (day >= sureDay && sureDay < lastDay) counts.unsure++
    else {
      counts.bytes += removed(join(directory, file), dryRun !== undefined)
      counts.files++
    }
  }
  return counts
}

/** What a purge deletes, as far as the rows say. */
function goesBy(db: Driver, { before, states, queues, tasks, freesUnique }: PurgeRequest): Conditions {
  const { sql, values } = selected(db.dialect, {
    states,
    ...(queues && { queues }),
    ...(tasks && { tasks }),
    finishedUntil: before,
  })
  return { sql: `${sql}${freesUnique ? '' : ' AND (keep_unique = 0 OR unique_key IS NULL)'}`, values }
}

/** Links and directories are nobody's day files, whatever their names say. */
function listed(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? entry.name : []))
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') return []
    throw new Complaint(
      EXIT.badConfig,
      `The log directory ${directory} cannot be read (${code}). Make it readable for this user, or set QUEUE_LOGS to another.`,
      { cause: error },
    )
  }
}

/** @returns its bytes; 0 for a file that somebody else has removed */
function removed(path: string, dryRun: boolean): number {
  try {
    const { size } = statSync(path)
    if (!dryRun) unlinkSync(path)
    return size
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ENOENT') return 0
    throw new Complaint(
      EXIT.badConfig,
      `The log file ${path} cannot be deleted (${code}). Give this user the right to, or leave --logs out.`,
      { cause: error },
    )
  }
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}

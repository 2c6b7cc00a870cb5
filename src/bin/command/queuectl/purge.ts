/**
 * `queuectl purge`: deletes tasks that finished long ago, and log files of that age.
 *
 * On a terminal it says what will go and asks; a job is not asked.
 */

import {
  FINISHED,
  type FinishedState,
  type Purged,
  type PurgePace,
  type PurgeRequest,
  purgeBefore,
  sumOf,
} from '../../../ctl/purge/purge.ts'
import { previewAll, purgeAll } from '../../../ctl/purge/purge-all.ts'
import { type PurgedLogs, purgeLogs } from '../../../ctl/purge/purge-logs.ts'
import { keptLines, logsLines, previewText, purgedText } from '../../../ctl/purge/purge-text.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { Driver } from '../../../queue/driver.ts'
import { clockTime, isoTime } from '../../../time/time-text.ts'
import { confirm } from '../../confirm.ts'
import { durationFlag, wholeNumber } from '../../flags.ts'
import { leaveWhenAsked } from '../../leaving.ts'
import { withOwn } from '../../own-database.ts'
import { printJson, printLines } from '../../print.ts'
import { progressBar } from '../../progress.ts'
import type { Settings } from '../../settings.ts'
import { withTasks } from '../../with-database.ts'
import { readSelection } from './filter-flags.ts'

export interface PurgeFlags {
  readonly 'older-than'?: string | undefined
  readonly status?: string | undefined
  readonly queue?: string | undefined
  readonly task?: string | undefined
  readonly 'free-unique'?: boolean | undefined
  readonly logs?: boolean | undefined
  readonly 'max-time'?: string | undefined
  readonly pace?: string | undefined
  readonly 'dry-run'?: boolean | undefined
  readonly yes?: boolean | undefined
  readonly json?: boolean | undefined
}

const USUAL_PACE = 50

export async function purge(flags: PurgeFlags, settings: Settings): Promise<number> {
  const olderThanMs = readOlderThan(flags)
  const { queue, status, task } = flags
  const { queues, states, tasks } = readSelection({ queue, status, task }, settings.timezone, Date.now())
  const freesUnique = flags['free-unique'] === true
  const what = { queues, tasks, states: states?.map(finishedState) ?? FINISHED, freesUnique }
  const percent = wholeNumber('pace', flags.pace, 1, 100) ?? USUAL_PACE
  const maxMs = durationFlag('max-time', flags['max-time']) ?? Number.POSITIVE_INFINITY
  return withTasks(settings, (common) =>
    withOwn(settings, async (own) => {
      const databases = own === undefined ? [common] : [common, own]
      const request = { ...what, before: await purgeBefore(common, olderThanMs) }
      if (flags['dry-run'] === true) return dryRun(databases, request, flags, settings)
      if (!(await isWanted(databases, request, flags, settings))) {
        printLines(['Nothing was deleted.'])
        return EXIT.ok
      }
      return run(databases, request, { percent, maxMs }, flags, settings)
    }),
  )
}

function readOlderThan(flags: PurgeFlags): number {
  const ms = durationFlag('older-than', flags['older-than'])
  if (ms !== undefined && ms > 0) return ms
  throw new Complaint(EXIT.usage, 'Say how old: --older-than 30d deletes what finished more than 30 days ago.')
}

function finishedState(name: string): FinishedState {
  const state = FINISHED.find((finished) => finished === name)
  if (state !== undefined) return state
  throw new Complaint(
    EXIT.usage,
    `--status is "${name}". Use ${FINISHED.join(', ')}: what has not finished is not deleted.`,
  )
}

async function dryRun(
  databases: readonly Driver[],
  request: PurgeRequest,
  flags: PurgeFlags,
  settings: Settings,
): Promise<number> {
  const { timezone: zone } = settings
  const preview = await previewAll(databases, request)
  const logs = await logsOf(databases, request, flags, settings)
  if (flags.json === true) {
    const { found, isAll, oldest, newest } = preview
    const facts = { count: sumOf(found), isExact: isAll, ...found, oldest: isoTime(oldest), newest: isoTime(newest) }
    printJson({ dryRun: true, ...facts, ...logFacts(logs) })
    return EXIT.ok
  }
  const text = previewText(preview, zone)
  const nothing = `Nothing to delete: no such task finished before ${clockTime(zone, request.before)}.`
  printLines([text === undefined ? nothing : `Would delete ${text}.`])
  if (logs !== undefined) printLines(logsLines(logs, true))
  return EXIT.ok
}

/** Without a terminal nobody is asked: it is a job then. */
async function isWanted(
  databases: readonly Driver[],
  request: PurgeRequest,
  flags: PurgeFlags,
  { timezone: zone }: Settings,
): Promise<boolean> {
  if (flags.yes === true) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true
  const text = previewText(await previewAll(databases, request), zone)
  const logs = flags.logs === true ? 'the log files of that age' : undefined
  const all = [text, logs].filter((it) => it !== undefined).join(', and ')
  return all === '' || (await confirm(`Delete ${all}?`)) === true
}

async function run(
  databases: readonly Driver[],
  request: PurgeRequest,
  pace: Pick<PurgePace, 'percent' | 'maxMs'>,
  flags: PurgeFlags,
  settings: Settings,
): Promise<number> {
  const leaving = leaveWhenAsked()
  const bar = progressBar('deleting')
  const startedAt = performance.now()
  const onProgress = (deleted: number) => bar.update(deleted, undefined)
  const purged = await purgeAll(databases, request, { ...pace, stop: leaving.signal, onProgress }).finally(() => {
    bar.end()
    leaving.end()
  })
  const ms = performance.now() - startedAt
  if (flags.json !== true) printLines([purgedText(purged, ms), ...keptLines(purged)])
  const logs = purged.ended === 'stopped' ? undefined : await logsOf(databases, request, flags, settings)
  if (flags.json === true) printJson({ ...purgedFacts(purged, ms), ...logFacts(logs) })
  else if (logs !== undefined) printLines(logsLines(logs, false))
  return purged.ended === 'stopped' ? EXIT.busy : EXIT.ok
}

async function logsOf(
  databases: readonly Driver[],
  request: PurgeRequest,
  flags: PurgeFlags,
  { logsDirectory: directory, timezone: zone }: Settings,
): Promise<PurgedLogs | undefined> {
  if (flags.logs !== true) return undefined
  const dryRun = flags['dry-run'] === true ? request : undefined
  return purgeLogs(databases, { directory, zone, before: request.before, now: Date.now(), dryRun })
}

function purgedFacts({ deleted, attempts, keptUnique, keptOpen, ended }: Purged, ms: number) {
  return { deleted: sumOf(deleted), ...deleted, attempts, keptUnique, keptOpen, ended, ms: Math.round(ms) }
}

function logFacts(logs: PurgedLogs | undefined) {
  if (logs === undefined) return {}
  return { logFiles: logs.files, logBytes: logs.bytes, logFilesKept: logs.kept + logs.unsure }
}

/** What `queuectl purge` says: what would go, what has gone, and what stays and why. */

import { amount, bytesText, grouped } from '../../amount.ts'
import { formatDuration } from '../../time/duration.ts'
import { clockTime } from '../../time/time-text.ts'
import { FINISHED, type FinishedState, type Purged, type PurgePreview, sumOf } from './purge.ts'
import type { PurgedLogs } from './purge-logs.ts'

/** `12,345 tasks (12,000 done, 345 failed) that finished from … to …`; undefined when there is nothing to delete. */
export function previewText({ found, isAll, oldest, newest }: PurgePreview, zone: string): string | undefined {
  if (oldest === undefined || newest === undefined)
    return isAll ? undefined : 'any that there are (the oldest are none of them)'
  const total = sumOf(found)
  if (!isAll) return `at least ${amount(total, 'task')}, the oldest of ${clockTime(zone, oldest)}`
  const [from, to] = [clockTime(zone, oldest), clockTime(zone, newest)]
  return `${amount(total, 'task')} (${byState(found)}) that finished ${from === to ? from : `from ${from} to ${to}`}`
}

/** `Deleted 500,000 tasks (412,000 done, 88,000 failed) and 12,345 attempts in 3m10s.` */
export function purgedText({ deleted, attempts, ended }: Purged, ms: number): string {
  const total = sumOf(deleted)
  if (total === 0 && ended === 'all') return 'Nothing to delete: no such task finished that long ago.'
  const took = formatDuration(ms < 1_000 ? Math.round(ms) : Math.round(ms / 1_000) * 1_000)
  const states = total === 0 ? '' : ` (${byState(deleted)})`
  const more = ended === 'all' ? '' : ' There may be more: the next purge goes on.'
  return `Deleted ${amount(total, 'task')}${states} and ${amount(attempts, 'attempt')} in ${took}.${more}`
}

/** What stays though it is old enough, a sentence each. */
export function keptLines({ keptUnique, keptOpen }: Purged): string[] {
  const unique = `${amount(keptUnique, 'task keeps its', 'tasks keep their')} unique value for good; --free-unique deletes ${keptUnique === 1 ? 'it' : 'them'}, too.`
  const open = `${amount(keptOpen, 'run of a job stays', 'runs of jobs stay')}: the next tick has still to read how ${keptOpen === 1 ? 'it' : 'they'} ended.`
  return [...(keptUnique === 0 ? [] : [unique]), ...(keptOpen === 0 ? [] : [open])]
}

export function logsLines({ files, bytes, kept, unsure }: PurgedLogs, dryRun: boolean): string[] {
  const verb = dryRun ? 'Would delete' : 'Deleted'
  const named = `${amount(kept, 'older log file stays', 'older log files stay')}: tasks that are still here have their output there.`
  const notSure = `${amount(unsure, 'older log file stays', 'older log files stay')} until more of the old tasks are deleted: not all of these could be asked for their files.`
  return [
    `${verb} ${amount(files, 'log file')}${files === 0 ? '' : ` (${bytesText(bytes)})`}.`,
    ...(kept === 0 ? [] : [named]),
    ...(unsure === 0 ? [] : [notSure]),
  ]
}

/** `412,000 done, 88,000 failed` */
function byState(counts: Readonly<Record<FinishedState, number>>): string {
  return FINISHED.filter((state) => counts[state] > 0)
    .map((state) => `${grouped(counts[state])} ${state}`)
    .join(', ')
}

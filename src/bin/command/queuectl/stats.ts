/** `queuectl stats`: what waits, what was done, how fast, and how long it took, by queue and task. */

import { readStats, type Stats, type StatsRequest } from '../../../ctl/stats/stats.ts'
import { NARROW, nameOf, nothing, PLAIN, statsFacts, statsLines, summary, WIDE } from '../../../ctl/stats/stats-text.ts'
import { EXIT } from '../../../exit.ts'
import { nearestName } from '../../../nearest-name.ts'
import { queuePauseSentence } from '../../../queue/pause-words.ts'
import { pastTimeFlag } from '../../flags.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { type Column, table } from '../../table.ts'
import { withTasks } from '../../with-database.ts'

export interface StatsFlags {
  readonly queue?: string | undefined
  readonly task?: string | undefined
  readonly since?: string | undefined
  readonly json?: boolean | undefined
}

const SINCE = '1h'
/** From this width on, a terminal has room for more. */
const WIDE_COLUMNS = 104
const LEAST_NAME = 12

export async function stats(flags: StatsFlags, settings: Settings): Promise<number> {
  const { timezone } = settings
  const since = pastTimeFlag('since', flags.since ?? SINCE, timezone, Date.now()) as number
  const request = { since, queue: flags.queue, task: flags.task }
  const found = await withTasks(settings, (db) => readStats(db, request))
  if (flags.json === true) printJson(...statsLines(found).map((line) => statsFacts(line, found)))
  else process.stdout.write(text(found, request, timezone))
  return EXIT.ok
}

function text(found: Stats, request: StatsRequest, zone: string): string {
  const lines = statsLines(found)
  if (!process.stdout.isTTY) {
    return table(
      PLAIN.map(({ title }) => title),
      lines.map((line) => PLAIN.map((cell) => cell.of(line))),
    )
  }
  const paused = found.pauses.map((pause) => `${queuePauseSentence(pause, zone)}\n`).join('')
  if (lines.length === 0) {
    const nearest = request.queue === undefined ? undefined : nearestName(request.queue, found.known)
    const instead = nearest === undefined || nearest === request.queue ? '' : ` Did you mean ${nearest}?`
    return `${nothing(found, request, zone)}${instead}\n${paused}`
  }
  const cells = (process.stdout.columns || 0) >= WIDE_COLUMNS ? WIDE : NARROW
  const columns: Column[] = [
    { title: 'QUEUE/TASK', least: LEAST_NAME, style: (cell) => (cell.startsWith(' ') ? undefined : 'bold') },
    ...cells.map(({ title }): Column => ({ title, right: true, ...(title === 'FAILED' ? { style: redIfAny } : {}) })),
  ]
  const rows = lines.map((line) => [nameOf(line), ...cells.map((cell) => cell.of(line))])
  return `${table(columns, rows)}\n${summary(found, zone)}${paused}`
}

function redIfAny(cell: string): 'red' | undefined {
  return cell === '0' ? undefined : 'red'
}

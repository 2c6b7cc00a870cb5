/**
 * `cron-mission daemon`: the ticks of a machine that has no crontab, such as a container.
 *
 * It decides nothing. Each minute it starts the same tick that crontab would, as a process of its own; and within a second
 * it looks after workers that are to be at work always. Whatever it misses, the next tick finds.
 */

import { realpathSync } from 'node:fs'
import { Complaint, EXIT } from '../../../exit.ts'
import { leaveMark, livingDaemons } from '../../../schedule/daemon/daemon-mark.ts'
import { everyMinute } from '../../../schedule/daemon/minute-timer.ts'
import { markedEnvironment } from '../../../schedule/daemon/own-workers.ts'
import { TickProcess } from '../../../schedule/daemon/tick-process.ts'
import { formatDuration } from '../../../time/duration.ts'
import { durationFlag } from '../../flags.ts'
import { printJson } from '../../print.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { AlwaysKeeper } from './daemon-always.ts'
import { type Drained, drainOwnWorkers } from './daemon-drain.ts'
import { Logs } from './logs.ts'
import { complain } from './schedule.ts'
import { type ScheduleFlags, schedulePath } from './schedule-path.ts'

export interface DaemonFlags extends ScheduleFlags {
  readonly directory?: string | undefined
  readonly url?: string | undefined
  readonly timeout?: string | undefined
  readonly json?: boolean | undefined
}

/** Short enough to have a dead worker back within a second. */
const LOOK_MS = 250
/** As for `cron-mission stop`: every worker gives its programs their own grace. */
const DEFAULT_TIMEOUT_MS = 300_000

export async function daemon(flags: DaemonFlags, settings: Settings): Promise<number> {
  const timeoutMs = durationFlag('timeout', flags.timeout) ?? DEFAULT_TIMEOUT_MS
  const path = schedulePath(flags, settings)
  const logs = new Logs(settings)
  const beside = livingDaemons(settings.stateDirectory)
  const takeMarkAway = leaveMark(settings.stateDirectory)
  process.once('exit', takeMarkAway)
  const told = takeSignals((signal) => {
    logs.tick.event('daemon-end', { reason: `${signal} again` })
    process.exit(EXIT.busy)
  })
  try {
    logs.tick.event('daemon-start', { schedule: path })
    greet(flags, settings, beside)
    const reason = await tickUntil(told, path, flags, settings, logs)
    const drained = await drainOwnWorkers(current(flags, settings), timeoutMs)
    const facts = { reason, asked: drained.asked, remaining: drained.notLeft.length }
    logs.tick.event('daemon-end', facts)
    if (flags.json) print({ event: 'daemon-end', ...facts })
    if (drained.notLeft.length > 0) throw notLeft(drained, timeoutMs)
    return EXIT.ok
  } finally {
    logs.close()
  }
}

/** @returns the signal that ended it, when no tick is under way any more */
async function tickUntil(
  told: Promise<NodeJS.Signals>,
  path: string,
  flags: DaemonFlags,
  settings: Settings,
  logs: Logs,
): Promise<NodeJS.Signals> {
  Object.assign(process.env, markedEnvironment())
  const always = new AlwaysKeeper({ schedulePath: path, logs, settings: () => current(flags, settings) })
  const tick = new TickProcess({
    command: [realpathSync(process.argv[1] ?? ''), '--directory', settings.directory, '--schedule', path],
    environment: flags.url === undefined ? process.env : { ...process.env, QUEUE_URL: flags.url },
    onEnd: () => always.refresh(),
  })
  tick.start()
  const timer = everyMinute(() => tick.start())
  const look = setInterval(() => always.look(), LOOK_MS)
  try {
    return await told
  } finally {
    timer.end()
    clearInterval(look)
    await tick.ended
    await always.end()
  }
}

/** `.env` may have been changed since; a mistake in it the ticks tell of. */
function current({ directory, url }: DaemonFlags, settings: Settings): Settings {
  try {
    return readSettings({ directory: directory ?? settings.directory, url })
  } catch (error) {
    if (error instanceof Complaint) return settings
    throw error
  }
}

/**
 * SIGHUP is nothing to a daemon that reads everything anew each minute.
 *
 * @param onSecond  the workers are left to themselves then
 * @returns the first SIGTERM or SIGINT
 */
function takeSignals(onSecond: (signal: NodeJS.Signals) => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', () => {})
  return new Promise((resolve) => {
    let isLeaving = false
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (isLeaving) onSecond(name)
        isLeaving = true
        resolve(name)
      })
    }
  })
}

function greet(flags: DaemonFlags, { directory }: Settings, beside: readonly number[]): void {
  if (beside.length > 0) {
    const pids = `${beside.length === 1 ? 'pid' : 'pids'} ${beside.join(', ')}`
    complain(`A daemon for ${directory} runs on this host already (${pids}). Nothing starts twice, but one is enough.`)
  }
  if (flags.json) print({ event: 'daemon-start', directory, pid: process.pid, beside })
  else if (process.stderr.isTTY) {
    process.stderr.write(
      `Ticks for ${directory} each minute, the first one now. Ctrl-C drains the workers and leaves.\n`,
    )
  }
}

function notLeft({ notLeft }: Drained, timeoutMs: number): Complaint {
  return new Complaint(
    EXIT.busy,
    `After ${formatDuration(timeoutMs)} not all workers had left: ${notLeft.join(', ')}. They go on, and leave when their programs have ended.`,
  )
}

function print(object: Readonly<Record<string, unknown>>): void {
  printJson(object)
}

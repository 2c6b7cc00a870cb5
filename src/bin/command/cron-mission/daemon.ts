/**
 * `cron-mission daemon`: the ticks of a machine that has no crontab, such as a container.
 *
 * It decides nothing. Each minute it starts the same tick that crontab would, as a process of its own; and within a second
 * it looks after workers that are to be at work always. Whatever it misses, the next tick finds. So it can be replaced by another
 * one while its workers go on: `--replace`.
 */

import { realpathSync } from 'node:fs'
import { Complaint, EXIT } from '../../../exit.ts'
import { type DaemonMark, leaveMark, livingDaemons } from '../../../schedule/daemon/daemon-mark.ts'
import { everyMinute } from '../../../schedule/daemon/minute-timer.ts'
import { carriedMarks, markedEnvironment, ownProcesses } from '../../../schedule/daemon/own-workers.ts'
import { HAND_OVER } from '../../../schedule/daemon/replace-daemons.ts'
import { TickProcess } from '../../../schedule/daemon/tick-process.ts'
import { formatDuration } from '../../../time/duration.ts'
import { minuteOf } from '../../../time/minute.ts'
import { durationFlag } from '../../flags.ts'
import { printJson } from '../../print.ts'
import { readSettings, type Settings } from '../../settings.ts'
import { AlwaysKeeper } from './daemon-always.ts'
import { type Drained, drainOwnWorkers } from './daemon-drain.ts'
import { pidWords, replaceOthers } from './daemon-replace.ts'
import { Logs } from './logs.ts'
import { complain } from './schedule.ts'
import { type ScheduleFlags, schedulePath } from './schedule-path.ts'

export interface DaemonFlags extends ScheduleFlags {
  readonly directory?: string | undefined
  readonly url?: string | undefined
  readonly replace?: boolean | undefined
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
  const told = takeSignals((why) => {
    logs.tick.event('daemon-end', { reason: why })
    process.exit(EXIT.busy)
  })
  try {
    const replaced = flags.replace ? await replaceOthers(settings) : []
    const beside = livingDaemons(settings.stateDirectory)
    const mark = leaveMark(settings.stateDirectory, carriedMarks())
    const { inherited } = mark
    // As long as a worker carries it, it says to the next daemon whose that is.
    const removeMark = () => ownProcesses(inherited).length > 0 || mark.takeAway()
    process.once('exit', removeMark)
    logs.tick.event('daemon-start', { schedule: path, replaced: replaced.join(',') || undefined })
    greet(flags, settings, replaced, beside)
    const { reason, ticked } = await tickUntil(told, path, flags, settings, logs, mark)
    if (reason === HAND_OVER) {
      process.off('exit', removeMark)
      mark.handOver(ticked)
    }
    const drained =
      reason === HAND_OVER
        ? { asked: 0, notLeft: [] }
        : await drainOwnWorkers(current(flags, settings), timeoutMs, inherited)
    const remaining = ownProcesses(inherited).length
    const facts = { reason: reason === HAND_OVER ? 'handed over' : reason, asked: drained.asked, remaining }
    logs.tick.event('daemon-end', facts)
    if (flags.json) print({ event: 'daemon-end', ...facts })
    if (drained.notLeft.length > 0) throw notLeft(drained, timeoutMs)
    return EXIT.ok
  } finally {
    logs.close()
  }
}

/** @returns the signal that ended it, when no tick is under way any more, and the last minute that it had one for */
async function tickUntil(
  told: Promise<NodeJS.Signals>,
  path: string,
  flags: DaemonFlags,
  settings: Settings,
  logs: Logs,
  mark: DaemonMark,
): Promise<{ readonly reason: NodeJS.Signals; readonly ticked: number }> {
  Object.assign(process.env, markedEnvironment())
  const always = new AlwaysKeeper({ schedulePath: path, logs, settings: () => current(flags, settings) })
  const tick = new TickProcess({
    command: [realpathSync(process.argv[1] ?? ''), '--directory', settings.directory, '--schedule', path],
    environment: flags.url === undefined ? process.env : { ...process.env, QUEUE_URL: flags.url },
    onEnd: () => always.refresh(),
  })
  let ticked = minuteOf(Date.now())
  const isTicked = mark.ticked === ticked && always.hasPlan
  if (isTicked) always.refresh()
  else tick.start()
  const timer = everyMinute((minute) => {
    ticked = minute
    tick.start()
  })
  const look = setInterval(() => always.look(), LOOK_MS)
  try {
    return { reason: await told, ticked }
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
 * @returns the first that ends it
 */
function takeSignals(onSecond: (why: string) => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', () => {})
  return new Promise((resolve) => {
    let leavingBy: NodeJS.Signals | undefined
    for (const name of ['SIGTERM', 'SIGINT', HAND_OVER] as const) {
      process.on(name, () => {
        if (name === HAND_OVER && leavingBy === HAND_OVER) return
        if (leavingBy !== undefined) onSecond(name === HAND_OVER ? `handed over after ${leavingBy}` : `${name} again`)
        leavingBy = name
        resolve(name)
      })
    }
  })
}

function greet(
  flags: DaemonFlags,
  { directory }: Settings,
  replaced: readonly number[],
  beside: readonly number[],
): void {
  if (beside.length > 0) {
    complain(
      `A daemon for ${directory} runs on this host already (${pidWords(beside)}). Nothing starts twice, but one is enough.`,
    )
  }
  if (flags.json) print({ event: 'daemon-start', directory, pid: process.pid, replaced, beside })
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

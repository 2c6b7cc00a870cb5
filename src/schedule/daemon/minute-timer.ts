/**
 * The minute timer of the daemon: node-cron's, held to the wall clock.
 *
 * node-cron waits for the minute that it has worked out. When the clock is set back it would wait as long as that was, and
 * after a suspend it would wait for the minute that follows. So a look every second finds out whether the wall clock and the
 * running clock have parted; then the timer is made anew, and a minute that nobody was told of is told.
 */

import { type Logger, schedule } from 'node-cron'
import { minuteOf } from '../../time/minute.ts'
import { MINUTE_MS } from '../../time/units.ts'

export interface MinuteTimer {
  end(): void
}

export interface Clocks {
  /** UTC milliseconds; it can be set. */
  readonly wall: () => number
  /** Milliseconds that only ever grow. */
  readonly running: () => number
}

const LOOK_MS = 1_000
const PARTED_MS = 1_000
const CLOCKS: Clocks = { wall: Date.now, running: () => performance.now() }

/** What it has to say, the log of the ticks says. */
const SILENT: Logger = { info() {}, warn() {}, error() {}, debug() {} }

/** @param onMinute  told the minute, UTC milliseconds, once for each that begins */
export function everyMinute(onMinute: (minute: number) => void, clocks: Clocks = CLOCKS): MinuteTimer {
  let told = minuteOf(clocks.wall())
  const tell = () => {
    const minute = minuteOf(clocks.wall())
    if (minute === told) return
    told = minute
    onMinute(minute)
  }
  const start = () =>
    schedule('* * * * *', tell, {
      timezone: 'UTC',
      missedExecutionTolerance: MINUTE_MS,
      suppressMissedWarning: true,
      logger: SILENT,
    })

  let task = start()
  let parted = clocks.wall() - clocks.running()
  const look = setInterval(() => {
    const apart = clocks.wall() - clocks.running()
    if (Math.abs(apart - parted) < PARTED_MS) return
    parted = apart
    task.destroy()
    task = start()
    tell()
  }, LOOK_MS)
  return {
    end() {
      clearInterval(look)
      task.destroy()
    },
  }
}

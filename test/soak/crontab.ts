/**
 * Crontab's role: a tick every two seconds, each for a minute of its own, so that time runs thirty times as fast.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place } from './place.ts'

export interface Crontab {
  readonly ticks: number
  /** What ticks wrote to standard error, which cron would have mailed. */
  readonly mails: readonly string[]
  stop(): Promise<void>
}

const PAUSE_MS = 2_000
const MINUTE_MS = 60_000
/** The first minute lies a week back, so that none of them is in the future. */
const BACK_MINUTES = 10_000

export function startCrontab(place: Place): Crontab {
  const first = Math.floor(Date.now() / MINUTE_MS) - BACK_MINUTES
  const mails: string[] = []
  let ticks = 0
  let isStopped = false

  async function run(): Promise<void> {
    while (!isStopped) {
      const at = new Date((first + ticks++) * MINUTE_MS).toISOString()
      const { stderr } = await place.run('cron-mission', ['--at', at])
      mails.push(...stderr.split('\n').filter((line) => line !== ''))
      await sleep(PAUSE_MS)
    }
  }

  const ended = run()
  ended.catch(() => {}) // told to whoever stops it
  return {
    get ticks() {
      return ticks
    },
    mails,
    async stop() {
      isStopped = true
      await ended
    },
  }
}

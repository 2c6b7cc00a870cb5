/**
 * A night under Debian's own cron, with a clock that goes faster: what it ran, minute by minute.
 *
 * libfaketime gives the daemon its clock. Cron gets a spool, a /run and a crontab of this night's own by mounts that nobody
 * else sees, so the nights pass side by side. A line is watched by a few words of shell that write down the process that
 * cron has forked for it, and nothing about the time: on a busy machine they may be late. The order of cron's forks tells
 * the minute, because cron forks for one minute after the other and finds the line for every minute first in each.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Keeper } from '../helpers/keeper.ts'
import { MINUTES, minutesOf, type Night, type Probe } from './probes.ts'

export interface RunOptions {
  readonly keeper: Keeper
  readonly directory: string
  readonly library: string
  /** How many times faster than real time. */
  readonly speed: number
  readonly onMinute: (minutes: number) => void
  readonly signal: AbortSignal
}

export interface NightUnderCron {
  readonly night: Night
  /** How often cron ran each probe, by minute. */
  readonly runs: readonly ReadonlyMap<number, number>[]
}

interface Fork {
  readonly id: number
  readonly pid: number
  /** Hundredths of a second since the machine's boot. */
  readonly startedAt: number
}

const MINUTE_MS = 60_000
const LOOK_MS = 100
/** In minutes: were cron any later, it might find that the clock has jumped when it did not, or miss that it did. */
const LATEST = 0.75
const EVERY_MINUTE = -1

const CRON = `
  set -e
  cd "$1"
  mount --bind spool /var/spool/cron/crontabs
  mount --bind nothing /etc/cron.d
  mount --bind /dev/null /etc/crontab
  mount --bind run /run
  mount --bind shm /dev/shm
  crontab crontab
  export TZ="$2" LD_PRELOAD="$3" FAKETIME="$4" FAKETIME_FMT=%s FAKETIME_DONT_RESET=1
  exec cron -f
`

export async function runNight(night: Night, probes: readonly Probe[], options: RunOptions): Promise<NightUnderCron> {
  const { keeper, directory, library, speed, onMinute, signal } = options
  for (const name of ['spool', 'nothing', 'run', 'shm']) mkdirSync(join(directory, name), { recursive: true })
  const ran = join(directory, 'ran')
  writeFileSync(join(directory, 'crontab'), crontab(probes, ran))
  const [firstMinute = 0] = minutesOf(night)
  const clock = `${fakeTime(firstMinute - MINUTE_MS / 2)} x${speed}`
  const args = ['-m', '/bin/sh', '-c', CRON, 'sh', directory, night.zone, library, clock]
  const output = join(directory, 'cron.out')
  const cron = keeper.start('unshare', args, { output })
  try {
    // Two more, so that what cron starts in the last minute has surely written its line.
    for (let seen = 0; seen < MINUTES + 2; seen = minutesIn(ran)) {
      if (cron.child.exitCode !== null) throw new Error(`cron has ended: ${readFileSync(output, 'utf8')}`)
      onMinute(Math.min(seen, MINUTES))
      await sleep(LOOK_MS, undefined, { signal })
    }
  } finally {
    cron.child.kill('SIGTERM')
    await cron.exited
  }
  return { night, runs: readRuns(forksIn(ran), probes.length, minutesOf(night), MINUTE_MS / speed) }
}

/** A time for libfaketime, with which a clock begins. @param at  UTC milliseconds */
export function fakeTime(at: number): string {
  return `@${at / 1_000}`
}

/** The line for every minute is the last: cron reads its lines into a list from the end. */
function crontab(probes: readonly Probe[], ran: string): string {
  const watch = `read -r stat </proc/$PPID/stat; set -- $stat; echo "$id $1 \${22}" >>${ran}`
  const line = (id: number, text: string) => `${text} id=${id}; ${watch}`
  const lines = [...probes.map(({ text }, id) => line(id, text)), line(EVERY_MINUTE, '* * * * *')]
  return `SHELL=/bin/sh\n${lines.join('\n')}\n`
}

function minutesIn(ran: string): number {
  return forksIn(ran).filter(({ id }) => id === EVERY_MINUTE).length
}

function forksIn(ran: string): Fork[] {
  if (!existsSync(ran)) return []
  const lines = readFileSync(ran, 'utf8').split('\n').slice(0, -1)
  const forks = lines.map((line) => {
    const [id = Number.NaN, pid = Number.NaN, startedAt = Number.NaN] = line.split(' ').map(Number)
    return { id, pid, startedAt }
  })
  return forks.toSorted((a, b) => a.startedAt - b.startedAt || a.pid - b.pid)
}

/** @param minuteMs  how long a minute of the night took */
function readRuns(
  forks: readonly Fork[],
  probes: number,
  minutes: readonly number[],
  minuteMs: number,
): ReadonlyMap<number, number>[] {
  const runs = Array.from({ length: probes }, () => new Map<number, number>())
  const began = forks[0]?.startedAt ?? 0
  let begun = 0
  for (const { id, startedAt } of forks) {
    if (id === EVERY_MINUTE) {
      if (begun === minutes.length) break
      const late = ((startedAt - began) * 10) / minuteMs - begun
      if (Math.abs(late) > LATEST) throw new Error('cron was late by most of a minute: try again with a lower --speed')
      begun++
    } else {
      const minute = minutes[begun - 1]
      const counts = runs[id]
      if (minute === undefined || counts === undefined) throw new Error('cron ran a line before the first minute')
      counts.set(minute, (counts.get(minute) ?? 0) + 1)
    }
  }
  return runs
}

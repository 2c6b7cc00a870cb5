/** `queuectl stats` in cells and sentences. */

import { grouped } from '../../amount.ts'
import type { Bounded } from '../../queue/store/bounded.ts'
import { formatDuration } from '../../time/duration.ts'
import { clockTime } from '../../time/time-text.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../time/units.ts'
import { boundedText, shortCount, shortNumber } from '../number-text.ts'
import { readableLine } from '../readable.ts'
import type { Ended, QueueStats, Stats, StatsRequest, TaskStats } from './stats.ts'

const LONGEST_NAME = 128

export interface StatsCell {
  readonly title: string
  readonly of: (line: StatsLine) => string
}

/** A queue, or a task of it. */
export interface StatsLine {
  readonly queue: QueueStats
  readonly task: TaskStats | undefined
}

export function statsLines({ queues }: Stats): StatsLine[] {
  return queues.flatMap((queue) => [{ queue, task: undefined }, ...queue.tasks.map((task) => ({ queue, task }))])
}

/** In few columns, for a terminal; the name stands before them. */
export const NARROW: readonly StatsCell[] = [
  { title: 'READY', of: (line) => shortCount(of(line).ready) },
  { title: 'OLDEST', of: ({ queue, task }) => (task === undefined ? short(queue.oldestReadyMs) : '') },
  { title: 'RUN', of: (line) => shortCount(of(line).running) },
  { title: 'DONE/M', of: (line) => rate(of(line).donePerMinute) },
  { title: 'FAILED', of: (line) => shortNumber(of(line).attempts.failed) },
  { title: 'RETRIED', of: (line) => shortNumber(of(line).attempts.retried) },
  { title: 'P50', of: (line) => short(of(line).p50) },
  { title: 'P95', of: (line) => short(of(line).p95) },
  { title: 'P99', of: (line) => short(of(line).p99) },
]

/** Where there is room. */
export const WIDE: readonly StatsCell[] = [
  ...NARROW,
  { title: 'CPU', of: (line) => short(cpuOfOne(of(line))) },
  { title: 'SCHEDULED', of: ({ queue, task }) => (task === undefined ? shortCount(queue.scheduled) : '') },
  { title: 'HELD', of: ({ queue, task }) => (task === undefined ? shortCount(queue.held) : '') },
]

/** For a pipe: whole numbers, durations in milliseconds, and nothing cut. */
export const PLAIN: readonly StatsCell[] = [
  { title: 'QUEUE', of: ({ queue }) => queue.queue },
  { title: 'TASK', of: ({ task }) => task?.task ?? '' },
  { title: 'READY', of: (line) => String(of(line).ready.count) },
  { title: 'OLDEST_MS', of: ({ queue, task }) => (task === undefined ? plain(queue.oldestReadyMs) : '') },
  { title: 'RUNNING', of: (line) => String(of(line).running.count) },
  { title: 'DONE', of: (line) => String(of(line).attempts.done) },
  { title: 'FAILED', of: (line) => String(of(line).attempts.failed) },
  { title: 'RETRIED', of: (line) => String(of(line).attempts.retried) },
  { title: 'P50_MS', of: (line) => plain(of(line).p50) },
  { title: 'P95_MS', of: (line) => plain(of(line).p95) },
  { title: 'P99_MS', of: (line) => plain(of(line).p99) },
  { title: 'CPU_MS', of: (line) => String(of(line).cpuMs) },
]

export function nameOf({ queue, task }: StatsLine): string {
  return task === undefined ? queue.queue : `  ${task.task}`
}

/** How it stands now, and what ended: two lines. */
export function summary(stats: Stats, zone: string): string {
  const states = nowText(stats)
  const now = states === '' ? 'nothing waits or runs' : states
  return `Now ${now}.\nSince ${sinceText(zone, stats.from, stats.to)} ${endedText(stats)}.\n`
}

function nowText({ queues }: Stats): string {
  const oldest = Math.max(0, ...queues.map(({ oldestReadyMs }) => oldestReadyMs ?? 0))
  const states = STATES.map((state) => ({ state, count: total(queues.map((queue) => queue[state])) }))
  return states
    .filter(({ count }) => count.count > 0)
    .map(({ state, count }) => {
      const age = state === 'ready' && oldest > 0 ? ` (oldest ${short(oldest)})` : ''
      return `${boundedText(count)} ${state}${age}`
    })
    .join(', ')
}

const STATES = ['ready', 'running', 'scheduled', 'held', 'failed'] as const

function endedText({ queues }: Stats): string {
  const sum = (pick: (queue: Ended) => number) => queues.reduce((all, queue) => all + pick(queue), 0)
  if (sum(({ attempts }) => attemptsOf(attempts)) === 0) return 'nothing ended'
  const [done, failed, retried] = (['done', 'failed', 'retried'] as const).map((ending) =>
    grouped(sum(({ attempts }) => attempts[ending])),
  )
  const cpu = sum(({ cpuMs }) => cpuMs)
  return `${done} done, ${failed} failed, ${retried} retried, with ${short(cpu)} of CPU`
}

export function nothing({ from, to }: Stats, { queue, task }: StatsRequest, zone: string): string {
  const what = task === undefined ? 'Nothing' : `No ${readableLine(task, LONGEST_NAME)}`
  const where = queue === undefined ? '' : ` in queue ${readableLine(queue, LONGEST_NAME)}`
  return `${what} waits${where}, and nothing ended since ${sinceText(zone, from, to)}.`
}

/** The stable names of `--json`. */
export function statsFacts({ queue, task }: StatsLine, { from, to }: Stats) {
  const { attempts, donePerMinute, p50, p95, p99, ranMs, cpuMs, outputBytes, ready, running } = task ?? queue
  const ofQueue =
    task !== undefined
      ? {}
      : {
          ...{ scheduled: queue.scheduled, held: queue.held, failed: queue.failed },
          ...{ oldestReadyMs: queue.oldestReadyMs ?? null, dueScheduled: queue.dueScheduled },
        }
  return {
    kind: task === undefined ? 'queue' : 'task',
    queue: queue.queue,
    ...(task === undefined ? {} : { task: task.task }),
    ...{ ready, running, ...ofQueue },
    ...{ since: new Date(from).toISOString(), until: new Date(to).toISOString() },
    ...{ attempts, donePerMinute: Number(donePerMinute.toFixed(3)) },
    durationMs: { p50: rounded(p50), p95: rounded(p95), p99: rounded(p99) },
    ...{ ranMs, cpuMs, outputBytes },
  }
}

function of({ queue, task }: StatsLine): TaskStats | QueueStats {
  return task ?? queue
}

function total(parts: readonly Bounded[]): Bounded {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    isExact: parts.every(({ isExact }) => isExact),
    isLeast: parts.some(({ isLeast }) => isLeast),
  }
}

function cpuOfOne({ attempts, cpuMs }: Ended): number | undefined {
  const all = attemptsOf(attempts)
  return all === 0 ? undefined : cpuMs / all
}

function attemptsOf(attempts: Ended['attempts']): number {
  return Object.values(attempts).reduce((sum, count) => sum + count, 0)
}

/** At most five columns: `450ms`, `1.2s`, `45s`, `4m5s`, `31m`, `1h5m`, `23h`, `2d4h`; nothing where there is nothing. */
function short(ms: number | undefined): string {
  if (ms === undefined) return ''
  if (ms < SECOND_MS) return `${Math.round(ms)}ms`
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  const unit = UNITS.find(({ below }) => ms < below) ?? { each: DAY_MS }
  return formatDuration(Math.floor(ms / unit.each) * unit.each)
}

const UNITS = [
  { below: 10 * MINUTE_MS, each: SECOND_MS },
  { below: 10 * HOUR_MS, each: MINUTE_MS },
  { below: 10 * DAY_MS, each: HOUR_MS },
]

function plain(ms: number | undefined): string {
  return ms === undefined ? '' : String(Math.round(ms))
}

function rounded(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms)
}

function rate(perMinute: number): string {
  if (perMinute > 0 && perMinute < 0.1) return '<0.1'
  return perMinute > 0 && perMinute < 100 ? perMinute.toFixed(1) : shortNumber(Math.round(perMinute))
}

/** Without the day when it is today. */
function sinceText(zone: string, from: number, to: number): string {
  const [day, time = ''] = clockTime(zone, from).split(' ')
  return clockTime(zone, to).startsWith(day ?? '') ? time.slice(0, 5) : `${day} ${time.slice(0, 5)}`
}

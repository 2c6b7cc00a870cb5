/**
 * `queuectl metrics`: what Prometheus reads.
 *
 * Counters are the tally's totals, which never get less. How many tasks there are is counted up to a bound, and said to be no
 * more than an estimate where it is. There are as many time series as there are queues, task programs and hosts, and of task
 * programs so many at most.
 */

import type { Driver } from '../../queue/driver.ts'
import { shortestOf } from '../../queue/duration-class.ts'
import { nothingOf, type QueueDepth, queueDepths } from '../../queue/store/depth.ts'
import { incidentTexts } from '../../queue/store/incident.ts'
import { pauseOfQueue, type QueuePause, queuePauses } from '../../queue/store/queue-pause.ts'
import { slotCounts } from '../../queue/store/slot-count.ts'
import { EVERY, workersUnder } from '../../queue/store/stop.ts'
import { type TallySum, tallyTotals } from '../../queue/store/tally.ts'
import { tickRows } from '../../queue/store/tick-row.ts'
import { HOUR_MS } from '../../time/units.ts'
import type { Family, Histogram, HistogramSample, Sample } from './prometheus.ts'

/** Of the task programs with the most attempts; a program that adds rows of random names must not flood a server. */
const MOST_TASKS = 300
const STATES = ['ready', 'scheduled', 'running', 'held', 'failed'] as const
const BOUNDS_SECONDS = [0.1, 0.5, 1, 5, 10, 60, 300, 1_800, 7_200]

export async function readMetrics(db: Driver): Promise<(Family | Histogram)[]> {
  // Side by side where the database is a server.
  const [totals, counted, pauses] = await Promise.all([tallyTotals(db), queueDepths(db), queuePauses(db)])
  const depths = withKnown(counted, totals)
  const workers = await workersUnder(db, { job: EVERY, host: EVERY })
  const { ticks } = await tickRows(db)
  return [
    ...depthFamilies(depths),
    ...pauseFamilies(pauses, depths),
    gauge(
      'queue_workers',
      'Workers of the queue whose lease is not over.',
      countedBy(
        workers.filter(({ leaseOver }) => !leaseOver),
        'queue',
      ),
    ),
    ...attemptFamilies(totals),
    gauge(
      'last_tick_timestamp_seconds',
      'When the host last ran a tick, by the clock of the database.',
      ticks.map(({ host, at }) => ({ labels: { host }, value: at / 1_000 })),
    ),
    gauge('open_incidents', 'Jobs that failed, or were silent, and have not worked again.', [
      { value: [...(await incidentTexts(db)).values()].filter(isOpen).length },
    ]),
    gauge(
      'slots_last_hour',
      'Slots of the schedule in the last hour, by what became of them.',
      [...(await slotCounts(db, HOUR_MS))].map(([verdict, value]) => ({ labels: { verdict }, value })),
    ),
  ]
}

/** A queue that is empty now is told of all the same: its lines in a graph go on. */
function withKnown(depths: readonly QueueDepth[], totals: readonly TallySum[]): QueueDepth[] {
  const names = new Set([...depths, ...totals].map(({ queue }) => queue))
  return [...names].toSorted().map((name) => depths.find(({ queue }) => queue === name) ?? nothingOf(name))
}

function depthFamilies(depths: readonly QueueDepth[]): Family[] {
  const perState = (value: (depth: QueueDepth, state: (typeof STATES)[number]) => number) =>
    depths.flatMap((depth) =>
      STATES.map((state) => ({ labels: { queue: depth.queue, state }, value: value(depth, state) })),
    )
  return [
    gauge(
      'queue_tasks',
      'Tasks of the queue in a state. Where there are very many it is an estimate, or the least there are.',
      perState((depth, state) => depth[state].count),
    ),
    gauge(
      'queue_tasks_inexact',
      'Whether the number of tasks is an estimate, or the least there are.',
      perState((depth, state) => (depth[state].isExact ? 0 : 1)),
    ),
    gauge(
      'queue_oldest_ready_seconds',
      'For how long the oldest of the ready tasks that are next in turn has waited; 0 when nothing is ready.',
      depths.map(({ queue, oldestReadyMs = 0 }) => ({ labels: { queue }, value: oldestReadyMs / 1_000 })),
    ),
  ]
}

function pauseFamilies(pauses: readonly QueuePause[], depths: readonly QueueDepth[]): Family[] {
  const paused = pauses.flatMap(({ queue, task }) => (queue === undefined || task !== undefined ? [] : [queue]))
  const queues = [...new Set([...depths.map(({ queue }) => queue), ...paused])].toSorted()
  return [
    gauge(
      'queue_paused',
      'Whether the queue is paused as a whole.',
      queues.map((queue) => ({ labels: { queue }, value: pauseOfQueue(pauses, queue) === undefined ? 0 : 1 })),
    ),
    gauge('pauses', 'Pauses of queues and of task programs that are in force.', [{ value: pauses.length }]),
  ]
}

/** One that is over may still have to be told. */
function isOpen(incident: string): boolean {
  return (JSON.parse(incident) as { readonly open?: object }).open !== undefined
}

interface TaskSums {
  readonly labels: { readonly queue: string; readonly task: string }
  readonly sums: readonly TallySum[]
}

function attemptFamilies(totals: readonly TallySum[]): (Family | Histogram)[] {
  const all = [...Map.groupBy(totals, ({ queue, task }) => JSON.stringify([queue, task])).values()].map(
    (sums): TaskSums => ({ labels: labelsOf(sums), sums }),
  )
  const shown = all
    .toSorted((a, b) => attemptsOf(b.sums) - attemptsOf(a.sums))
    .slice(0, MOST_TASKS)
    .toSorted((a, b) => compare(a.labels.queue, b.labels.queue) || compare(a.labels.task, b.labels.task))
  const perTask = (value: (sums: readonly TallySum[]) => number) =>
    shown.map(({ labels, sums }) => ({ labels, value: value(sums) }))
  return [
    counter('attempts_total', 'Attempts that ended, by how.', shown.flatMap(perEnding)),
    {
      name: named('attempt_duration_seconds'),
      help: 'How long attempts ran, however they ended; bounds are right within 4 %.',
      type: 'histogram',
      samples: shown.map(durations),
    },
    counter(
      'attempt_cpu_seconds_total',
      'CPU time of attempts.',
      perTask((sums) => total(sums, 'cpuMs') / 1_000),
    ),
    counter(
      'attempt_output_bytes_total',
      'What attempts printed.',
      perTask((sums) => total(sums, 'outputBytes')),
    ),
    gauge('tasks_left_out', 'Task programs with too few attempts to be told of, because there are so many others.', [
      { value: all.length - shown.length },
    ]),
  ]
}

function labelsOf([first]: readonly TallySum[]): TaskSums['labels'] {
  return { queue: first?.queue ?? '', task: first?.task ?? '' }
}

function perEnding({ labels, sums }: TaskSums): Sample[] {
  return [...Map.groupBy(sums, ({ ending }) => ending)]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([ending, some]) => ({ labels: { ...labels, ending }, value: attemptsOf(some) }))
}

/** What never ran has no duration. A class lies below a bound when its middle does. */
function durations({ labels, sums }: TaskSums): HistogramSample {
  const ran = sums.filter(({ durationClass }) => durationClass > 0)
  const seconds = (number: number) => Math.sqrt(shortestOf(number) * shortestOf(number + 1)) / 1_000
  return {
    labels,
    buckets: BOUNDS_SECONDS.map((bound) => ({
      bound,
      count: attemptsOf(ran.filter(({ durationClass }) => seconds(durationClass) <= bound)),
    })),
    count: attemptsOf(ran),
    sum: total(ran, 'ranMs') / 1_000,
  }
}

function attemptsOf(sums: readonly TallySum[]): number {
  return total(sums, 'attempts')
}

function total(sums: readonly TallySum[], of: 'attempts' | 'ranMs' | 'cpuMs' | 'outputBytes'): number {
  return sums.reduce((all, sum) => all + sum[of], 0)
}

function countedBy<Row>(rows: readonly Row[], label: keyof Row & string): Sample[] {
  return [...Map.groupBy(rows, (row) => String(row[label]))].map(([text, some]) => ({
    labels: { [label]: text },
    value: some.length,
  }))
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: named(name), help, type: 'gauge', samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: named(name), help, type: 'counter', samples }
}

function named(name: string): string {
  return `cron_mission_${name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

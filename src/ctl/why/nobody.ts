/**
 * A ready task whose shard no worker holds: what the schedule does about its queue, and why that has started nobody.
 */
import { counted } from '../../amount.ts'
import { isExecQueue } from '../../queue/exec-queue.ts'
import { clockTime, minuteText } from '../../time/time-text.ts'
import {
  type Evidence,
  isAtWork,
  type JobOutlook,
  type LookedWorker,
  type Surroundings,
  type Turn,
} from './evidence.ts'
import type { Case, Fact, NextStep } from './explanation.ts'
import type { Obstacle } from './obstacles.ts'
import { known, TICK_SILENT_MS, tickFact, when } from './words.ts'

/** Verdicts of slots in which nothing was amiss. */
const STARTED = ['started', 'starting', 'enqueued', 'empty']

export function nobody(evidence: Evidence, turn: Turn, around: Surroundings): Obstacle {
  const { task, workers, ticks } = evidence
  const { queue, bucket, now } = task
  const atWork = workers.filter((worker) => isAtWork(worker, now))
  const none =
    atWork.length === 0 ? `no worker works the queue ${queue}` : `no worker works its part of the queue ${queue}`
  const facts: Fact[] = [
    ...known(
      ['bucket', atWork.length === 0 ? undefined : `${bucket}, which is shard ${turn.shard} of ${turn.total}`],
      ['ahead of it', turn.ahead.count === 0 ? undefined : counted(turn.ahead, 'task')],
    ),
    ...atWork.map((worker): Fact => ['worker', `${worker.host}:${worker.pid}, ${shardsOf(worker)}`]),
    ...workers
      .filter(({ isGone, leaseUntil }) => !isGone && leaseUntil <= now)
      .map(
        (worker): Fact => [
          'worker',
          `${worker.host}:${worker.pid}, not heard from since ${when(task, around, worker.heardAt)}`,
        ],
      ),
  ]
  const { kind, clause, next, more = [] } = missing(evidence, turn, around)
  return {
    case: kind === 'no-worker' && atWork.length > 0 ? 'no-shard' : kind,
    sentence: `Task ${task.id} is ready, and ${none}${clause}.`,
    later: `${none}${clause}`,
    facts: [
      ...facts,
      ...more,
      ...(around.jobs === undefined && ticks.length === 0 ? [] : [tickFact(evidence, around)]),
    ],
    ...(next === undefined ? {} : { next }),
  }
}

function shardsOf({ shards, total, isLeaving }: LookedWorker): string {
  const which = shards.length === 0 ? 'no shard' : `shard ${shards.join(', ')} of ${total}`
  return isLeaving ? `${which}; it was asked to leave` : which
}

interface Missing {
  readonly kind: Case
  readonly clause: string
  readonly next?: NextStep
  readonly more?: readonly Fact[]
}

/** Why the schedule has started nobody. */
function missing(evidence: Evidence, turn: Turn, around: Surroundings): Missing {
  const { task } = evidence
  const isExec = isExecQueue(task.queue)
  const byHand = isExec ? {} : { next: { what: 'to work it now', command: workCommand(task.queue, turn) } }
  if (around.jobs === undefined) return { kind: 'no-worker', clause: '', ...byHand }
  const [first] = around.jobs
  if (first === undefined) {
    const clause = isExec ? ': its job is not in the schedule any more' : ', and no job of the schedule does'
    const next = isExec ? { next: { what: 'to be rid of it', command: `queuectl cancel ${task.id}` } } : byHand
    return { kind: 'no-job', clause, ...next }
  }
  const free = around.jobs.filter(({ keptBack }) => keptBack === undefined)
  if (free.length === 0 && first.keptBack !== undefined) {
    const { how, words, resume } = first.keptBack
    return {
      kind: how === 'paused' ? 'job-paused' : 'job-stopped',
      clause: `: job ${first.id} is ${how} ${words}`,
      ...(resume === undefined ? {} : { next: { what: 'to lift it', command: resume } }),
    }
  }
  const silent = silence(evidence, free, around)
  if (silent !== undefined) {
    return {
      kind: 'no-tick',
      clause: `: job ${(free[0] as JobOutlook).id} would start one, and ${silent}`,
      next: { what: 'to find out', command: 'cron-mission doctor' },
    }
  }
  if (isExec || free.some(({ isAlways }) => isAlways)) {
    return {
      kind: 'waits-for-tick',
      clause: `: the next tick starts one, for job ${(free[0] as JobOutlook).id}`,
      more: lastFacts(free, around),
    }
  }
  return dueNext(free, evidence, around, byHand)
}

function dueNext(
  jobs: readonly JobOutlook[],
  { task }: Evidence,
  around: Surroundings,
  byHand: { next?: NextStep },
): Missing {
  const due = jobs.filter(({ next }) => next !== undefined).toSorted((a, b) => (a.next ?? 0) - (b.next ?? 0))
  const job = due[0] ?? (jobs[0] as JobOutlook)
  const coming = job.next === undefined ? 'is not due any more' : `is due ${when(task, around, job.next)}`
  const { last } = job
  const readySince = Math.max(task.changedAt, task.runAt)
  const skipped =
    last !== undefined && !STARTED.includes(last.verdict) && last.slotAt + 60_000 > readySince ? last : undefined
  const more = lastFacts(jobs, around)
  if (skipped === undefined)
    return { kind: 'waits-for-job', clause: `: job ${job.id}, which starts some, ${coming}`, more, ...byHand }
  const reason = skipped.reason === '' ? '' : ` (${skipped.reason})`
  return {
    kind: 'job-not-started',
    clause: `: job ${job.id} started none for ${minuteText(around.zone, skipped.slotAt)}, ${skipped.verdict}${reason}, and ${coming}`,
    more,
    next: { what: 'about the job', command: `cron-mission why ${job.id}` },
  }
}

function lastFacts(jobs: readonly JobOutlook[], { zone }: Surroundings): Fact[] {
  return jobs.flatMap(({ id, last }): Fact[] =>
    last === undefined
      ? []
      : [
          [
            `job ${id}`,
            `last slot ${minuteText(zone, last.slotAt)}: ${last.verdict}${last.reason === '' ? '' : `, ${last.reason}`}`,
          ],
        ],
  )
}

/** A clause when no tick that may start one of these jobs was seen of late. */
function silence({ task, ticks }: Evidence, jobs: readonly JobOutlook[], { zone }: Surroundings): string | undefined {
  const counting = ticks.filter(({ host }) => jobs.some(({ hosts }) => hosts === undefined || hosts.includes(host)))
  const last = counting.toSorted((a, b) => b.at - a.at)[0]
  if (last === undefined) return 'no tick has ever run for it'
  return task.now - last.at <= TICK_SILENT_MS
    ? undefined
    : `no tick has run since ${clockTime(zone, last.at)} on ${last.host}`
}

function workCommand(queue: string, { total, shard }: Turn): string {
  const ofQueue = queue === 'default' ? '' : ` --queue ${queue}`
  return `do-queue${ofQueue}${total === 1 ? '' : ` --total ${total} --shard ${shard}`}`
}

/**
 * A task that a worker has claimed: it runs, or is about to, or its worker is gone and somebody has to clear up.
 */
import { amount, grouped } from '../../amount.ts'
import { LEASE_MS } from '../../queue/store/seat.ts'
import { formatDuration } from '../../time/duration.ts'
import { distance } from '../../time/time-text.ts'
import { type Evidence, type LookedWorker, SILENT_MS, type Surroundings } from './evidence.ts'
import { pastFacts } from './explain-finished.ts'
import type { Case, Explanation, Fact, NextStep } from './explanation.ts'
import { known, maxAttempts, nameFact, tickFact, when } from './words.ts'

const MOST_PAST = 3

const AFTER_CRASH: Readonly<Record<string, string>> = {
  retry: 'it is run again, and the attempt does not count',
  hold: 'it is held, until a person has looked',
  fail: 'it fails',
}

export function explainRunning(evidence: Evidence, around: Surroundings): Explanation {
  const { task, workers } = evidence
  const worker = workers.find(({ workerId }) => workerId === task.workerId)
  const { kind, sentence, facts = [], next } = told(evidence, worker, around)
  return {
    case: kind,
    sentence,
    facts: [
      nameFact(task),
      ...known(
        ['added', when(task, around, task.addedAt)],
        ['attempt', `${task.attempts} of ${maxAttempts(task, around)}`],
        ['time limit', kind === 'claimed' ? undefined : limitText(evidence, worker, around)],
        ['output', outputText(task.id, around)],
        ['worker', worker === undefined ? undefined : workerText(worker)],
      ),
      ...facts,
      ...pastFacts(task, around, MOST_PAST),
    ],
    ...(next === undefined ? {} : { next }),
  }
}

interface Told {
  readonly kind: Case
  readonly sentence: string
  readonly facts?: readonly Fact[]
  readonly next?: NextStep
}

function told(evidence: Evidence, worker: LookedWorker | undefined, around: Surroundings): Told {
  const { task } = evidence
  const { id, now, workerId, startedAt, cancelAt } = task
  const claimedAt = startedAt ?? task.changedAt
  if (workerId === null) {
    return {
      kind: 'status-by-hand',
      sentence: `Task ${id} has the status of one that runs, and no worker: somebody wrote it by hand, and nobody will run it.`,
      facts: [['to have it run', `UPDATE queue SET status = 0 WHERE id = ${id}`]],
    }
  }
  if (worker === undefined) {
    const backAt = claimedAt + LEASE_MS
    const free = backAt > now ? `at ${when(task, around, backAt)}` : 'now'
    return {
      kind: 'no-worker-row',
      sentence: `Task ${id} is claimed by worker ${workerId}, which has left and never began it: the next tick or worker makes it ready again ${free}.`,
      facts: [tickFact(evidence, around)],
    }
  }
  if (worker.isGone) return ofDead(id, worker, around)
  const isHere = worker.host === around.host && around.attempt !== undefined
  if (!isHere && worker.leaseUntil <= now) {
    return {
      kind: 'worker-expired',
      sentence: `Task ${id} was running on ${place(worker)}, which was last heard from ${when(task, around, worker.heardAt)}: the next tick or worker takes it for dead.`,
      facts: [afterCrash(worker), tickFact(evidence, around)],
    }
  }
  if (!isHere && now - worker.heardAt > SILENT_MS) {
    return {
      kind: 'worker-silent',
      sentence: `Task ${id} is claimed by ${place(worker)}, which was last heard from ${when(task, around, worker.heardAt)}: it is believed to run until ${when(task, around, worker.leaseUntil)}.`,
      facts: [afterCrash(worker)],
    }
  }
  if (cancelAt !== null) {
    return {
      kind: 'cancelling',
      sentence: `Task ${id} is being cancelled since ${when(task, around, cancelAt)}: ${place(worker)} stops its program.`,
    }
  }
  const { attempt } = around
  if (attempt?.kind === 'waits') {
    const others = worker.running - 1
    const why = others === 0 ? 'it is about to be' : `it has ${amount(others, 'other task')} in its hands`
    return {
      kind: 'claimed',
      sentence: `Task ${id} was claimed by ${place(worker)} ${distance(claimedAt, now)}, and not begun: ${why}.`,
    }
  }
  const since = attempt?.kind === 'begun' ? attempt.startedAt : claimedAt
  return {
    kind: 'running',
    sentence: `Task ${id} is running on ${place(worker)} since ${when(task, around, since)}.`,
    ...(attempt === undefined ? {} : { next: { what: 'to watch it', command: `queuectl logs -f ${id}` } }),
  }
}

/** Its process was of this host, and has ended: nothing but the next tick or worker is needed. */
function ofDead(id: number, worker: LookedWorker, { attempt }: Surroundings): Told {
  const who = `${place(worker)}, which has died`
  const takenOver = 'the next tick or worker of this host takes it over'
  if (attempt?.kind === 'begun' && !attempt.hasEnded) {
    return {
      kind: 'worker-died',
      sentence: `Task ${id} was started by ${who}, and its program may still be at work: ${takenOver}, and books how it ends.`,
      facts: [afterCrash(worker)],
    }
  }
  if (attempt?.kind === 'begun') {
    return {
      kind: 'worker-died',
      sentence: `Task ${id} was started by ${who}, and its program has ended: ${takenOver}, and books how.`,
    }
  }
  if (attempt?.kind === 'waits') {
    return {
      kind: 'worker-died',
      sentence: `Task ${id} was claimed by ${place(worker)}, which died before beginning it: ${takenOver}, and makes it ready again.`,
    }
  }
  return {
    kind: 'worker-died',
    sentence: `Task ${id} was running on ${who} and left no files: ${takenOver}, when its lease is over.`,
    facts: [afterCrash(worker)],
  }
}

function place({ host, pid }: LookedWorker): string {
  return `${host}:${pid}`
}

function afterCrash({ crash }: LookedWorker): Fact {
  return ['if it crashed', `${AFTER_CRASH[crash] ?? crash} (its worker's policy: ${crash})`]
}

function workerText({ workerId, shards, total, job, isLeaving }: LookedWorker): string {
  const shard = shards.length === 0 ? '' : `, shard ${shards.join(', ')} of ${total}`
  const of = job === null ? '' : `, started for job ${job}`
  return `number ${workerId}${shard}${of}${isLeaving ? '; it was asked to leave' : ''}`
}

function limitText({ task }: Evidence, worker: LookedWorker | undefined, around: Surroundings): string | undefined {
  const ms = task.timeoutSeconds === null ? worker?.timeoutMs : task.timeoutSeconds * 1_000
  const since = around.attempt?.kind === 'begun' ? around.attempt.startedAt : task.startedAt
  if (ms === undefined || ms === null || since === null) return undefined
  return `${formatDuration(ms)}, over at ${when(task, around, since + ms)}`
}

function outputText(id: number, { attempt }: Surroundings): string | undefined {
  if (attempt?.kind !== 'begun') return undefined
  return attempt.bytes === 0 ? 'nothing so far' : `${grouped(attempt.bytes)} bytes so far: "queuectl logs ${id}"`
}

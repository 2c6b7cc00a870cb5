/** The stable names of `top --json`: one object for each look. Times are ISO 8601, UTC. */
import { isoTime } from '../../time/time-text.ts'
import type { BoardFacts } from './facts.ts'
import { hostAndPid } from './facts.ts'
import { isDead, problemsOf } from './problems.ts'

export interface JsonOptions {
  readonly place: string
  readonly zone: string
}

export function boardJson(facts: BoardFacts, { place, zone }: JsonOptions) {
  return {
    at: isoTime(facts.now),
    database: place,
    problems: problemsOf(facts, zone).map(({ kind, queue, text }) => ({ kind, queue: queue ?? null, text })),
    queues: facts.queues.map(({ queue, ready, scheduled, running, held, failed, oldestReadyMs, pace }) => ({
      queue,
      ...{ ready, scheduled, running, held, failed },
      oldestReadyMs: oldestReadyMs ?? null,
      donePerMinute: pace.donePerMinute,
      failuresPerMinute: pace.failuresPerMinute,
      lastHour: pace.ended,
      lastHourFailures: pace.failed,
    })),
    workers: facts.workers.map((worker) => ({
      worker: hostAndPid(worker),
      host: worker.host,
      pid: worker.pid,
      queue: worker.queue,
      total: worker.total,
      shards: worker.shards,
      job: worker.job ?? null,
      running: worker.running,
      waiting: worker.waiting ?? null,
      since: isoTime(worker.since),
      leaseSeconds: Math.round(worker.leaseLeftMs / 1_000),
      isDead: isDead(worker),
      isLeaving: worker.asked,
    })),
    running: facts.running.map((task) => ({
      id: task.id,
      queue: task.queue,
      task: task.task,
      shardKey: task.shardKey,
      param: task.param,
      runningMs: task.forMs,
      worker: task.worker ?? null,
      hasBegun: task.hasBegun ?? null,
      cancelling: task.isCancelled,
    })),
  }
}

/** When the database could not be asked. */
export function noAnswerJson(at: number, problem: string, { place }: JsonOptions) {
  const problems = [{ kind: 'no-answer', queue: null, text: problem }]
  return { at: isoTime(at), database: place, problems, queues: [], workers: [], running: [] }
}

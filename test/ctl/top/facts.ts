/** Facts of a board for tests of what is made of them: a small one of everything, to be changed where a test cares. */

import type { BoardFacts, QueueFacts, RunningFacts, WorkerFacts } from '../../../src/ctl/top/facts.ts'
import { NONE } from '../../../src/queue/store/bounded.ts'

export const NOW = Date.UTC(2026, 10, 20, 18, 4, 5)

export function exact(count: number) {
  return { count, isExact: true, isLeast: false }
}

export function queueFacts(queue: string, facts: Partial<QueueFacts> = {}): QueueFacts {
  const minutes = new Array<number>(60).fill(0)
  return {
    ...{ queue, ready: NONE, scheduled: NONE, running: NONE, held: NONE, failed: NONE, oldestReadyMs: undefined },
    pace: { donePerMinute: 0, failuresPerMinute: 0, ended: minutes, failed: minutes },
    ...facts,
  }
}

export function workerFacts(queue: string, facts: Partial<WorkerFacts> = {}): WorkerFacts {
  return {
    ...{
      host: 'web-1',
      bootId: 'boot',
      pid: 1234,
      pidStart: 1,
      workerIds: [1],
      queue,
      total: 4,
      shards: [0, 1],
      job: undefined,
    },
    ...{
      leaseOver: false,
      asked: false,
      leaveHow: undefined,
      hasSeat: true,
      since: NOW - 7_500_000,
      leaseLeftMs: 52_000,
      running: 0,
      waiting: undefined,
      isGone: false,
      ...facts,
    },
  }
}

export function runningFacts(id: number, facts: Partial<RunningFacts> = {}): RunningFacts {
  return {
    ...{ id, queue: 'mail', task: 'send-msg', param: 'uid=4', shardKey: null, workerId: 1, forMs: 245_000 },
    ...{ isCancelled: false, claimToken: 1, hasBegun: undefined, worker: 'web-1:1234', ...facts },
  }
}

export function boardFacts(facts: Partial<BoardFacts> = {}): BoardFacts {
  return {
    ...{ now: NOW, queues: [], workers: [], running: [], pauses: [], ticks: [], troubles: [], detail: undefined },
    ...facts,
  }
}

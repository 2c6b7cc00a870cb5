import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkerProcess } from '../../../src/queue/store/stop.ts'
import { restartSteps } from '../../../src/schedule/stop/restart-steps.ts'
import type { JobOf, QueueWork } from '../../../src/schedule/tick/launch.ts'

function job(shards: number, processes?: number): JobOf<QueueWork> {
  const work = { kind: 'queue', queue: 'mail', shards, ...(processes === undefined ? {} : { processes }) }
  return { id: 'mail', work } as JobOf<QueueWork>
}

function worker(pid: number, total: number, ...shards: number[]): WorkerProcess {
  return { pid, total, shards, queue: 'mail' } as unknown as WorkerProcess
}

/** `1>0` is: process 1 leaves, and one of shard 0 comes. */
function steps(...given: Parameters<typeof restartSteps>): string[] {
  return restartSteps(...given).map(
    ({ old, groups }) => `${old.map(({ pid }) => pid).join('+')}>${groups.map((group) => group.join('')).join(' ')}`,
  )
}

test('where the schedule says the same, one process comes for each that leaves', () => {
  assert.deepEqual(steps(job(3), [worker(1, 3, 0), worker(2, 3, 1), worker(3, 3, 2)]), ['1>0', '2>1', '3>2'])
  assert.deepEqual(steps(job(4, 2), [worker(1, 4, 0, 1), worker(2, 4, 2, 3)]), ['1>01', '2>23'])
})

test('shards that another host has are not taken to this one', () => {
  assert.deepEqual(steps(job(4), [worker(1, 4, 1), worker(2, 4, 3)]), ['1>1', '2>3'])
})

test('where shards are put together otherwise, those that share some leave together', () => {
  const four = [worker(1, 4, 0), worker(2, 4, 1), worker(3, 4, 2), worker(4, 4, 3)]

  assert.deepEqual(steps(job(4, 2), four), ['1+2>01', '3+4>23'])
  assert.deepEqual(steps(job(4), [worker(1, 4, 0, 1, 2), worker(2, 4, 3)]), ['1>0 1 2', '2>3'])
})

test('workers of another total leave with all whose tasks they have, and all new ones come', () => {
  assert.deepEqual(steps(job(3), [worker(1, 2, 0), worker(2, 2, 1)]), ['1+2>0 1 2'])
  assert.deepEqual(steps(job(4), [worker(1, 2, 0), worker(2, 2, 1)]), ['1>0 2', '2>1 3'])
})
